/** Which hosts may have the caller's credentials: what the SDKs' own rules give, all of it, and nothing that looks like it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it, test } from 'vitest';
import { isBlobHost } from '../../checks/object-storage/azure/account.ts';
import type { AwsService } from '../../src/clouds/aws/endpoints.ts';
import { isAwsHost } from '../../src/clouds/aws/endpoints.ts';

interface Partition {
  readonly id: string;
  readonly regions: Readonly<Record<string, unknown>>;
}

/** As the SDK has them; they are not among what it exports. */
const PARTITIONS: readonly Partition[] = (() => {
  const path = createRequire(import.meta.url).resolve('@aws-sdk/core/client');
  const [, text = ''] = /const partitionsInfo = (\{.*?\n\});\n/s.exec(readFileSync(path, 'utf8')) ?? [];
  // Its text is that of an object, with commas that JSON knows not.
  return (JSON.parse(text.replace(/,(\s*[}\]])/g, '$1')) as { partitions: Partition[] }).partitions;
})();

const PLACES = PARTITIONS.flatMap(({ id, regions }) =>
  Object.keys(regions)
    .filter((region) => !region.endsWith('-global'))
    .map((region) => ({ partition: id, region })),
);

type Parameters = Readonly<Record<string, string | boolean>>;

type Rules = (parameters: Parameters) => { readonly url: URL };

const client = { region: 'us-east-1' };

const rulesOf = (made: { readonly config: { readonly endpointProvider: unknown } }): Rules =>
  made.config.endpointProvider as Rules;

const RULES: Readonly<Record<Exclude<AwsService, 'LICENSE_MANAGER'>, Rules>> = {
  S3: rulesOf(new S3Client(client)),
  KMS: rulesOf(new KMSClient(client)),
  SQS: rulesOf(new SQSClient(client)),
  STS: rulesOf(new STSClient(client)),
  IOT: rulesOf(new IoTClient(client)),
  IOT_DATA_PLANE: rulesOf(new IoTDataPlaneClient(client)),
  SECRETS_MANAGER: rulesOf(new SecretsManagerClient(client)),
  SSM: rulesOf(new SSMClient(client)),
  ECS: rulesOf(new ECSClient(client)),
  CLOUDWATCH_LOGS: rulesOf(new CloudWatchLogsClient(client)),
};

const SERVICES = Object.keys(RULES) as readonly (keyof typeof RULES)[];

const accessPoint = (partition: string, region: string): string =>
  `arn:${partition}:s3:${region}:123456789012:accesspoint/finance`;

/** The forms that a request of the service may have; those of S3 name a bucket. */
const formsOf = (service: AwsService, partition: string, region: string): readonly Parameters[] =>
  service === 'S3'
    ? [
        {},
        { Bucket: 'spacelift-states' },
        { Bucket: 'spacelift.states' },
        { Bucket: 'spacelift-states', ForcePathStyle: true },
        { Bucket: 'spacelift-states', Accelerate: true },
        { Bucket: accessPoint(partition, region) },
        { UseGlobalEndpoint: true },
        { Bucket: 'spacelift-states', UseGlobalEndpoint: true },
      ]
    : service === 'STS'
      ? [{}, { UseGlobalEndpoint: true }]
      : [{}];

/** What the rules give; nothing for what a partition does not have. */
function hostsOf(service: keyof typeof RULES): string[] {
  const given = PLACES.flatMap(({ partition, region }) =>
    formsOf(service, partition, region).flatMap((form) =>
      [false, true].flatMap((UseFIPS) =>
        [false, true].flatMap((UseDualStack) => {
          try {
            return [RULES[service]({ Region: region, UseFIPS, UseDualStack, ...form }).url.hostname];
          } catch {
            return [];
          }
        }),
      ),
    ),
  );
  return [...new Set(given)];
}

test('the SDK’s partitions are found, all of them', () => {
  expect(PARTITIONS.map(({ id }) => id)).toEqual(
    expect.arrayContaining([
      'aws',
      'aws-cn',
      'aws-us-gov',
      'aws-iso',
      'aws-iso-b',
      'aws-iso-e',
      'aws-iso-f',
      'aws-eusc',
    ]),
  );
  expect(PLACES.length).toBeGreaterThan(40);
});

