/** The ways in which the SDKs' default chains find credentials, each in code that is loaded for it alone. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { administrator } from '../services/aws/index.ts';
import { AKS, type Choice, EKS, type Environment, type Estate, GKE } from '../support/estate.ts';

export interface Way {
  readonly choice: Choice;
  /** What takes the place of the credentials; servers end with `stop`. */
  start(estate: Estate, folder: string): Promise<{ environment: Environment; stop(): void }>;
}

const { accessKeyId, secretAccessKey } = administrator;
const SESSION = 'a-session-token';
const ROLE = 'arn:aws:iam::123456789012:role/spacelift';
const ENDS = new Date(Date.now() + 3_600_000).toISOString();

/** Gives temporary keys, which S3 then takes. */
const giving = (answer: string, environmentAt: (url: string, folder: string) => Promise<Environment>): Way => ({
  choice: { ...EKS, encryption: 'rsa', queue: 'postgres', broker: 'builtin', vendor: '' },
  start: async ({ eks }, folder) => {
    const server = createServer((request, response) => request.resume().on('end', () => response.end(answer)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { users } = eks.s3;
    eks.s3.users = [{ ...administrator, sessionToken: SESSION }];
    return {
      environment: await environmentAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, folder),
      stop: () => {
        eks.s3.users = users;
        server.close();
        server.closeAllConnections();
      },
    };
  },
});

const noFiles = (folder: string) => ({
  AWS_CONFIG_FILE: join(folder, 'none'),
  AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
});

export const WAYS: Readonly<Record<string, Way>> = {
  'AWS, a profile': {
    choice: EKS,
    start: async ({ eks }, folder) => {
      const { users } = eks.s3;
      eks.s3.users = [administrator];
      const file = join(folder, 'credentials');
      const keys = `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
      await writeFile(file, `[spacelift]\n${keys}`);
      const environment = { AWS_PROFILE: 'spacelift', ...noFiles(folder), AWS_SHARED_CREDENTIALS_FILE: file };
      const stop = () => {
        eks.s3.users = users;
      };
      return { environment, stop };
    },
  },
  'AWS, a container': giving(
    JSON.stringify({
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: SESSION,
      Expiration: ENDS,
    }),
    async (url, folder) => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url, ...noFiles(folder) }),
  ),
  'AWS, a web identity': giving(
    `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${SESSION}</SessionToken><Expiration>${ENDS}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    async (url, folder) => {
      const file = join(folder, 'token');
      await writeFile(file, 'a.web.token');
      const role = { AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: file };
      return { ...role, AWS_ENDPOINT_URL_STS: url, ...noFiles(folder) };
    },
  ),
  'Azure, a workload identity': {
    choice: AKS,
    start: async ({ azure: { azure, operator } }) => {
      const AZURE_FEDERATED_TOKEN_FILE = await azure.federatedTokenFile(operator);
      const environment = { ...azure.proxyEnvironment(operator), AZURE_CLIENT_SECRET: '', AZURE_FEDERATED_TOKEN_FILE };
      return { environment: { ...environment, NO_PROXY: '127.0.0.1,localhost' }, stop: () => {} };
    },
  },
  'Azure, a managed identity': {
    choice: AKS,
    start: async ({ azure: { azure, operator } }) => {
      azure.attach(operator);
      // At its usual address, 169.254.169.254.
      const address = { AZURE_POD_IDENTITY_AUTHORITY_HOST: undefined, NO_PROXY: '127.0.0.1,localhost' };
      return { environment: { ...azure.proxyEnvironment(), ...address }, stop: () => azure.attach(undefined) };
    },
  },
  'Google, an attached account': {
    choice: GKE,
    start: async ({ gcp: { gcs, spacelift, keyFiles } }, folder) => {
      gcs.attached = spacelift.email;
      const environment = {
        ...gcs.proxyEnvironment(keyFiles.operator),
        GOOGLE_APPLICATION_CREDENTIALS: '',
        CLOUDSDK_CONFIG: folder,
        METADATA_SERVER_DETECTION: 'assume-present',
        GCE_METADATA_HOST: new URL(gcs.url).host,
        NO_PROXY: '127.0.0.1,localhost',
      };
      const stop = () => {
        gcs.attached = undefined;
      };
      return { environment, stop };
    },
  },
};
