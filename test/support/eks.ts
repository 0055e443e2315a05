/** AWS as the vendor's EKS module sets it up: KMS, S3, SQS and IoT Core, with the roles of its three services. */
import { GATEWAY, type Service } from '../../src/config/options.ts';
import { makeQueues } from '../checks/message-queues/sqs-world.ts';
import { makeRule, RULE_USER, roleOf } from '../checks/mqtt-broker/iotcore-world.ts';
import { role as s3Role } from '../checks/object-storage/aws-storage.ts';
import { real, startStorage } from '../checks/object-storage/storage.ts';
import {
  type AwsRole,
  type AwsServer,
  type AwsUser,
  administrator,
  type KmsKey,
  startAws,
  type TopicRule,
} from '../services/aws/index.ts';
import type { S3Server } from '../services/s3/index.ts';
import { KMS_GRANTS, place } from './aws.ts';
import { canary } from './canaries.ts';
import type { Variables } from './preflight.ts';

export interface Eks {
  readonly aws: AwsServer;
  readonly s3: S3Server;
  readonly keys: { readonly encryption: KmsKey; readonly signing: KmsKey };
  readonly rule: TopicRule;
  /** Whom the topic rule acts as. */
  readonly ruleRole: AwsRole;
  /** An administrator, and the services under the vendor's policies. */
  readonly users: Readonly<Record<'operator' | Service, AwsUser>>;
  /** What names all of it in a config: account and region, keys, queues, broker; credentials are not among it. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where the SDKs find the servers. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the buckets are; `OBJECT_STORAGE_TYPE` and the uploads URL among it. */
  readonly buckets: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** @param origin from where browsers upload */
export async function startEks(origin: string): Promise<Eks> {
  const ruleRole = { ...RULE_USER };
  const aws = await startAws({ roles: [ruleRole], otherRegions: ['eu-west-1'] });
  const keys = {
    encryption: aws.keys.create(),
    signing: aws.keys.create({ usage: 'SIGN_VERIFY', spec: 'RSA_4096' }),
  };
  const user = (service: Exclude<Service, typeof GATEWAY>): AwsUser => {
    const base = roleOf(service);
    const kms = (['encryption', 'signing'] as const).map((key) => ({
      Effect: 'Allow' as const,
      Action: KMS_GRANTS[key],
      Resource: keys[key].arn,
    }));
    const storage = service === 'scheduler' ? [] : [s3Role(service).Statement].flat();
    const granted = [base.policy?.Statement ?? []].flat();
    return { ...base, policy: { Version: '2012-10-17', Statement: [...granted, ...kms, ...storage] } };
  };
  const operator = { ...administrator, secretAccessKey: canary('AWS_SECRET_ACCESS_KEY') };
  const users = {
    operator,
    server: user('server'),
    drain: user('drain'),
    scheduler: user('scheduler'),
    [GATEWAY]: roleOf(GATEWAY),
  };
  aws.users = Object.values(users);
  const { store: s3, variables: held } = await startStorage({
    flavor: 'aws',
    region: aws.region,
    users: aws.users,
  });
  s3.bucket(real('uploads')).cors = [{ AllowedOrigins: [origin], AllowedMethods: ['PUT', 'POST'] }];
  const queues = makeQueues(aws);
  const { AWS_ACCOUNT_ID = '', AWS_REGION = '', AWS_DEFAULT_REGION = '' } = place(aws);
  return {
    aws,
    s3,
    keys,
    ruleRole,
    rule: makeRule(aws, queues.MESSAGE_QUEUE_SQS_IOT_URL),
    users,
    variables: {
      AWS_ACCOUNT_ID,
      AWS_REGION,
      AWS_DEFAULT_REGION,
      ENCRYPTION_KMS_ENCRYPTION_KEY_ID: keys.encryption.arn,
      ENCRYPTION_KMS_SIGNING_KEY_ID: keys.signing.arn,
      ...queues,
    },
    // A role is never assumed at the address of all services.
    environment: { AWS_ENDPOINT_URL: aws.url, AWS_ENDPOINT_URL_S3: s3.url, AWS_ENDPOINT_URL_STS: aws.url },
    buckets: {
      ...bucketsOf(held),
      OBJECT_STORAGE_TYPE: 'aws',
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: s3.url,
    },
    close: async () => void (await Promise.all([aws.close(), s3.close()])),
  };
}

/** The variables that name buckets. */
export const bucketsOf = (variables: Variables): Record<string, string> =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      name.startsWith('OBJECT_STORAGE_BUCKET_') && value !== undefined ? [[name, value]] : [],
    ),
  );
