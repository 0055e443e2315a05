/** Reads values from Secrets Manager and Parameter Store like ECS, with the caller's credentials. */
import type { Deployment } from '../../config/deployment.ts';
import type { Source } from '../../config/entry.ts';
import type { RunOptions } from '../../config/options.ts';
import { type Kept, type Reader, resolveSecrets, type Unread } from '../../config/resolve-secrets.ts';
import type { Run } from '../../engine/check.ts';
import { Cleanup } from '../../engine/cleanup.ts';
import { makeRun } from '../../engine/run.ts';
import { startRunSignal } from '../../engine/run-signal.ts';
import { networkContext } from '../../net/ca-store.ts';
import type { Target } from '../../net/messages.ts';
import { NetworkError } from '../../net/network-error.ts';
import { routeMessages } from '../../net/proxy-tunnel.ts';
import { advice, command, type Fix, sh } from '../../outcome/fix.ts';
import { CheckStopped } from '../../outcome/outcome.ts';
import { AwsError, ask, isErrorResponse } from './call.ts';
import { callerIdentity } from './caller.ts';
import { awsSettings } from './client.ts';
import { denialIn, deniedMessages } from './denial.ts';
import { CredentialError, credentialIssue } from './errors.ts';
import { targetOf } from './messages.ts';

/** Needed before anything can be checked, so it gets the full time of `--timeout`. */
export async function readSecrets(
  sources: readonly Source[],
  deployment: Deployment,
  options: RunOptions,
): Promise<Source[]> {
  const runSignal = startRunSignal(options.timeoutMs, new AbortController().signal);
  const cleanup = new Cleanup();
  const network = networkContext(deployment, options.authorities);
  const run = makeRun(deployment, options, network, runSignal.signal, cleanup);
  try {
    return await resolveSecrets(sources, deployment.service, makeReader(run));
  } finally {
    runSignal.settle();
    await cleanup.end();
    runSignal.close();
  }
}

/** The value in a store: its text, and whether it is stored as a secret. */
interface Given {
  readonly text: string | undefined;
  readonly secret: boolean;
}

interface Store {
  readonly target: Target;
  get(kept: Kept): Promise<Given>;
}

function makeReader(run: Run): Reader {
  const stores = new Map<string, Promise<Store>>();
  const given = new Map<string, Promise<Given>>();
  const once = <T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> => {
    const promise = known.get(key) ?? make();
    known.set(key, promise);
    return promise;
  };
  return async (kept) => {
    let target: Target | undefined;
    try {
      const region = kept.region ?? run.require('AWS_REGION');
      const store = await once(stores, `${kept.store} ${region}`, () => OPEN[kept.store](run, region));
      target = store.target;
      const { key, ...whole } = { key: undefined, ...kept };
      const { text, secret } = await once(given, JSON.stringify(whole), () => store.get(kept));
      const value = key === undefined ? (text ?? NO_TEXT) : memberOf(text, key, kept);
      return typeof value === 'string' ? { value, secret } : value;
    } catch (error) {
      return whyUnread(run, kept, error, target);
    }
  };
}

const NO_TEXT: Unread = {
  status: 'fail',
  says: 'is stored as bytes, not as text',
  fix: advice`store it as text (SecretString)`,
};

/** Scalars become text, as in ECS. */
function memberOf(text: string | undefined, key: string, { id }: Kept): string | Unread {
  const fix = advice`correct valueFrom, or store a JSON object with the key ${key} in ${id}`;
  let document: unknown;
  try {
    document = JSON.parse(text ?? '');
  } catch {
    return { status: 'fail', says: `is stored under the key ${key} of a secret that is not JSON`, fix };
  }
  const held = typeof document === 'object' && document !== null ? Object.entries(document) : [];
  const member: unknown = held.find(([name]) => name === key)?.[1];
  if (member === undefined)
    return { status: 'fail', says: `is stored under the key ${key}, which the secret does not contain`, fix };
  if (typeof member === 'object')
    return { status: 'fail', says: `is stored under the key ${key}, which does not contain text`, fix };
  return String(member);
}

/** A secret has its own region, regardless of AWS_REGION. */
const settingsIn = (run: Run, region: string, service: 'SECRETS_MANAGER' | 'SSM') =>
  awsSettings(
    { ...run, require: (name) => (name === 'AWS_REGION' ? region : run.require(name)) },
    service,
    isErrorResponse,
  );

