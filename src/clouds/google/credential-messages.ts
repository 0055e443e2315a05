/** What is wrong with Google credentials, in words, and what mends it. */

import { cause } from '../../outcome/cause.ts';
import { advice, command, type Fix, type Shell, sh } from '../../outcome/fix.ts';
import { fail, type Issue } from '../../outcome/outcome.ts';
import { span } from '../../util/format.ts';
import { SET_CLOCK } from '../fixes.ts';
import { memberOf } from './iam.ts';

/** Why Google, or its library, gives no token or no signature. */
export interface GoogleAuthFailure {
  readonly asked: 'token' | 'signature';
  /** Of the endpoint (`invalid_grant`, `PERMISSION_DENIED`), or `missing`, `no-file`, `file`, `metadata`. */
  readonly code: string | undefined;
  /** HTTP. */
  readonly status?: number;
  /** Only looked at, never passed on. */
  readonly said?: string;
  readonly skewMs?: number;
  readonly account?: string | undefined;
  /** Of the credentials file, where the environment names one. */
  readonly path?: string | undefined;
}

interface CredentialMessage {
  readonly title: string;
  readonly detail?: string;
  readonly expected: string;
  readonly fix: Fix;
}

interface Case {
  /** Names the cause, for folding. */
  readonly key: string;
  when(refusal: GoogleAuthFailure): boolean;
  says(refusal: GoogleAuthFailure): CredentialMessage;
}

const named = ({ account }: GoogleAuthFailure): string => account ?? 'the service account';
const LOGIN = sh`gcloud auth application-default login --impersonate-service-account=SERVICE_ACCOUNT`;

/** A command for the service account, once its name is known. */
const withAccount = ({ account }: GoogleAuthFailure, what: string, make: (email: string) => Shell): Fix =>
  account === undefined ? advice`${what}: ${make('SERVICE_ACCOUNT')}` : command(make(account));

const ANNOTATE = sh`kubectl annotate serviceaccount NAME iam.gke.io/gcp-service-account=SERVICE_ACCOUNT`;
const keysOf = (email: string): Shell => sh`gcloud iam service-accounts keys list --iam-account=${email}`;
const newKey = (email: string): Shell => sh`gcloud iam service-accounts keys create key.json --iam-account=${email}`;

/** In the words of Google's library and of OpenSSL; first match wins. */
const WHY_NOT: readonly (readonly [RegExp, string])[] = [
  [/is not valid JSON|in JSON at|Unexpected (token|end)/, 'it is not JSON'],
  [/does not contain|must (contain|be)|missing|No valid|Must pass in/i, 'it lacks a field'],
  [/DECODER|PEM|asn1|secretOrPrivateKey|private.?key/i, 'its private key can’t be read'],
  [/ENOENT|is not a valid file path|does not exist/i, 'the token file that it names is not there'],
];

const whyNot = ({ said = '' }: GoogleAuthFailure): string =>
  WHY_NOT.find(([pattern]) => pattern.test(said))?.[1] ?? 'Google’s library does not take it';

