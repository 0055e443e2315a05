/** moto's server: AWS as others have rebuilt it, with IAM policies that hold when asked to. */
import { S3Client } from '@aws-sdk/client-s3';
import type { PolicyDocument } from '../services/s3/index.ts';
import type { Variables } from '../support/preflight.ts';
import { answers, HOST, start } from './process.ts';

export const REGION = 'eu-central-1';
export const ACCOUNT = '123456789012';

/** What a client is made with. */
export interface Access {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface Moto {
  readonly url: string;
  /** The administrator's way in. */
  readonly access: Access;
  readonly s3: S3Client;
  /** Account, region and the administrator's credentials, as a config holds them. */
  readonly variables: Variables;
  /** What the SDKs read of an environment whose AWS this is. */
  readonly environment: Record<string, string>;
  /** Makes an IAM user with this policy; resolves to the credentials, as a config holds them. */
  user(name: string, policy: PolicyDocument | object): Promise<Variables>;
  /** From now on signatures are verified, and policies hold. */
  enforce(): Promise<void>;
  stop(): Promise<void>;
}

const ADMINISTRATOR = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};

export async function startMoto(): Promise<Moto> {
  const server = await start('moto', {
    args: ({ ports: [port] }) => ['-H', HOST, '-p', String(port)],
    ready: answers('/moto-api/data.json'),
  });
  const url = `http://${HOST}:${server.ports[0]}`;
  const user = async (name: string, policy: object) => {
    await iam(url, 'CreateUser', { UserName: name });
    await iam(url, 'PutUserPolicy', { UserName: name, PolicyName: name, PolicyDocument: JSON.stringify(policy) });
    const answer = await iam(url, 'CreateAccessKey', { UserName: name });
    return {
      AWS_ACCESS_KEY_ID: element(answer, 'AccessKeyId'),
      AWS_SECRET_ACCESS_KEY: element(answer, 'SecretAccessKey'),
    };
  };
  const administrator = await user('administrator', ADMINISTRATOR);
  const credentials = {
    accessKeyId: administrator.AWS_ACCESS_KEY_ID,
    secretAccessKey: administrator.AWS_SECRET_ACCESS_KEY,
  };
  const access = { endpoint: url, region: REGION, credentials };
  const s3 = new S3Client({ ...access, forcePathStyle: true });
  return {
    url,
    access,
    s3,
    variables: { AWS_ACCOUNT_ID: ACCOUNT, AWS_REGION: REGION, AWS_DEFAULT_REGION: REGION, ...administrator },
    environment: { AWS_ENDPOINT_URL: url },
    user,
    enforce: async () => {
      const answer = await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body: '0' });
      if (!answer.ok) throw new Error(`moto does not enforce IAM: HTTP ${answer.status}`);
    },
    stop: async () => {
      s3.destroy();
      await server.stop();
    },
  };
}

/** IAM's query API. Before it enforces anything moto reads of a signature only which service is meant. */
async function iam(url: string, Action: string, parameters: Record<string, string>): Promise<string> {
  const scope = 'Credential=AKIAANYBODY/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=none';
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 ${scope}` },
    body: new URLSearchParams({ Action, Version: '2010-05-08', ...parameters }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`moto: ${Action}: HTTP ${answer.status} ${text}`);
  return text;
}

const element = (xml: string, name: string): string => new RegExp(`<${name}>([^<]*)</`).exec(xml)?.[1] ?? '';
