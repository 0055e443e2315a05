/** IoT Core's endpoint: the bare host name that AWS assigns to an account, or a custom domain. */
import type { Run } from '../../../src/engine/check.ts';
import { command, type Fix, sh } from '../../../src/outcome/fix.ts';
import { CheckStopped, type Issue } from '../../../src/outcome/outcome.ts';
import { ENDPOINT, type Fault, isName, readParts, shown } from '../endpoint.ts';

export interface IotEndpoint {
  readonly host: string;
  /** From a name that AWS assigns; `undefined` for a custom domain and for a VPC endpoint. */
  readonly region: string | undefined;
  /** The endpoint with Amazon's certificate, to replace one with a Symantec certificate, which few systems still trust. */
  readonly instead: string | undefined;
}

/** `<id>-ats.iot.<region>.amazonaws.com`, and in China `<id>.ats.iot.<region>.amazonaws.com.cn`. */
const AMAZON = /^(.+)\.iot\.([a-z0-9-]+)\.(amazonaws\.com(?:\.cn)?)$/;
/** Without `-ats` or `.ats`, and not of another service (`<id>.jobs`, `<id>.credentials`). */
const LEGACY_ID = /^[a-z0-9]+$/;

const FAULTS: readonly Fault[] = [
  ({ scheme, value, host }) =>
    scheme === undefined
      ? undefined
      : { title: `${ENDPOINT} starts with ${scheme}://: ${shown(value)}`, suggest: host },
  ({ path, value, host }) =>
    path === '' ? undefined : { title: `${ENDPOINT} has a path: ${shown(value)}`, suggest: host },
  ({ port, value, host }) =>
    port === undefined ? undefined : { title: `${ENDPOINT} has a port: ${shown(value)}`, suggest: host },
  ({ host, value }) => (isName(host) ? undefined : { title: `${ENDPOINT} is not a host name: ${shown(value)}` }),
];

/** The command that prints the endpoint. */
export const describeEndpoint = (region: string | undefined, after?: string): Fix =>
  command(
    region === undefined
      ? sh`aws iot describe-endpoint --endpoint-type iot:Data-ATS --query endpointAddress --output text`
      : sh`aws iot describe-endpoint --endpoint-type iot:Data-ATS --query endpointAddress --output text --region ${region}`,
    { note: `set ${ENDPOINT} to the output`, ...(after !== undefined && { after }) },
  );

/** The endpoint, or the failure for its first fault. */
export function readIotEndpoint(value: string, region: string | undefined): IotEndpoint | Issue {
  const parts = readParts(value, FAULTS, {
    expected: 'a bare host name: <id>-ats.iot.<region>.amazonaws.com, or a custom domain',
    otherwise: describeEndpoint(region),
  });
  if ('status' in parts) return parts;
  const host = parts.host.replace(/\.$/, '').toLowerCase();
  const [, id = '', of, suffix] = AMAZON.exec(host) ?? [];
  const ats = suffix === 'amazonaws.com' ? `${id}-ats` : `${id}.ats`;
  return { host, region: of, instead: LEGACY_ID.test(id) ? `${ats}.iot.${of}.${suffix}` : undefined };
}

/** @throws CheckStopped with the failure of `endpoint`, if the endpoint is malformed */
export function iotEndpoint(run: Run): IotEndpoint {
  const region = run.deployment.lookup('AWS_REGION');
  const found = readIotEndpoint(run.require(ENDPOINT), region.state === 'set' ? region.value : undefined);
  if ('status' in found) throw new CheckStopped(found);
  return found;
}