/** First match wins. The messages are those of Google's token endpoints and of the IAM Service Account Credentials API. */
const CASES: readonly Case[] = [
  {
    key: 'missing',
    when: ({ code }) => code === 'missing',
    says: () => ({
      title: 'no Google Cloud credentials are found',
      detail:
        'Looked in GOOGLE_APPLICATION_CREDENTIALS, in gcloud’s application default credentials, and for a metadata server.',
      expected: 'a service account that is attached to the instance or the pod, or a key file',
      fix: advice`attach Spacelift’s service account to the instance, or name it to the pod’s (GKE):\n${ANNOTATE}\nor set GOOGLE_APPLICATION_CREDENTIALS to a key file; from here:\n${LOGIN}`,
    }),
  },
  {
    key: 'no-file',
    when: ({ code }) => code === 'no-file',
    says: ({ path }) => ({
      title: 'GOOGLE_APPLICATION_CREDENTIALS names a file that is not there',
      detail: `There is no ${path}.`,
      expected: 'the key file of a service account',
      fix: advice`set GOOGLE_APPLICATION_CREDENTIALS to a file that is there, or unset it to use an attached service account`,
    }),
  },
  {
    key: 'file',
    when: ({ code }) => code === 'file',
    says: (refusal) => ({
      title: `the Google credentials file can’t be used: ${whyNot(refusal)}`,
      detail: `It is ${refusal.path ?? 'the one of gcloud auth application-default login'}.`,
      expected: 'a file as Google’s tools write it',
      fix: withAccount(refusal, 'make a new one', newKey),
    }),
  },
  {
    key: 'clock-skew',
    when: ({ said = '' }) =>
      /short-lived token|iat and exp|JWT has expired|issued in the future|used too early/i.test(said),
    says: ({ skewMs }) => ({
      title: `the clocks of this machine and of Google differ${skewMs === undefined ? '' : ` by ${span(skewMs)}`}`,
      ...(skewMs !== undefined && { detail: `This machine’s clock is ${skewMs > 0 ? 'behind' : 'ahead'}.` }),
      expected: 'at most 5 minutes apart: credentials carry the time',
      fix: SET_CLOCK,
    }),
  },
  {
    key: 'key',
    when: ({ said = '' }) => /Invalid JWT Signature/i.test(said),
    says: (refusal) => ({
      title: `the key file’s key is not one of ${named(refusal)}’s`,
      detail: 'It was deleted, has expired or is disabled, or the file’s client_email is another account’s.',
      expected: 'a key of that service account that exists and is enabled',
      fix:
        refusal.account === undefined
          ? advice`see which it has: ${keysOf('SERVICE_ACCOUNT')}\n${newKey('SERVICE_ACCOUNT')}`
          : command([keysOf(refusal.account), newKey(refusal.account)], { note: 'see which it has, and make another' }),
    }),
  },
  {
    key: 'disabled',
    when: ({ said = '', code }) => /(robot|account) (is|has been) disabled|disabled_client/i.test(`${said} ${code}`),
    says: (refusal) => ({
      title: `${named(refusal)} is disabled`,
      expected: 'a service account that is enabled',
      fix: withAccount(refusal, 'enable it', (email) => sh`gcloud iam service-accounts enable ${email}`),
    }),
  },
  {
    key: 'unknown',
    when: ({ said = '', code }) => /account not found|deleted_client/i.test(`${said} ${code}`) || code === 'NOT_FOUND',
    says: (refusal) => ({
      title: `Google does not know ${named(refusal)}`,
      detail: 'It was deleted, or its name is wrong.',
      expected: 'a service account that exists',
      fix: advice`see which there are: gcloud iam service-accounts list\nwithin 30 days a deleted one can be had back: gcloud iam service-accounts undelete ID`,
    }),
  },
  {
    key: 'login',
    when: ({ said = '' }) => /expired or revoked|reauth|invalid_rapt/i.test(said),
    says: () => ({
      title: 'the Google login has expired, or was revoked',
      expected: 'a login that is valid now',
      fix: advice`sign in again: ${LOGIN}`,
    }),
  },
  {
    key: 'api-off',
    when: ({ said = '' }) => /has not been used in project|it is disabled|SERVICE_DISABLED/i.test(said),
    says: () => ({
      title: 'the IAM Service Account Credentials API is off',
      detail: 'Without a key file, it is what signs URLs.',
      expected: 'the API enabled in the project of the service account',
      fix: command(sh`gcloud services enable iamcredentials.googleapis.com`),
    }),
  },
  {
    key: 'pod',
    when: ({ asked, account = '' }) => asked === 'signature' && account.endsWith('.svc.id.goog'),
    says: () => ({
      title: 'the pod acts as no service account, and can’t sign',
      detail: 'Its Kubernetes service account has roles of its own; signatures are a Google service account’s.',
      expected: 'a Kubernetes service account that is bound to Spacelift’s service account',
      fix: advice`bind it: ${ANNOTATE}`,
    }),
  },
  {
    key: 'sign',
    when: ({ asked, status }) => asked === 'signature' && status === 403,
    says: (refusal) => ({
      title: `${named(refusal)} may not sign: iam.serviceAccounts.signBlob is denied`,
      detail: 'Pre-signed URLs are signed by Google where there is no key file; workers and browsers need them.',
      expected: 'iam.serviceAccounts.signBlob on the service account itself',
      fix: withAccount(
        refusal,
        'allow it to sign as itself',
        (email) =>
          sh`gcloud iam service-accounts add-iam-policy-binding ${email} --member=${memberOf(email)} --role=roles/iam.serviceAccountTokenCreator`,
      ),
    }),
  },
  {
    key: 'impersonate',
    when: ({ said = '' }) => /getAccessToken|unable to impersonate/i.test(said),
    says: (refusal) => ({
      title: `may not act as ${named(refusal)}: iam.serviceAccounts.getAccessToken is denied`,
      expected: 'iam.serviceAccounts.getAccessToken on the service account, for who impersonates it',
      fix: advice`allow who impersonates it, a person with roles/iam.serviceAccountTokenCreator instead: ${sh`gcloud iam service-accounts add-iam-policy-binding ${refusal.account ?? 'SERVICE_ACCOUNT'} --member=MEMBER --role=roles/iam.workloadIdentityUser`}`,
    }),
  },
  {
    key: 'federation',
    when: ({ said = '', code }) =>
      /stale to sign-in|ID Token|subject token|audience|issuer/i.test(said) || code === 'invalid_target',
    says: () => ({
      title: 'the workload identity pool does not accept the token',
      detail: 'It has expired, or its issuer, audience or attributes are others than the provider’s.',
      expected: 'a fresh token that the provider of the pool accepts',
      fix: advice`compare the token with the provider: gcloud iam workload-identity-pools providers describe PROVIDER --location=global --workload-identity-pool=POOL`,
    }),
  },
  {
    key: 'metadata-fails',
    when: ({ code, status = 0 }) => code === 'metadata' && status >= 500,
    says: ({ status }) => ({
      title: `the metadata server fails (HTTP ${status})`,
      expected: 'an access token of the attached service account',
      fix: advice`run again; if it stays, see its log (GKE): kubectl logs --namespace kube-system --selector k8s-app=gke-metadata-server`,
    }),
  },
  {
    key: 'metadata',
    when: ({ code }) => code === 'metadata',
    says: ({ status }) => ({
      title: `the metadata server gives no access token (HTTP ${status})`,
      detail: 'No service account is attached, or the pod’s may not act as the one it is bound to.',
      expected: 'a service account that is attached to the instance or the pod',
      fix: advice`attach a service account to the instance, or let the pod’s act as its own (GKE):\n${sh`gcloud iam service-accounts add-iam-policy-binding SERVICE_ACCOUNT --member=${'serviceAccount:PROJECT.svc.id.goog[NAMESPACE/NAME]'} --role=roles/iam.workloadIdentityUser`}`,
    }),
  },
  {
    key: 'fails',
    when: ({ status = 0 }) => status >= 500 || status === 429,
    says: ({ asked, status }) => ({
      title: `Google fails to give ${asked === 'token' ? 'an access token' : 'a signature'} (HTTP ${status})`,
      expected: asked === 'token' ? 'an access token' : 'a signature for pre-signed URLs',
      fix: advice`run again; if it stays, see https://status.cloud.google.com, and the log of a proxy in between`,
    }),
  },
];

/** The failure that it is, whichever bucket has shown it. */
export function credentialIssue(refusal: GoogleAuthFailure): Issue {
  const { code, status, asked } = refusal;
  const known = CASES.find((one) => one.when(refusal));
  const { title, detail, expected, fix }: CredentialMessage = known?.says(refusal) ?? {
    title: `Google gives no ${asked === 'token' ? 'access token' : 'signature'}: ${code ?? `HTTP ${status}`}`,
    expected: asked === 'token' ? 'an access token' : 'a signature for pre-signed URLs',
    fix: advice`run again; if it stays, see the audit log: gcloud logging read protoPayload.serviceName=iamcredentials.googleapis.com`,
  };
  return fail(title, {
    ...(detail !== undefined && { detail }),
    expected,
    fix,
    evidence: { ...(code !== undefined && { code }), ...(status !== undefined && { status }) },
    cause: known === undefined ? cause.google(asked, code ?? status ?? 'no-answer') : cause.google(known.key),
  });
}