describe.each(SERVICES)('%s', (service) => {
  const hosts = hostsOf(service);

  it('may have the credentials at every endpoint of its own', () => {
    expect(hosts.length).toBeGreaterThanOrEqual(PLACES.length);
    expect(hosts.filter((host) => !isAwsHost(service, host))).toEqual([]);
    expect(hosts.filter((host) => !isAwsHost(service, host.toUpperCase()))).toEqual([]);
  });

  it('may not where an endpoint is only a part of the name', () => {
    const alike = hosts.flatMap((host) => [
      `${host}.evil.test`,
      `evil-${host}`,
      `${host}.`,
      `.${host}`,
      `${host}:443`,
      `evil.test/${host}`,
      `evil.test#${host}`,
      `user@${host}`,
      `${host}@evil.test`,
      `${host}\n`,
      `${host}\u0000.evil.test`,
      host.replace(/\.[a-z.]+$/, '.evil.test'),
      host.replace(/(amazonaws|api\.aws)/, 'evil$1'),
    ]);
    const wrong = alike.filter((name) => !hosts.includes(name));
    // Before the endpoint of IoT’s data stands the account’s own name, and before S3’s that of a bucket.
    const own = service === 'IOT_DATA_PLANE' || service === 'S3' ? /^evil-\w/ : /^(?!)/;
    expect(wrong.filter((name) => !own.test(name) && isAwsHost(service, name))).toEqual([]);
  });

  it('may not at another service’s endpoint', () => {
    const others = SERVICES.filter((other) => other !== service && !(service === 'IOT_DATA_PLANE' && other === 'IOT'));
    const strange = others.flatMap((other) => hostsOf(other)).filter((host) => !hosts.includes(host));
    expect(strange.filter((host) => isAwsHost(service, host))).toEqual([]);
  });
});