const OPEN: Readonly<Record<Kept['store'], (run: Run, region: string) => Promise<Store>>> = {
  secret: async (run, region) => {
    const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
    const settings = settingsIn(run, region, 'SECRETS_MANAGER');
    const client = new SecretsManagerClient(settings.config);
    return {
      target: targetOf('Secrets Manager', settings, client),
      get: async (kept) => {
        const { stage, version } = kept.store === 'secret' ? kept : {};
        const command = new GetSecretValueCommand({
          SecretId: kept.id,
          ...(stage !== undefined && { VersionStage: stage }),
          ...(version !== undefined && { VersionId: version }),
        });
        const { SecretString: text } = await ask(run, client, (how) => client.send(command, how));
        return { text, secret: true };
      },
    };
  },
  parameter: async (run, region) => {
    const { SSMClient, GetParametersCommand } = await import('@aws-sdk/client-ssm');
    const settings = settingsIn(run, region, 'SSM');
    const client = new SSMClient(settings.config);
    return {
      target: targetOf('Parameter Store', settings, client),
      // Like ECS, whose execution role has only ssm:GetParameters.
      get: async ({ id }) => {
        const command = new GetParametersCommand({ Names: [id], WithDecryption: true });
        const { Parameters = [] } = await ask(run, client, (how) => client.send(command, how));
        const [found] = Parameters;
        if (found === undefined) throw new AwsError('refused', { code: 'ParameterNotFound' });
        return { text: found.Value, secret: found.Type === 'SecureString' };
      },
    };
  },
};

const NOUNS = { secret: 'secret', parameter: 'parameter' } as const;
const ACTIONS = { secret: 'secretsmanager:GetSecretValue', parameter: 'ssm:GetParameters' } as const;
const NOT_FOUND: readonly (string | undefined)[] = ['ResourceNotFoundException', 'ParameterNotFound'];
/** Both stores decrypt with the caller's permissions, and report a denial with their own messages. */
const OF_ITS_KEY = /Access to KMS is not allowed|^The ciphertext refers to/;

async function whyUnread(run: Run, kept: Kept, error: unknown, target: Target | undefined): Promise<Unread> {
  const { id, store } = kept;
  const unknown = (says: string, fix: Fix = PASS_IT): Unread => ({ status: 'skip', says, fix });
  if (run.signal.aborted) return unknown('reading it timed out', advice`give the run more time with --timeout`);
  if (error instanceof CheckStopped) return unknown(error.outcome.title, error.outcome.fix);
  if (error instanceof CredentialError) {
    const { title, fix } = credentialIssue(error.kind, error.facts);
    return unknown(title, fix);
  }
  if (error instanceof NetworkError && target !== undefined) {
    const { title, fix } = routeMessages(error, target);
    return unknown(title, fix);
  }
  if (!(error instanceof AwsError)) throw error;
  const missing = NOT_FOUND.includes(error.code);
  const foreign = missing || error.kind === 'denied' ? await foreignAccount(run, kept) : undefined;
  if (foreign !== undefined) return unknown(`the credentials belong to account ${foreign}`);
  if (error.kind === 'denied') {
    if (OF_ITS_KEY.test(error.said)) {
      return unknown(
        `the credentials lack kms:Decrypt on the key of the ${NOUNS[store]} ${id}`,
        advice`allow kms:Decrypt on that key`,
      );
    }
    const denied = { actions: [ACTIONS[store]], resource: id, resourcePolicy: 'resource policy' };
    const { fix } = deniedMessages({ ...denied, denial: denialIn(error.said) });
    return unknown(`the credentials lack ${ACTIONS[store]} on ${id}`, fix);
  }
  if (missing) {
    const version = store === 'secret' ? (kept.version ?? kept.stage) : undefined;
    const what = version === undefined ? '' : ` in version ${version}`;
    return {
      status: 'fail',
      says: `is stored in a ${NOUNS[store]} that does not exist${what}`,
      fix:
        store === 'secret'
          ? advice`set valueFrom to one of: ${kept.region === undefined ? sh`aws secretsmanager list-secrets` : sh`aws secretsmanager list-secrets --region ${kept.region}`}`
          : advice`store it: ${sh`aws ssm put-parameter --type SecureString --name ${nameOf(id)} --value VALUE`}`,
    };
  }
  if (/marked for deletion|scheduled for deletion/.test(error.said)) {
    const fix = command(
      kept.region === undefined
        ? sh`aws secretsmanager restore-secret --secret-id ${id}`
        : sh`aws secretsmanager restore-secret --secret-id ${id} --region ${kept.region}`,
    );
    return { status: 'fail', says: 'is stored in a secret that is scheduled for deletion', fix };
  }
  return unknown(`${target?.what ?? 'AWS'} refused the request: ${error.code ?? error.kind}`);
}

const PASS_IT = advice`pass its value with another -f (such as a dotenv file), or use credentials that are allowed to read it`;

const nameOf = (id: string): string => id.replace(/^arn:.*:parameter/, '');

/** The caller's account, if the value is stored in another account. */
async function foreignAccount(run: Run, kept: Kept): Promise<string | undefined> {
  const configured = run.deployment.lookup('AWS_ACCOUNT_ID');
  const owner = kept.id.startsWith('arn:')
    ? kept.id.split(':')[4]
    : 'value' in configured
      ? configured.value
      : undefined;
  if (owner === undefined) return undefined;
  try {
    const asked = await callerIdentity(run);
    return 'caller' in asked && asked.caller.account !== owner ? asked.caller.account : undefined;
  } catch {
    return undefined;
  }
}
