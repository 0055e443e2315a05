/** The texts for errors of Google credentials, with their fixes. */

import { cause } from '../../outcome/cause.ts';
import { advice, command, type Fix, type Shell, sh } from '../../outcome/fix.ts';
import { fail, type Issue } from '../../outcome/outcome.ts';
import { span } from '../../util/format.ts';
import { SET_CLOCK } from '../fixes.ts';
import { memberOf } from './iam.ts';

/** Why Google or its library returned no token or signature. */
export interface GoogleAuthFailure {
  readonly asked: 'token' | 'signature';
  /** From the endpoint (`invalid_grant`, `PERMISSION_DENIED`), or `missing`, `no-file`, `file`, `metadata`. */
  readonly code: string | undefined;
  /** HTTP. */
  readonly status?: number;
  /** For matching only; it is never shown. */
  readonly said?: string;
  readonly skewMs?: number;
  readonly account?: string | undefined;
  /** The credentials file, if the environment names one. */
  readonly path?: string | undefined;
}

interface CredentialMessage {
  readonly title: string;
  readonly detail?: string;
  readonly expected: string;
  readonly fix: Fix;
}

interface Case {
  /** The key of the cause. */
  readonly key: string;
  when(refusal: GoogleAuthFailure): boolean;
  says(refusal: GoogleAuthFailure): CredentialMessage;
}

const named = ({ account }: GoogleAuthFailure): string => account ?? 'the service account';
const LOGIN = sh`gcloud auth application-default login --impersonate-service-account=SERVICE_ACCOUNT`;

/** A command for the service account, if its name is known. */
const withAccount = ({ account }: GoogleAuthFailure, what: string, make: (email: string) => Shell): Fix =>
  account === undefined ? advice`${what}: ${make('SERVICE_ACCOUNT')}` : command(make(account));

const ANNOTATE = sh`kubectl annotate serviceaccount NAME iam.gke.io/gcp-service-account=SERVICE_ACCOUNT`;
const keysOf = (email: string): Shell => sh`gcloud iam service-accounts keys list --iam-account=${email}`;
const newKey = (email: string): Shell => sh`gcloud iam service-accounts keys create key.json --iam-account=${email}`;

/** Matches messages of Google's library and OpenSSL; the first match wins. */
const WHY_NOT: readonly (readonly [RegExp, string])[] = [
  [/is not valid JSON|in JSON at|Unexpected (token|end)/, 'it is not JSON'],
  [/does not contain|must (contain|be)|missing|No valid|Must pass in/i, 'it lacks a field'],
  [/DECODER|PEM|asn1|secretOrPrivateKey|private.?key/i, 'its private key can’t be read'],
  [/ENOENT|is not a valid file path|does not exist/i, 'the token file that it names does not exist'],
];

const whyNot = ({ said = '' }: GoogleAuthFailure): string =>
  WHY_NOT.find(([pattern]) => pattern.test(said))?.[1] ?? 'Google’s library does not accept it';

