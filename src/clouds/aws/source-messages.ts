/** Why the caller's source provides no credentials: the file, the program, the login, the server or the role, each with its fix. */
import { NetworkError, toNetworkError } from '../../net/network-error.ts';
import { routeMessages } from '../../net/proxy-tunnel.ts';
import { addressOf } from '../../net/tcp.ts';
import { advice, command, type Fix, sh } from '../../outcome/fix.ts';
import { lookup } from '../../util/lookup.ts';
import { CredentialError, credentialKind } from './errors.ts';
import { HandedOutError, PrintedError, type ProviderError, TokenFileError } from './providers.ts';
import type { Container, Role, WebIdentity } from './source.ts';

const KEYS_EXPECTED = 'credentials from the source that this process selects';

interface Said {
  readonly title: string;
  readonly detail?: string;
  readonly fix: Fix;
}

const failed = ({ title, detail, fix }: Said): CredentialError =>
  new CredentialError('source', { title, expected: KEYS_EXPECTED, fix, ...(detail !== undefined && { detail }) });

/**
 * @param onlyForOthers the variable with an endpoint that applies to every request except those that assume a role
 * @throws nothing; the error to throw instead of the library's
 */
export function explainSource(
  { base, profile, cause: error }: ProviderError,
  onlyForOthers: string | undefined,
): CredentialError {
  const at =
    onlyForOthers === undefined
      ? ''
      : ` AWS’s own STS was asked: ${onlyForOthers} does not apply to assuming a role, but AWS_ENDPOINT_URL_STS does.`;
  switch (base.kind) {
    case 'web-identity':
      return ofToken(base, error, at);
    case 'role':
      return ofRole(base.role, profile ?? '', error, at);
    case 'process':
      return failed(ofProgram(profile ?? '', error));
    case 'sso':
    case 'login':
      return failed(ofLogin(base.kind, profile ?? '', error));
    case 'container':
      return failed(ofContainer(base, error));
    case 'environment':
    case 'instance':
      return new CredentialError('missing');
  }
}

const FILE_CODES: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'can’t be read by this user',
  EPERM: 'can’t be read by this user',
  empty: 'is empty',
};
const fileSays = ({ code }: TokenFileError): string => lookup(FILE_CODES, code) ?? `can’t be read (${code})`;

/** The token of a pod, and the role that it gives. */
function ofToken({ setting, tokenFile, roleArn: role }: WebIdentity, error: unknown, at: string): CredentialError {
  if (error instanceof TokenFileError) {
    return failed({
      title: `${setting} names a file that ${fileSays(error)}`,
      detail: `${tokenFile} should contain the token of the pod’s service account.`,
      fix: advice`run this tool in a pod that was started after its service account had the annotation eks.amazonaws.com/role-arn, or unset ${setting} to use other credentials`,
    });
  }
  const network = toNetworkError(error);
  const { name = '' } = error instanceof Error ? error : {};
  const why = network?.kind ?? (/^[A-Za-z]{1,64}$/.test(name) ? name : 'unknown');
  if (name === 'ExpiredTokenException') {
    return failed({
      title: `the token in ${setting} has expired`,
      detail: `${tokenFile} is no longer renewed, or is a copy.`,
      fix: advice`run this tool in the pod, where the token is renewed, or create a new one: ${sh`kubectl create token SERVICE_ACCOUNT --audience sts.amazonaws.com`}`,
    });
  }
  if (name === 'InvalidIdentityToken') {
    return failed({
      title: `STS does not accept the token in ${setting}`,
      detail: `It is not a token of an identity provider of the account, or has another audience than sts.amazonaws.com.${at}`,
      fix: advice`compare the issuer of the token with the identity providers: ${sh`aws iam list-open-id-connect-providers`}`,
    });
  }
  if (network !== undefined) {
    return failed({
      title: `STS could not be reached to assume the role ${role}: ${why}`,
      ...(at !== '' && { detail: at.trim() }),
      fix: advice`make STS reachable from this network: a VPC endpoint for com.amazonaws.REGION.sts`,
    });
  }
  return new CredentialError('missing', {
    detail: `STS refused to assume the role ${role} with the token in ${setting}: ${why}.${at}`,
    fix: advice`allow the token’s service account to assume the role; check its trust policy: ${trustPolicy(role)}`,
    code: why,
  });
}

const trustPolicy = (role: string) =>
  sh`aws iam get-role --role-name ${role.split('/').at(-1) ?? ''} --query Role.AssumeRolePolicyDocument`;

