/** Who Spacelift is to Google: key files, attached accounts, federation, tokens, signatures. */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FIRST, isAction, SIGNED } from '../arrange.ts';
import { processEnvironment } from '../cloud.ts';
import type { Arrange, Fault } from '../fault.ts';
import { credentials, isStorage, onGke, refusing, serving } from './arrange.ts';

/** A credentials file with any content. */
const file =
  (content: string): Arrange =>
  async () => {
    const path = join(tmpdir(), `preflight-${randomUUID()}.json`);
    await writeFile(path, content);
    return { environment: { GOOGLE_APPLICATION_CREDENTIALS: path }, undo: () => rm(path) };
  };

/** No credentials but those of the instance, if any are attached. */
const attached =
  (email: string | undefined | ((spacelift: string) => string), more?: Arrange): Arrange =>
  async (there) => {
    const { gcs, spacelift } = there.estate.gcp;
    gcs.attached = typeof email === 'function' ? email(spacelift.email) : email;
    const restore = processEnvironment({
      ...gcs.emulatorEnvironment(),
      STORAGE_EMULATOR_HOST: '',
      GCE_METADATA_HOST: gcs.attached === undefined ? '' : gcs.url.replace('http://', ''),
    });
    const arranged = await more?.(there);
    return {
      ...arranged,
      environment: { GOOGLE_APPLICATION_CREDENTIALS: undefined, ...arranged?.environment },
      undo: async () => {
        await arranged?.undo?.();
        gcs.attached = undefined;
        restore();
      },
    };
  };

/** The service account may not act as itself. */
const noSigning: Arrange = ({ estate: { gcp } }) => {
  const { spacelift } = gcp;
  const { bindings } = spacelift;
  spacelift.bindings = [];
  return {
    undo: () => {
      spacelift.bindings = bindings;
    },
  };
};

const SUBJECT = 'system:serviceaccount:spacelift:spacelift';

/** The pod's own identity, which may act as the service account when it has this role there. */
const federated =
  (role?: string): Arrange =>
  async ({ estate: { gcp } }) => {
    const { gcs, spacelift } = gcp;
    const { bindings } = spacelift;
    if (role !== undefined) spacelift.bindings = [...bindings, { role, members: [gcs.federatedMember(SUBJECT)] }];
    return {
      environment: { GOOGLE_APPLICATION_CREDENTIALS: await gcs.federationFile(SUBJECT, spacelift.email) },
      undo: () => {
        spacelift.bindings = bindings;
      },
    };
  };

/** A user who may administer storage, and can't sign. */
const user: Arrange = async ({ estate: { gcp } }) => {
  const { gcs } = gcp;
  gcs.bindings.push({ role: 'roles/storage.admin', members: ['user:ann@corp.io'] });
  return {
    environment: { GOOGLE_APPLICATION_CREDENTIALS: await gcs.userFile('ann@corp.io') },
    undo: () => void gcs.bindings.pop(),
  };
};

const noToken = (reason: string, message: string, status = 400) =>
  refusing(isAction('oauth2.token'), { status, reason, message });
const noSignature = (message: string) =>
  refusing(isAction('iamcredentials.signBlob'), { status: 403, reason: 'PERMISSION_DENIED', message });

const both =
  (...all: readonly Arrange[]): Arrange =>
  async (there) => {
    const arranged = await Promise.all(all.map((one) => one(there)));
    return {
      variables: Object.assign({}, ...arranged.map(({ variables }) => variables)),
      environment: Object.assign({}, ...arranged.map(({ environment }) => environment)),
      undo: async () => void (await Promise.all(arranged.map(({ undo }) => undo?.()))),
    };
  };