/** The first match wins. The messages come from Google's token endpoints and the IAM Service Account Credentials API. */
const CASES: readonly Case[] = [
  {
    key: 'missing',
    when: ({ code }) => code === 'missing',
    says: () => ({
      title: 'no Google Cloud credentials found',
      detail:
        'Searched GOOGLE_APPLICATION_CREDENTIALS, gcloud’s application default credentials, and the metadata server.',
      expected: 'a service account attached to the instance or pod, or a key file',
      fix: advice`attach Spacelift’s service account to the instance, or annotate the pod’s service account with it (GKE):\n${ANNOTATE}\nor set GOOGLE_APPLICATION_CREDENTIALS to a key file; on this machine:\n${LOGIN}`,
    }),
  },
  {
    key: 'no-file',
    when: ({ code }) => code === 'no-file',
    says: ({ path }) => ({
      title: 'GOOGLE_APPLICATION_CREDENTIALS names a file that does not exist',
      detail: `${path} does not exist.`,
      expected: 'the key file of a service account',
      fix: advice`set GOOGLE_APPLICATION_CREDENTIALS to an existing file, or unset it to use an attached service account`,
    }),
  },
  {
    key: 'file',
    when: ({ code }) => code === 'file',
    says: (refusal) => ({
      title: `the Google credentials file can’t be used: ${whyNot(refusal)}`,
      detail: `The file is ${refusal.path ?? 'the one that gcloud auth application-default login wrote'}.`,
      expected: 'a file written by Google’s tools',
      fix: withAccount(refusal, 'create a new key', newKey),
    }),
  },
  {
    key: 'clock-skew',
    when: ({ said = '' }) =>
      /short-lived token|iat and exp|JWT has expired|issued in the future|used too early/i.test(said),
    says: ({ skewMs }) => ({
      title: `the clocks of this machine and Google differ${skewMs === undefined ? '' : ` by ${span(skewMs)}`}`,
      ...(skewMs !== undefined && { detail: `This machine’s clock is ${skewMs > 0 ? 'behind' : 'ahead'}.` }),
      expected: 'clocks at most 5 minutes apart: credentials include the time',
      fix: SET_CLOCK,
    }),
  },
  {
    key: 'key',
    when: ({ said = '' }) => /Invalid JWT Signature/i.test(said),
    says: (refusal) => ({
      title: `the key in the key file does not belong to ${named(refusal)}`,
      detail: 'It was deleted, has expired, or is disabled, or the file’s client_email belongs to another account.',
      expected: 'an existing, enabled key of that service account',
      fix:
        refusal.account === undefined
          ? advice`list its keys, and create a new one: ${keysOf('SERVICE_ACCOUNT')}\n${newKey('SERVICE_ACCOUNT')}`
          : command([keysOf(refusal.account), newKey(refusal.account)], {
              note: 'list its keys, and create a new one',
            }),
    }),
  },
  {
    key: 'disabled',
    when: ({ said = '', code }) => /(robot|account) (is|has been) disabled|disabled_client/i.test(`${said} ${code}`),
    says: (refusal) => ({
      title: `${named(refusal)} is disabled`,
      expected: 'an enabled service account',
      fix: withAccount(refusal, 'enable it', (email) => sh`gcloud iam service-accounts enable ${email}`),
    }),
  },
  {
    key: 'unknown',
    when: ({ said = '', code }) => /account not found|deleted_client/i.test(`${said} ${code}`) || code === 'NOT_FOUND',
    says: (refusal) => ({
      title: `Google does not recognize ${named(refusal)}`,
      detail: 'It was deleted, or its name is wrong.',
      expected: 'a service account that exists',
      fix: advice`list the service accounts: gcloud iam service-accounts list\na deleted one can be restored within 30 days: gcloud iam service-accounts undelete ID`,
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
      title: 'the IAM Service Account Credentials API is disabled',
      detail: 'Without a key file, this API signs URLs.',
      expected: 'the API enabled in the project of the service account',
      fix: command(sh`gcloud services enable iamcredentials.googleapis.com`),
    }),
  },
  {
    key: 'pod',
    when: ({ asked, account = '' }) => asked === 'signature' && account.endsWith('.svc.id.goog'),
    says: () => ({
      title: 'the pod does not act as a Google service account, so it can’t sign',
      detail: 'Its Kubernetes service account has its own roles, but signing requires a Google service account.',
      expected: 'a Kubernetes service account bound to Spacelift’s service account',
      fix: advice`bind it: ${ANNOTATE}`,
    }),
  },
  {
    key: 'sign',
    when: ({ asked, status }) => asked === 'signature' && status === 403,
    says: (refusal) => ({
      title: `${named(refusal)} lacks iam.serviceAccounts.signBlob, so it can’t sign`,
      detail: 'Without a key file, Google signs the pre-signed URLs that workers and browsers need.',
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
      title: `the credentials lack iam.serviceAccounts.getAccessToken, so they can’t act as ${named(refusal)}`,
      expected: 'iam.serviceAccounts.getAccessToken on the service account, for the identity that impersonates it',
      fix: advice`grant it to the impersonating identity (for a person, use roles/iam.serviceAccountTokenCreator): ${sh`gcloud iam service-accounts add-iam-policy-binding ${refusal.account ?? 'SERVICE_ACCOUNT'} --member=MEMBER --role=roles/iam.workloadIdentityUser`}`,
    }),
  },
  {
    key: 'federation',
    when: ({ said = '', code }) =>
      /stale to sign-in|ID Token|subject token|audience|issuer/i.test(said) || code === 'invalid_target',
    says: () => ({
      title: 'the workload identity pool rejected the token',
      detail: 'It has expired, or its issuer, audience, or attributes differ from the provider’s.',
      expected: 'a fresh token that the pool’s provider accepts',
      fix: advice`compare the token with the provider: gcloud iam workload-identity-pools providers describe PROVIDER --location=global --workload-identity-pool=POOL`,
    }),
  },
  {
    key: 'metadata-fails',
    when: ({ code, status = 0 }) => code === 'metadata' && status >= 500,
    says: ({ status }) => ({
      title: `the metadata server failed (HTTP ${status})`,
      expected: 'an access token for the attached service account',
      fix: advice`run again; if the error persists, check its log (GKE): kubectl logs --namespace kube-system --selector k8s-app=gke-metadata-server`,
    }),
  },
  {
    key: 'metadata',
    when: ({ code }) => code === 'metadata',
    says: ({ status }) => ({
      title: `the metadata server returned no access token (HTTP ${status})`,
      detail:
        'No service account is attached, or the pod’s service account is not allowed to act as the one it is bound to.',
      expected: 'a service account attached to the instance or pod',
      fix: advice`attach a service account to the instance, or allow the pod’s service account to act as Spacelift’s (GKE):\n${sh`gcloud iam service-accounts add-iam-policy-binding SERVICE_ACCOUNT --member=${'serviceAccount:PROJECT.svc.id.goog[NAMESPACE/NAME]'} --role=roles/iam.workloadIdentityUser`}`,
    }),
  },
  {
    key: 'fails',
    when: ({ status = 0 }) => status >= 500 || status === 429,
    says: ({ asked, status }) => ({
      title: `Google failed to return ${asked === 'token' ? 'an access token' : 'a signature'} (HTTP ${status})`,
      expected: asked === 'token' ? 'an access token' : 'a signature for pre-signed URLs',
      fix: advice`run again; if the error persists, check https://status.cloud.google.com and the log of any proxy in between`,
    }),
  },
];

/** The failure, the same for every bucket. */
export function credentialIssue(refusal: GoogleAuthFailure): Issue {
  const { code, status, asked } = refusal;
  const known = CASES.find((one) => one.when(refusal));
  const { title, detail, expected, fix }: CredentialMessage = known?.says(refusal) ?? {
    title: `Google returned no ${asked === 'token' ? 'access token' : 'signature'}: ${code ?? `HTTP ${status}`}`,
    expected: asked === 'token' ? 'an access token' : 'a signature for pre-signed URLs',
    fix: advice`run again; if the error persists, check the audit log: gcloud logging read protoPayload.serviceName=iamcredentials.googleapis.com`,
  };
  return fail(title, {
    ...(detail !== undefined && { detail }),
    expected,
    fix,
    evidence: { ...(code !== undefined && { code }), ...(status !== undefined && { status }) },
    cause: known === undefined ? cause.google(asked, code ?? status ?? 'no-answer') : cause.google(known.key),
  });
}
