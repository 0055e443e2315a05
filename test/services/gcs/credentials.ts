/** Credential files as Google's tools write them, and the environments that make a client use them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { federatedMember } from './auth.ts';
import type { World } from './world.ts';

/** Environment variables. An empty one must be set empty, so that nothing of the caller's own shines through. */
export type Environment = Record<string, string>;

export interface Credentials {
  /** A service account's key file; fields may be replaced. Returns its path. */
  keyFile(email: string, fields?: Record<string, string>): Promise<string>;
  /** What `gcloud auth application-default login` leaves: a user's refresh token. Returns its path. */
  userFile(email: string): Promise<string>;
  /** Workload identity federation (`external_account`) from a token file; with `impersonate`, as that service account. */
  federationFile(subject: string, impersonate?: string): Promise<string>;
  /** How bindings name a federated subject. */
  federatedMember(subject: string): string;
  /** Leads `*.googleapis.com` here through `HTTPS_PROXY`. Without credentials: none but the attached account. */
  proxyEnvironment(credentialsFile?: string): Environment;
  /** `STORAGE_EMULATOR_HOST`, and the metadata server when an account is attached. */
  emulatorEnvironment(credentialsFile?: string): Environment;
}

interface Places {
  url: string;
  proxy: string;
  caFile: string;
  directory: string;
}

const provider =
  '//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/preflight/providers/cluster';

export function credentialFiles(world: World, { url, proxy, caFile, directory }: Places): Credentials {
  let written = 0;
  const write = async (content: object | string) => {
    const path = join(directory, `credentials-${++written}.json`);
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2), { mode: 0o600 });
    return path;
  };
  const clean = (credentialsFile = ''): Environment => ({
    GOOGLE_APPLICATION_CREDENTIALS: credentialsFile,
    // So that no credentials of the user who runs the tests are found.
    CLOUDSDK_CONFIG: directory,
    GOOGLE_CLOUD_PROJECT: world.projectId,
    METADATA_SERVER_DETECTION: world.attached === undefined ? 'none' : 'assume-present',
  });
  return {
    async keyFile(email, fields = {}) {
      const account = world.accounts.get(email);
      const [key] = account?.keys ?? [];
      if (account === undefined || key === undefined) throw new Error(`No such service account, or no key: ${email}`);
      return write({
        type: 'service_account',
        project_id: world.projectId,
        private_key_id: key.id,
        private_key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }),
        client_email: email,
        client_id: account.uniqueId,
        auth_uri: 'https://accounts.google.com/o/oauth2/auth',
        token_uri: 'https://oauth2.googleapis.com/token',
        auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
        client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(email)}`,
        universe_domain: 'googleapis.com',
        ...fields,
      });
    },
    async userFile(email) {
      const refreshToken = `1//${crypto.randomUUID()}`;
      world.users.set(refreshToken, { email, member: `user:${email}` });
      return write({
        type: 'authorized_user',
        client_id: '764086051850-test.apps.googleusercontent.com',
        client_secret: 'not-a-secret',
        refresh_token: refreshToken,
        quota_project_id: world.projectId,
        universe_domain: 'googleapis.com',
      });
    },
    async federationFile(subject, impersonate) {
      const token = await new SignJWT({ sub: subject })
        .setProtectedHeader({ alg: 'RS256' })
        .setIssuer('https://cluster.test')
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(world.federationKey.privateKey);
      const impersonation = `${url}/v1/projects/-/serviceAccounts/${impersonate}:generateAccessToken`;
      return write({
        type: 'external_account',
        audience: provider,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${url}/v1/token`,
        credential_source: { file: await write(token) },
        ...(impersonate !== undefined && { service_account_impersonation_url: impersonation }),
        universe_domain: 'googleapis.com',
      });
    },
    federatedMember: (subject) => federatedMember(provider, subject),
    proxyEnvironment: (credentialsFile) => ({
      ...clean(credentialsFile),
      HTTPS_PROXY: proxy,
      HTTP_PROXY: proxy,
      NO_PROXY: '',
      NODE_EXTRA_CA_CERTS: caFile,
      SSL_CERT_FILE: caFile,
    }),
    emulatorEnvironment: (credentialsFile) => ({
      ...clean(credentialsFile),
      STORAGE_EMULATOR_HOST: url,
      ...(world.attached !== undefined && { GCE_METADATA_HOST: url.replace('http://', '') }),
    }),
  };
}