describe('private and older endpoints', () => {
  const id = 'vpce-0123456789abcdef0-abcd1234';
  const PRIVATE: readonly (readonly [AwsService, string])[] = [
    ['KMS', `${id}.kms.eu-west-1.vpce.amazonaws.com`],
    ['KMS', `${id}-eu-west-1a.kms.eu-west-1.vpce.amazonaws.com`],
    ['KMS', `${id}.kms-fips.us-gov-west-1.vpce.amazonaws.com`],
    ['KMS', `${id}.kms.cn-north-1.vpce.amazonaws.com.cn`],
    ['SQS', `${id}.sqs.eu-west-1.vpce.amazonaws.com`],
    ['STS', `${id}.sts.eu-west-1.vpce.amazonaws.com`],
    ['IOT_DATA_PLANE', `${id}.data.iot.eu-west-1.vpce.amazonaws.com`],
    ['IOT_DATA_PLANE', 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com'],
    ['IOT_DATA_PLANE', 'a1b2c3d4e5f6g7.ats.iot.cn-north-1.amazonaws.com.cn'],
    ['SECRETS_MANAGER', `${id}.secretsmanager.eu-west-1.vpce.amazonaws.com`],
    ['SSM', `${id}.ssm.eu-west-1.vpce.amazonaws.com`],
    ['ECS', `${id}.ecs.eu-west-1.vpce.amazonaws.com`],
    ['CLOUDWATCH_LOGS', `${id}.logs.eu-west-1.vpce.amazonaws.com`],
    ['LICENSE_MANAGER', 'license-manager.eu-west-1.amazonaws.com'],
    ['LICENSE_MANAGER', 'license-manager-fips.us-east-1.amazonaws.com'],
    ['S3', `bucket.${id}.s3.eu-west-1.vpce.amazonaws.com`],
    ['S3', `spacelift-states.bucket.${id}.s3.eu-west-1.vpce.amazonaws.com`],
    ['S3', `accesspoint.${id}.s3.eu-west-1.vpce.amazonaws.com`],
    ['S3', `finance-123456789012.accesspoint.${id}.s3.eu-west-1.vpce.amazonaws.com`],
    ['S3', 's3-eu-west-1.amazonaws.com'],
    ['S3', 'spacelift-states.s3-us-gov-west-1.amazonaws.com'],
    ['SQS', 'queue.amazonaws.com'],
    ['SQS', 'eu-west-1.queue.amazonaws.com'],
  ];
  test.each(PRIVATE)('%s at %s may have the credentials', (service, host) => {
    expect(isAwsHost(service, host)).toBe(true);
  });

  test.each([
    'kms.eu-west-1.amazonaws.com.evil.test',
    'evil-kms.eu-west-1.amazonaws.com',
    'evil.kms.eu-west-1.amazonaws.com',
    'kms.amazonaws.com',
    'kms.evil.amazonaws.com',
    'kms.eu-west-1.amazonaws.com.',
    'my-balancer-1234567890.eu-west-1.elb.amazonaws.com',
    'kms-1234567890.eu-west-1.elb.amazonaws.com',
    'dualstack.kms-1234567890.eu-west-1.elb.amazonaws.com',
    'ec2-203-0-113-7.eu-west-1.compute.amazonaws.com',
    'ec2-203-0-113-7.compute-1.amazonaws.com',
    'abcdef1234.execute-api.eu-west-1.amazonaws.com',
    'abcdef1234-vpce-0123456789abcdef0.execute-api.eu-west-1.amazonaws.com',
    'abcdef1234.lambda-url.eu-west-1.on.aws',
    'site.s3-website-us-east-1.amazonaws.com',
    's3-website-us-east-1.amazonaws.com',
    'site.s3-website.eu-central-1.amazonaws.com',
    'finance-123456789012.s3-object-lambda.eu-west-1.amazonaws.com',
    'kms.eu-west-1.elasticbeanstalk.com',
    'kms.eu-west-1.elasticbeanstalk.amazonaws.com',
    'search-kms-abcdef.eu-west-1.es.amazonaws.com',
    'kms.abcdef.eu-west-1.rds.amazonaws.com',
    'abcdef.cloudfront.net',
    'vpce-0123456789abcdef0-abcd1234.vpce-svc-0123456789abcdef0.eu-west-1.vpce.amazonaws.com',
    'vpce-svc-0123456789abcdef0.kms.eu-west-1.vpce.amazonaws.com',
    'evil.vpce-0123456789abcdef0-abcd1234.kms.eu-west-1.vpce.amazonaws.com',
    'kms.eu-west-1.amazonaws.com.tr',
    'kms.eu-west-1.amazonaws.co',
    'kms.eu-west-1.xamazonaws.com',
    'kms.eu-west-1.amazonaws.eu.evil.test',
    'kms.eu-west-1amazonaws.com',
    'localhost',
    '127.0.0.1',
    '169.254.169.254',
    '',
  ])('%s may have them for no service', (host) => {
    const services = [...SERVICES, 'LICENSE_MANAGER'] as const;
    expect(services.filter((service) => isAwsHost(service, host))).toEqual([]);
  });
});

describe('Azure’s storage', () => {
  test.each([
    'spacelift.blob.core.windows.net',
    'spacelift-secondary.blob.core.windows.net',
    'spacelift.privatelink.blob.core.windows.net',
    'spacelift.blob.core.usgovcloudapi.net',
    'spacelift.blob.core.chinacloudapi.cn',
    'spacelift.z12.blob.storage.azure.net',
  ])('%s is Microsoft’s', (host) => expect(isBlobHost(host)).toBe(true));

  test.each([
    'blob.core.windows.net',
    'spacelift.blob.core.windows.net.evil.test',
    'spacelift.blob.core.windows.net.',
    'evil.spacelift.blob.core.windows.net',
    'spacelift.evil.blob.core.windows.net',
    'spacelift.web.core.windows.net',
    'spacelift.z6.web.core.windows.net',
    'spacelift.dfs.core.windows.net',
    'spacelift.blob.core.evil.net',
    'spacelift.blobXcore.windows.net',
    'spacelift.azurewebsites.net',
    'spacelift.westeurope.cloudapp.azure.com',
    'spacelift.azureedge.net',
    'spacelift.blob.storage.azure.net',
    'spacelift.blob.core.windows.net\n',
    'sp_celift.blob.core.windows.net',
    '',
  ])('%s is not', (host) => expect(isBlobHost(host)).toBe(false));
});
