/** The hosts of a service in AWS's own endpoint rules, for every partition: any other name in these domains may belong to anyone. */

import { lookup } from '../../util/lookup.ts';

/** The names in `AWS_ENDPOINT_URL_<SERVICE>`. */
export type AwsService =
  | 'S3'
  | 'KMS'
  | 'SQS'
  | 'STS'
  | 'IOT'
  | 'IOT_DATA_PLANE'
  | 'LICENSE_MANAGER'
  | 'SECRETS_MANAGER'
  | 'SSM'
  | 'ECS'
  | 'CLOUDWATCH_LOGS';

interface Domains {
  /** Of regional endpoints. */
  readonly plain: string;
  /** Of those with IPv6 (dual-stack). */
  readonly dualStack: string;
}

/** Those of the partitions that are not listed: `aws` and `aws-us-gov`. */
const COMMERCIAL: Domains = { plain: 'amazonaws.com', dualStack: 'api.aws' };
/** Keyed by AWS partition (AWS SDKs, `partitions.json`). */
const PARTITIONS: Readonly<Record<string, Domains>> = {
  'aws-cn': { plain: 'amazonaws.com.cn', dualStack: 'api.amazonwebservices.com.cn' },
  'aws-iso': { plain: 'c2s.ic.gov', dualStack: 'api.aws.ic.gov' },
  'aws-iso-b': { plain: 'sc2s.sgov.gov', dualStack: 'api.aws.scloud' },
  'aws-iso-e': { plain: 'cloud.adc-e.uk', dualStack: 'api.cloud-aws.adc-e.uk' },
  'aws-iso-f': { plain: 'csp.hci.ic.gov', dualStack: 'api.aws.hci.ic.gov' },
  'aws-eusc': { plain: 'amazonaws.eu', dualStack: 'api.amazonwebservices.eu' },
};

export const SUFFIXES: readonly string[] = [COMMERCIAL, ...Object.values(PARTITIONS)].flatMap((one) => [
  one.plain,
  one.dualStack,
]);

/** The domain of a partition's regional endpoints. */
export const dnsSuffix = (partition: string, { dualStack = false } = {}): string =>
  (lookup(PARTITIONS, partition) ?? COMMERCIAL)[dualStack ? 'dualStack' : 'plain'];

const REGION = '[a-z]{2,}(?:-[a-z]+)+-\\d{1,2}';
/** For S3's legacy names; `s3-website-…` and similar names are not S3 endpoints. */
const OLD_REGION = '[a-z]{2}(?:-gov)?-[a-z]+-\\d';
const BUCKET = '[a-z0-9][a-z0-9._-]{0,222}';
const VPCE = 'vpce-[0-9a-f]{8,17}-[0-9a-z]{4,16}(?:-[a-z0-9-]{1,40})?';

const plain = (name: string): readonly string[] => [
  `${name}(?:-fips)?\\.${REGION}`,
  `${VPCE}\\.${name}\\.${REGION}\\.vpce`,
];

/** The part before the domain. */
const NAMES: Readonly<Record<AwsService, readonly string[]>> = {
  S3: [
    `(?:${BUCKET}\\.)?s3(?:-fips)?(?:\\.dualstack)?\\.${REGION}`,
    `(?:${BUCKET}\\.)?s3(?:-${OLD_REGION}|-external-1|-accelerate(?:\\.dualstack)?)?`,
    `[a-z0-9-]{3,50}-\\d{12}\\.s3-accesspoint(?:-fips)?(?:\\.dualstack)?\\.${REGION}`,
    `(?:(?:${BUCKET}\\.)?bucket|(?:[a-z0-9-]{3,50}-\\d{12}\\.)?accesspoint)\\.${VPCE}\\.s3\\.${REGION}\\.vpce`,
  ],
  KMS: [...plain('kms'), `${VPCE}\\.kms-fips\\.${REGION}\\.vpce`],
  SQS: [...plain('sqs'), `(?:${REGION}\\.)?queue`],
  STS: [...plain('sts'), 'sts'],
  IOT: plain('iot'),
  IOT_DATA_PLANE: [`[a-z0-9]{1,32}(?:[.-]ats)?\\.iot(?:-fips)?\\.${REGION}`, `${VPCE}\\.data\\.iot\\.${REGION}\\.vpce`],
  LICENSE_MANAGER: plain('license-manager'),
  SECRETS_MANAGER: plain('secretsmanager'),
  SSM: plain('ssm'),
  ECS: plain('ecs'),
  CLOUDWATCH_LOGS: plain('logs'),
};

const DOMAIN = SUFFIXES.map((suffix) => suffix.replaceAll('.', '\\.')).join('|');

/** Whether a host is an endpoint of this service. */
export const isAwsHost = (service: AwsService, hostname: string): boolean =>
  new RegExp(`^(?:${NAMES[service].join('|')})\\.(?:${DOMAIN})$`).test(hostname.toLowerCase());
