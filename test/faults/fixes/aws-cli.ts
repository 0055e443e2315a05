/** `aws` as a fix calls it: an operation with its parameters, read as the AWS CLI reads them, sent by AWS's SDK. */
import { S3Client } from '@aws-sdk/client-s3';

/** Where the commands go, and as whom. */
export interface AwsCli {
  readonly endpoint: (service: string) => string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The region of the administrator's own profile: not necessarily the installation's. */
  readonly region: string;
}

interface Call {
  readonly service: string;
  readonly operation: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly region: string | undefined;
  /** The one field that is printed. */
  readonly query: string | undefined;
}

const pascal = (name: string): string => name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
const camel = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Names of the CLI that differ from those of the SDK's package. */
const PACKAGES: Readonly<Record<string, string>> = { s3api: 's3' };
/** Parameters that the SDK spells otherwise. */
const SPELLED: Readonly<Record<string, string>> = { CorsConfiguration: 'CORSConfiguration' };
/** Services whose parameters start with a lowercase letter. */
const CAMEL = ['iot'];

const GLOBAL = ['region', 'query', 'output'];

/** JSON, the shorthand `Key=value,Key=value`, or text (AWS CLI user guide, "Using shorthand syntax"). */
function parameterIn(text: string): unknown {
  if (/^\s*[{[]/.test(text)) return JSON.parse(text);
  if (!/^[A-Z]\w*=[^=,]*(,[A-Z]\w*=[^=,]*)*$/.test(text)) return text;
  const pairs = text.split(',').map((pair) => pair.split('=') as [string, string]);
  return Object.fromEntries(
    pairs.map(([name, value]) => [name, /^(true|false)$/.test(value) ? value === 'true' : value]),
  );
}

export function readAwsCall(args: readonly string[]): Call {
  const [cli = '', operation = '', ...rest] = args;
  const service = PACKAGES[cli] ?? cli;
  const parameters: Record<string, unknown> = {};
  const global: Record<string, string> = {};
  for (let at = 0; at < rest.length; at++) {
    const [, flag, glued] = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(rest[at] ?? '') ?? [];
    if (flag === undefined) throw new Error(`aws: no option: ${rest[at]}`);
    const text = glued ?? rest[++at];
    if (text === undefined) throw new Error(`aws: no value for --${flag}`);
    if (GLOBAL.includes(flag)) global[flag] = text;
    else {
      const name = CAMEL.includes(service) ? camel(flag) : pascal(flag);
      parameters[SPELLED[name] ?? name] = parameterIn(text);
    }
  }
  return { service, operation, parameters, region: global.region, query: global.query };
}

interface Client {
  send(command: unknown): Promise<unknown>;
  destroy(): void;
}
type Sdk = Readonly<Record<string, new (input: unknown) => unknown>>;

/** @throws Error of the service, or if there is no such operation */
export async function runAws(args: readonly string[], { endpoint, credentials, region: own }: AwsCli): Promise<string> {
  const { service, operation, parameters, region = own, query } = readAwsCall(args);
  const sdk = (await import(`@aws-sdk/client-${service}`)) as Sdk;
  const Command = sdk[`${pascal(operation)}Command`];
  const Service = Object.entries(sdk).find(
    ([name]) => name.toLowerCase() === `${service.replaceAll('-', '')}client`,
  )?.[1];
  if (Command === undefined || Service === undefined) throw new Error(`aws: no operation ${service} ${operation}`);
  const config = { region, credentials, endpoint: endpoint(service), maxAttempts: 1 };
  const client = (service === 's3' ? new S3Client({ ...config, forcePathStyle: true }) : new Service(config)) as Client;
  try {
    const answer = (await client.send(new Command(parameters))) as Record<string, unknown>;
    return query === undefined ? JSON.stringify(answer) : String(answer[query]);
  } finally {
    client.destroy();
  }
}
