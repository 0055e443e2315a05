/**
 * Variables that the cloud SDKs and Go’s HTTP client read, and the values that they accept: an SDK that refuses one refuses every request.
 * Sources: `env_config.go` in `config` of aws-sdk-go-v2, and the reference of environment variables of each SDK.
 */
import type { Issue } from '../outcome/outcome.ts';
import { DOCS, isSecret, USES_AWS, type When } from './contract.ts';
import type { Entry } from './entry.ts';
import type { ConfigurationFinding } from './finding.ts';
import type { Environment, Party } from './options.ts';
import type { Redact } from './redact.ts';
import { judgeReference } from './references.ts';
import type { ValueType } from './types.ts';
import * as type from './types.ts';
import { judgeAs } from './values.ts';

/** The origin of variables that the caller's environment has beside a config. */
const BESIDE = 'this process’s environment';

interface SdkVariable {
  readonly type: ValueType;
  /** The deployments that it matters to: those for which any condition holds, or all. */
  readonly usedBy: readonly When[] | 'all';
  /** Read from the caller's environment too, if the config does not set it. */
  readonly callers?: true;
  /** Whether it is used beside others; always, unless told. */
  readonly isUsed?: (isSet: (name: string) => boolean) => boolean;
  /** Used only together: the caller's are not read if the config has the first two. */
  readonly set?: readonly string[];
}

const AZURE: readonly When[] = [{ variable: 'OBJECT_STORAGE_TYPE', is: ['azure'] }];
const GOOGLE: readonly When[] = [{ variable: 'OBJECT_STORAGE_TYPE', is: ['gcp'] }];

/** Go accepts them in any case (`strings.EqualFold`). */
const oneOf = (...values: readonly string[]): ValueType =>
  type.matching(`one of ${values.join(', ')}`, new RegExp(`^(${values.join('|')})$`, 'i'));
const exactly = (...values: readonly string[]): ValueType =>
  type.matching(`one of ${values.join(', ')}`, new RegExp(`^(${values.join('|')})$`));
const trueOrFalse = type.matching('true or false', /^(true|false)$/i);

const aws = (of: ValueType): SdkVariable => ({ type: of, usedBy: USES_AWS });
const ofCaller = (of: ValueType): SdkVariable => ({ ...aws(of), callers: true });
const AWS_KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
/** Without keys, which come first. */
const ofToken = (of: ValueType): SdkVariable => ({
  ...ofCaller(of),
  isUsed: (isSet) => isSet('AWS_WEB_IDENTITY_TOKEN_FILE') && !AWS_KEYS.every(isSet),
});
const key = (expected: string): SdkVariable => ({ ...ofCaller(type.token(expected)), set: AWS_KEYS });
const endpoint = (usedBy: readonly When[]): SdkVariable => ({ type: type.httpUrl, usedBy, callers: true });
/** Spacelift’s services can fail to start without the scheme (vendor’s docs, "HTTP Proxies"), although Go accepts that. */
const PROXY: SdkVariable = { type: type.proxyUrl, usedBy: 'all' };

/** Used in a hash or in the body of a request, where any text works that a person can type. */
const SECRET = type.oneLine('a secret in one line');
const STRAYLESS = '(without spaces, quotes, line breaks or non-ASCII characters)';

