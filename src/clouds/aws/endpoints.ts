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
  | 'SSM';

/** For IPv6 (dual-stack), each partition has a separate domain (AWS SDKs, `partitions.json`). */
export const SUFFIXES = [
  'amazonaws.com',
  'api.aws',
  'amazonaws.com.cn',
  'api.amazonwebservices.com.cn',
  'c2s.ic.gov',
  'api.aws.ic.gov',
  'sc2s.sgov.gov',
  'api.aws.scloud',
  'cloud.adc-e.uk',
  'api.cloud-aws.adc-e.uk',
  'csp.hci.ic.gov',
  'api.aws.hci.ic.gov',
  'amazonaws.eu',
  'api.amazonwebservices.eu',
] as const;

/** Keyed by AWS partition. */
const DNS_SUFFIXES: Readonly<Record<string, string>> = {
  'aws-cn': 'amazonaws.com.cn',
  'aws-iso': 'c2s.ic.gov',
  'aws-iso-b': 'sc2s.sgov.gov',
  'aws-iso-e': 'cloud.adc-e.uk',
  'aws-iso-f': 'csp.hci.ic.gov',
  'aws-eusc': 'amazonaws.eu',
};

/** The domain of a partition's regional endpoints. */
export const dnsSuffix = (partition: string): string => lookup(DNS_SUFFIXES, partition) ?? 'amazonaws.com';

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
};

const DOMAIN = SUFFIXES.map((suffix) => suffix.replaceAll('.', '\\.')).join('|');

/** Whether a host is an endpoint of this service. */
export const isAwsHost = (service: AwsService, hostname: string): boolean =>
  new RegExp(`^(?:${NAMES[service].join('|')})\\.(?:${DOMAIN})$`).test(hostname.toLowerCase());
