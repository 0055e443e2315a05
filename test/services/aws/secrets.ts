/** Secrets Manager and Systems Manager Parameter Store, as far as reading goes. */
import { authorize } from './authorize.ts';
import { type Call, list, type Operation, require, text } from './call.ts';
import { AwsError, RefusedError } from './errors.ts';
import { checkState } from './kms/operations.ts';
import type { NamedValue } from './named.ts';

export const secretsmanager: Record<string, Operation> = {
  GetSecretValue(call) {
    const id = text(call, 'SecretId');
    const { world, region } = call;
    const stem = (arn: string) => arn.replace(/-[^-]{6}$/, '');
    const secret = world.secrets.find(region, ({ arn, name }) => [arn, stem(arn), name].includes(id));
    const asked = id.startsWith('arn:')
      ? id
      : `arn:${world.partition}:secretsmanager:${region}:${world.account}:secret:${id}`;
    const { arn, account } = secret ?? { arn: asked, account: asked.split(':')[4] ?? '' };
    require(call, { arn, account });
    const missing = (what: string) =>
      new AwsError('ResourceNotFoundException', `Secrets Manager can't find the specified secret${what}.`);
    if (secret === undefined) throw missing('');
    if (secret.deleted) {
      const message = "You can't perform this operation on the secret because it was marked for deletion.";
      throw new AwsError('InvalidRequestException', message);
    }
    const { VersionId, VersionStage } = call.input;
    const stage = VersionStage ?? 'AWSCURRENT';
    if (stage !== 'AWSCURRENT') throw missing(` value for staging label: ${stage}`);
    if (VersionId !== undefined && VersionId !== secret.versionId) throw missing(` value for VersionId: ${VersionId}`);
    if (!mayDecrypt(call, secret)) throw new RefusedError('denied', 'Access to KMS is not allowed');
    return {
      ARN: secret.arn,
      Name: secret.name,
      SecretString: secret.value,
      VersionId: secret.versionId,
      VersionStages: ['AWSCURRENT'],
      CreatedDate: secret.createdAt / 1000,
    };
  },
};

export const ssm: Record<string, Operation> = {
  GetParameter(call) {
    const parameter = findParameter(call, text(call, 'Name'));
    if (parameter === undefined) throw new AwsError('ParameterNotFound', '');
    return { Parameter: parameterOf(call, parameter) };
  },

  GetParameters(call) {
    const found = list(call, 'Names').map((name) => ({ name, parameter: findParameter(call, name) }));
    return {
      Parameters: found.flatMap(({ parameter }) => (parameter === undefined ? [] : [parameterOf(call, parameter)])),
      InvalidParameters: found.filter(({ parameter }) => parameter === undefined).map(({ name }) => name),
    };
  },
};

function findParameter(call: Call, written: string): NamedValue | undefined {
  const { world, region } = call;
  const plain = (name: string) => name.replace(/^\//, '');
  const name = plain(written.replace(/^arn:[^:]*:ssm:[^:]*:[^:]*:parameter/, ''));
  const parameter = world.parameters.find(region, (value) => plain(value.name) === name);
  const arn = parameter?.arn ?? `arn:${world.partition}:ssm:${region}:${world.account}:parameter/${name}`;
  require(call, { arn, account: arn.split(':')[4] ?? '' });
  return parameter;
}

function parameterOf(call: Call, parameter: NamedValue) {
  const { name, type, value, arn, createdAt } = parameter;
  const encrypted = type === 'SecureString';
  const shown = !encrypted || call.input.WithDecryption === true;
  if (encrypted && shown && !mayDecrypt(call, parameter)) {
    throw new RefusedError(
      'denied',
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
    );
  }
  return {
    Name: name,
    Type: type,
    Value: shown ? value : Buffer.from(`sealed:${value.length}`).toString('base64'),
    Version: 1,
    ARN: arn,
    DataType: 'text',
    LastModifiedDate: createdAt / 1000,
  };
}

/** Both services decrypt in the caller's name when the key is the customer's. */
function mayDecrypt({ world, user, region }: Call, { keyId }: NamedValue): boolean {
  if (keyId === undefined) return true;
  const action = 'kms:Decrypt';
  try {
    const key = world.keys.find(keyId, region, user, action);
    const { arn: resource, account, policy } = key;
    authorize({ user, action, resource, account, policy, onlyThroughResource: true });
    checkState(key);
    return true;
  } catch {
    return false;
  }
}