export const IDENTITY: readonly Fault[] = onGke(
  {
    name: 'no Google credentials anywhere',
    arrange: attached(undefined),
    fail: [FIRST],
    says: /^no Google Cloud credentials found\n.*GOOGLE_APPLICATION_CREDENTIALS.*metadata server/,
  },
  {
    name: 'a Google key file that nobody has',
    arrange: credentials(() => '/no/such/key.json'),
    fail: [FIRST],
    says: /^GOOGLE_APPLICATION_CREDENTIALS names a file that does not exist\n\/no\/such\/key\.json does not exist/,
  },
  {
    name: 'a Google key file that only the container has',
    arrange: () => ({ variables: { GOOGLE_APPLICATION_CREDENTIALS: '/var/run/secrets/google/key.json' } }),
  },
  {
    name: 'a Google key file that is no JSON',
    arrange: file('project = spacelift'),
    fail: [FIRST],
    says: /^the Google credentials file can’t be used: it is not JSON\nThe file is \/.*\.json/,
  },
  {
    name: 'a Google key file with half a key',
    arrange: file(
      JSON.stringify({
        type: 'service_account',
        client_email: 'spacelift@corp.iam.gserviceaccount.com',
        private_key: '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqh\n-----END PRIVATE KEY-----\n',
        token_uri: 'https://oauth2.googleapis.com/token',
      }),
    ),
    fail: [FIRST],
    says: /^the Google credentials file can’t be used: its private key can’t be read/,
  },
  {
    name: 'a revoked key of a Google service account',
    arrange: credentials(({ gcp }) => gcp.gcs.keyFile(gcp.operator.email, { client_email: gcp.spacelift.email })),
    fail: [FIRST],
    says: /^the key in the key file does not belong to spacelift@preflight-test\.iam\.gserviceaccount\.com\nIt was deleted/,
  },
  {
    name: 'a deleted Google service account',
    arrange: credentials(async ({ gcp: { gcs } }) => {
      const { email } = await gcs.createServiceAccount('gone');
      const path = await gcs.keyFile(email);
      gcs.removeServiceAccount(email);
      return path;
    }),
    fail: [FIRST],
    says: /^Google does not recognize gone@preflight-test\.iam\.gserviceaccount\.com\nIt was deleted, or/,
  },
  {
    name: 'a disabled Google service account',
    arrange: noToken(
      'invalid_grant',
      'Invalid grant: account not found or robot is disabled.'.replace('account not found or ', ''),
    ),
    fail: [FIRST],
    says: /^operator@preflight-test\.iam\.gserviceaccount\.com is disabled/,
  },
  {
    name: 'a Google service account of another project',
    arrange: credentials(async ({ gcp: { gcs } }) => {
      const { email } = await gcs.createServiceAccount('stranger');
      return gcs.keyFile(email, { project_id: 'another-project' });
    }),
    fail: [FIRST],
    says: /^storage\.objects\.create is missing for stranger@preflight-test\.iam\.gserviceaccount\.com/,
  },
  {
    name: 'Google access tokens that are refused',
    arrange: refusing(isStorage, { status: 401, reason: 'authError', message: 'Invalid Credentials' }),
    fail: [FIRST],
    says: /^Cloud Storage rejected the access token\nGoogle issued it to operator@preflight-test/,
  },
  {
    name: 'a Google login that has expired',
    arrange: both(user, noToken('invalid_grant', 'Token has been expired or revoked.')),
    fail: [FIRST],
    says: /^the Google login has expired, or was revoked/,
  },
  { name: 'a Google user, who can’t sign', arrange: user },
  {
    name: 'a pod that may not act as the Google service account',
    as: 'server',
    arrange: federated(),
    fail: [FIRST],
    says: /^the credentials lack iam\.serviceAccounts\.getAccessToken, so they can’t act as spacelift@preflight-test\.iam\.gserviceaccount\.com/,
  },
  {
    name: 'a pod that may act as the Google service account',
    as: 'server',
    arrange: federated('roles/iam.workloadIdentityUser'),
  },
  {
    name: 'a workload identity pool that rejects the token',
    as: 'server',
    arrange: both(
      federated('roles/iam.workloadIdentityUser'),
      refusing(isAction('sts.token'), {
        status: 400,
        reason: 'invalid_grant',
        message: 'ID Token issued at 1 is stale to sign-in.',
      }),
    ),
    fail: [FIRST],
    says: /^the workload identity pool rejected the token\nIt has expired, or its issuer/,
  },
  { name: 'an attached Google service account', as: 'server', arrange: attached((spacelift) => spacelift) },
  {
    name: 'an attached Google service account that may not sign',
    as: 'server',
    arrange: attached((spacelift) => spacelift, noSigning),
    fail: [SIGNED],
    says: /^spacelift@preflight-test\.iam\.gserviceaccount\.com lacks iam\.serviceAccounts\.signBlob, so it can’t sign/,
  },
  { name: 'a key file whose account may not call signBlob', as: 'server', arrange: noSigning },
  {
    name: 'the IAM Credentials API switched off',
    as: 'server',
    arrange: attached(
      (spacelift) => spacelift,
      noSignature(
        'IAM Service Account Credentials API has not been used in project 1 before or it is disabled. Enable it by visiting https://console.developers.google.com',
      ),
    ),
    fail: [SIGNED],
    says: /^the IAM Service Account Credentials API is disabled/,
  },
  {
    name: 'a metadata server that gives no token',
    arrange: attached((spacelift) => spacelift, refusing(isAction('metadata'), { status: 403, reason: 'forbidden' })),
    fail: [FIRST],
    says: /^the metadata server returned no access token \(HTTP 403\)\nNo service account is attached, or/,
  },
  {
    name: 'a metadata server that fails',
    arrange: attached((spacelift) => spacelift, refusing(isAction('metadata'), { status: 500, reason: 'internal' })),
    fail: [FIRST],
    says: /^the metadata server failed \(HTTP 500\)/,
  },
  {
    name: 'Google’s clock two hours ahead of this machine’s',
    arrange: serving({ clockOffsetMs: 7_200_000 }),
    fail: [FIRST],
    says: /^the clocks of this machine and Google differ by 2 h\nThis machine’s clock is behind/,
  },
  {
    name: 'Google’s clock two hours behind this machine’s',
    arrange: serving({ clockOffsetMs: -7_200_000 }),
    fail: [FIRST],
    says: /^the clocks of this machine and Google differ by 2 h\nThis machine’s clock is ahead/,
  },
  { name: 'Google’s clock half a minute off', arrange: serving({ clockOffsetMs: 30_000 }) },
  {
    name: 'a token endpoint of Google that fails',
    arrange: noToken('internal_failure', 'Backend error.', 500),
    fail: [FIRST],
    says: /^Google failed to return an access token \(HTTP 500\)/,
  },
);