const TABLE: Readonly<Record<string, SdkVariable>> = {
  HTTPS_PROXY: PROXY,
  HTTP_PROXY: PROXY,
  https_proxy: PROXY,
  http_proxy: PROXY,

  AWS_ACCESS_KEY_ID: key(`an AWS access key ID ${STRAYLESS}`),
  AWS_ACCESS_KEY: key(`an AWS access key ID ${STRAYLESS}`),
  AWS_SECRET_ACCESS_KEY: { ...ofCaller(SECRET), set: AWS_KEYS },
  AWS_SECRET_KEY: { ...ofCaller(SECRET), set: AWS_KEYS },
  AWS_SESSION_TOKEN: key(`an AWS session token ${STRAYLESS}`),
  AWS_ROLE_ARN: ofToken(
    type.token('the ARN of a role (arn:aws:iam::ACCOUNT:role/NAME)', /^arn:[a-z-]+:iam::\d{12}:role\/[!-~]+$/),
  ),
  AWS_ROLE_SESSION_NAME: ofToken(
    type.token('a role session name (2 to 64 letters, digits or characters of _+=,.@-)', /^[\w+=,.@-]{2,64}$/),
  ),
  AWS_WEB_IDENTITY_TOKEN_FILE: ofToken(type.exactText),

  AWS_ENDPOINT_URL: endpoint(USES_AWS),
  AWS_ENDPOINT_URL_S3: endpoint([{ variable: 'OBJECT_STORAGE_TYPE', is: ['aws'] }]),
  AWS_ENDPOINT_URL_KMS: endpoint([{ variable: 'ENCRYPTION_TYPE', is: ['kms'] }]),
  AWS_ENDPOINT_URL_SQS: endpoint([{ variable: 'MESSAGE_QUEUE_TYPE', is: ['sqs'] }]),
  AWS_ENDPOINT_URL_STS: endpoint(USES_AWS),
  AWS_ENDPOINT_URL_IOT: endpoint([{ variable: 'MQTT_BROKER_TYPE', is: ['iotcore'] }]),
  AWS_ENDPOINT_URL_IOT_DATA_PLANE: endpoint([{ variable: 'MQTT_BROKER_TYPE', is: ['iotcore'] }]),
  AWS_ENDPOINT_URL_LICENSE_MANAGER: endpoint([{ variable: 'LICENSE_TYPE', is: ['aws'] }]),

  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: ofCaller(trueOrFalse),
  AWS_USE_FIPS_ENDPOINT: ofCaller(trueOrFalse),
  AWS_USE_DUALSTACK_ENDPOINT: ofCaller(trueOrFalse),
  AWS_S3_USE_ARN_REGION: aws(trueOrFalse),
  AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS: aws(trueOrFalse),
  AWS_S3_DISABLE_EXPRESS_SESSION_AUTH: aws(trueOrFalse),
  AWS_DISABLE_REQUEST_COMPRESSION: aws(trueOrFalse),
  AWS_DISABLE_CLOCK_SKEW_CORRECTION: aws(trueOrFalse),
  AWS_EC2_METADATA_V1_DISABLED: aws(trueOrFalse),
  AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: aws(oneOf('IPv4', 'IPv6')),
  AWS_ENABLE_ENDPOINT_DISCOVERY: aws(oneOf('true', 'false', 'auto')),
  AWS_DEFAULTS_MODE: aws(oneOf('legacy', 'standard', 'in-region', 'cross-region', 'mobile', 'auto')),
  AWS_RETRY_MODE: aws(exactly('standard', 'adaptive')),
  AWS_MAX_ATTEMPTS: aws(type.matching('a whole number', /^[+-]?\d{1,18}$/)),
  AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES: aws(
    type.matching(
      'a whole number up to 10485760',
      /^\+?0*(\d{1,7}|10[0-3]\d{5}|104[0-7]\d{4}|1048[0-4]\d{3}|10485[0-6]\d\d|104857[0-5]\d|10485760)$/,
    ),
  ),
  AWS_REQUEST_CHECKSUM_CALCULATION: aws(oneOf('when_supported', 'when_required')),
  AWS_RESPONSE_CHECKSUM_VALIDATION: aws(oneOf('when_supported', 'when_required')),
  AWS_ACCOUNT_ID_ENDPOINT_MODE: aws(exactly('preferred', 'required', 'disabled')),

  AZURE_TENANT_ID: {
    type: type.token('a tenant ID (or one of the tenant’s domains)', /^[0-9A-Za-z.-]+$/),
    usedBy: AZURE,
    callers: true,
  },
  AZURE_CLIENT_ID: { type: type.token(`a client ID ${STRAYLESS}`), usedBy: AZURE, callers: true },
  AZURE_CLIENT_SECRET: { type: SECRET, usedBy: AZURE, callers: true },
  GOOGLE_APPLICATION_CREDENTIALS: { type: type.exactText, usedBy: GOOGLE, callers: true },
  GOOGLE_CLOUD_QUOTA_PROJECT: { type: type.token(`a project ID ${STRAYLESS}`), usedBy: GOOGLE, callers: true },
};

/** A variable that the SDKs would refuse, and who set it. */
export interface Flaw {
  readonly name: string;
  readonly party: Party;
  readonly outcome: Issue;
}

/** Where the values are, and what they are for. */
export interface SdkInputs {
  /** The entry in the sources; `undefined` when it is not set there. */
  entry(name: string): Entry | undefined;
  partyOf(name: string): Party;
  /** The variables of the config that already have a finding. */
  readonly told: ReadonlyMap<string, Issue>;
  /** Whether any condition holds, as far as is known. */
  holds(conditions: readonly When[]): boolean;
  /** The caller's environment. */
  readonly environment: Environment;
  readonly redact: Redact;
}

/** What the SDKs would refuse: each finding, and the variables that the tests depend on. */
export function judgeSdkVariables(inputs: SdkInputs): {
  readonly findings: readonly ConfigurationFinding[];
  readonly flaws: readonly Flaw[];
} {
  const findings: ConfigurationFinding[] = [];
  const flaws: Flaw[] = [];
  const isSet = (name: string) => inputs.entry(name) !== undefined || Boolean(inputs.environment[name]);
  for (const [name, variable] of Object.entries(TABLE)) {
    if ((variable.usedBy !== 'all' && !inputs.holds(variable.usedBy)) || variable.isUsed?.(isSet) === false) continue;
    const spec = { type: variable.type, docs: DOCS.general, ...(isSecret(name) && { secret: true as const }) };
    for (const { entry, party } of inEffect(name, variable, inputs)) {
      const told = entry === inputs.entry(name) ? inputs.told.get(name) : undefined;
      const reference = entry.kind === 'known' ? judgeReference(entry) : undefined;
      const found = told === undefined ? (reference ?? judgeAs(spec, name, entry, inputs.redact)) : undefined;
      // The same for the config's and the caller's value is one finding.
      if (found !== undefined && !findings.some(({ rule, variable: of }) => rule === found.rule && of === name))
        findings.push({ ...found, variable: name });
      const outcome = told ?? found?.outcome;
      if (outcome?.status === 'fail') flaws.push({ name, party, outcome });
    }
  }
  return { findings, flaws };
}

/** The config's value, and the caller's where it is read instead. */
function inEffect(
  name: string,
  { callers, set }: SdkVariable,
  { entry, partyOf, environment }: SdkInputs,
): { entry: Entry; party: Party }[] {
  const held = entry(name);
  const beside = environment[name];
  const own = held === undefined ? [] : [{ entry: held, party: partyOf(name) }];
  const isRead =
    callers === true &&
    (set === undefined
      ? held === undefined
      : !set.every((one) => entry(one) !== undefined) && (held === undefined || partyOf(name) === 'config'));
  if (!isRead || !beside) return own;
  const caller: Entry = { name, kind: 'known', value: beside, service: 'all', origin: BESIDE };
  return [...own, { entry: caller, party: 'process' }];
}