/** The role of a profile, which its credentials may not be allowed to assume. */
function ofRole({ arn }: Role, profile: string, error: unknown, at: string): CredentialError {
  const { name = '', message = '' } = error instanceof Error ? error : {};
  const by = `The AWS profile ${profile} assumes the role ${arn}.${at}`;
  const kind = credentialKind(name, message);
  if (kind !== undefined && kind !== 'missing') return new CredentialError(kind, { detail: by, code: name });
  const why = toNetworkError(error)?.kind ?? (/^[A-Za-z]{1,64}$/.test(name) ? name : 'unknown');
  return failed({
    title: `the AWS profile ${profile} can’t assume the role ${arn.split('/').at(-1)}: ${why}`,
    detail: by,
    fix: advice`allow the profile’s own credentials to assume the role; check its trust policy: ${trustPolicy(arn)}`,
  });
}

const PRINTED: Readonly<Record<PrintedError['why'], string>> = {
  json: 'does not print JSON',
  keys: 'prints no credentials (Version 1, AccessKeyId, SecretAccessKey)',
  expired: 'prints credentials that have expired',
};

function ofProgram(profile: string, error: unknown): Said {
  return {
    title: `credential_process of the AWS profile ${profile} ${programSays(error)}`,
    fix: advice`run the program itself to see its errors, then correct it or the profile; this prints its command line: ${sh`aws configure get credential_process --profile ${profile}`}`,
  };
}

function programSays(error: unknown): string {
  if (error instanceof PrintedError) return PRINTED[error.why];
  const { code, killed } = (error ?? {}) as { code?: unknown; killed?: unknown };
  if (code === 127) return 'names a program that does not exist';
  if (code === 126) return 'names a file that can’t be executed';
  if (typeof code === 'number') return `failed with exit code ${code}`;
  return killed === true ? 'did not end in time' : 'could not be started';
}

/** The SDK has no codes for these: its messages are matched, and never shown. */
function ofLogin(kind: 'sso' | 'login', profile: string, error: unknown): Said {
  const said = error instanceof Error ? `${error.name} ${error.message}` : '';
  const again = kind === 'sso' ? sh`aws sso login --profile ${profile}` : sh`aws login --profile ${profile}`;
  const of = `the ${kind === 'sso' ? 'SSO session' : 'login'} of the AWS profile ${profile}`;
  if (/ForbiddenException|ResourceNotFoundException|No access/i.test(said)) {
    return {
      title: `${of} gives no access to its account and role`,
      fix: advice`have the role assigned to your user in IAM Identity Center, or correct sso_account_id and sso_role_name: ${sh`aws configure sso --profile ${profile}`}`,
    };
  }
  if (/expired|UnauthorizedException|refresh/i.test(said) && !/not found|is invalid/i.test(said))
    return { title: `${of} has expired`, fix: command(again) };
  if (/not found|is invalid|ENOENT|no such file|Failed to load a token/i.test(said))
    return { title: `nobody is logged in with ${of}`, fix: command(again) };
  if (/UnauthorizedException/.test(said)) return { title: `${of} has expired`, fix: command(again) };
  return {
    title: `${of} provides no credentials`,
    fix: advice`log in again: ${again}; or set it up again: ${sh`aws configure sso --profile ${profile}`}`,
  };
}

/** EKS Pod Identity has an agent on every node, which must be installed. */
const EKS_AGENT = ['169.254.170.23', 'fd00:ec2::23'];

function ofContainer({ url, setting }: Container, error: unknown): Said {
  const { host, port } = addressOf(url);
  const what = 'the server of the container’s credentials';
  const fix = EKS_AGENT.includes(host)
    ? advice`install the EKS Pod Identity Agent, or see what it logs: ${sh`kubectl get daemonset eks-pod-identity-agent --namespace kube-system`}`
    : advice`run this tool in the container for which ${setting} was set, or unset ${setting} to use other credentials`;
  if (error instanceof TokenFileError) {
    return { title: `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names a file that ${fileSays(error)}`, fix };
  }
  const problem = error instanceof NetworkError ? error : undefined;
  if (problem !== undefined) {
    const { title } = routeMessages(problem, { what, host, port, setting });
    return { title, detail: `${setting} names it as ${what}.`, fix };
  }
  const status = error instanceof HandedOutError ? error.status : undefined;
  const said = status === undefined || status === 200 ? 'no credentials' : `HTTP ${status}`;
  return { title: `${host}:${port}, ${what}, returned ${said}`, fix };
}
