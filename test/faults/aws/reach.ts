/** Faults of what only Spacelift itself uses on AWS: License Manager, IoT Core's control plane, and a second region. */
import dns from 'node:dns';
import { refusedPort, startHttp } from '../../services/tcp.ts';
import type { Variables } from '../../support/preflight.ts';
import { config } from '../arrange.ts';
import type { Arrange, Fault } from '../fault.ts';
import { both } from './arrange.ts';
import { at } from './way.ts';

const LICENSE = ['license/license-manager'];
const CONTROL = ['mqtt-broker/iotcore/control-plane'];
const fromAws: Arrange = config(() => ({ LICENSE_TYPE: 'aws', LICENSE_TOKEN: '' }));
const manager = (start: Parameters<typeof at>[1]): Arrange =>
  both(fromAws, at('AWS_ENDPOINT_URL_LICENSE_MANAGER', start));
const secondary =
  (endpoint: string | undefined): Arrange =>
  ({ estate }) => ({
    variables: {
      AWS_SECONDARY_REGION: 'eu-west-1',
      ENCRYPTION_KMS_ENCRYPTION_KEY_ID: estate.eks.aws.keys.create({ multiRegion: true }).arn,
      ...(endpoint !== undefined && { MQTT_BROKER_ENDPOINT: endpoint }),
    },
  });

/** A resolver that finds some services of AWS at the addresses of VPC endpoints, and all others at public ones. */
const resolving =
  (privately: RegExp, variables: Variables): Arrange =>
  () => {
    const { lookup } = dns;
    const patched = (host: string, options: dns.LookupAllOptions, callback: (...result: unknown[]) => void) => {
      if (!/\.amazonaws\.com$/.test(host)) return lookup(host, options, callback);
      return callback(null, [{ address: privately.test(host) ? '10.20.30.40' : '52.95.1.1', family: 4 }]);
    };
    dns.lookup = patched as unknown as typeof lookup;
    // Every server of the test is on loopback, where no proxy is used.
    const HTTPS_PROXY = 'http://proxy.corp.internal:3128';
    return {
      variables: { HTTPS_PROXY, ...variables },
      undo: () => {
        dns.lookup = lookup;
      },
    };
  };
const VPC = ['network/vpc-endpoints'];

const VPC_ENDPOINTS: readonly Fault[] = [
  {
    name: 'a VPC endpoint that the proxy bypasses',
    arrange: resolving(/^kms\./, { NO_PROXY: 'localhost,127.0.0.1' }),
    warn: VPC,
    says: /^kms\.eu-central-1\.amazonaws\.com is private, but requests to it go through the proxy$/m,
  },
  {
    name: 'VPC endpoints that only a range of addresses exempts',
    arrange: resolving(/^(s3|sqs|kms|api\.ecr)\./, { NO_PROXY: '10.0.0.0/8' }),
    warn: VPC,
    says: /^4 AWS endpoints are private, but requests to them go through the proxy$/m,
  },
  {
    name: 'VPC endpoints that another port exempts',
    arrange: resolving(/-ats\.iot\./, { NO_PROXY: '.amazonaws.com:8443' }),
    warn: VPC,
    says: /-ats\.iot\.eu-central-1\.amazonaws\.com is private, but requests to it go through the proxy$/m,
  },
  {
    name: 'VPC endpoints that NO_PROXY lists',
    arrange: resolving(/^(s3|sqs|kms)\./, {
      no_proxy: ['s3', 'sqs', 'kms'].map((name) => `${name}.eu-central-1.amazonaws.com`).join(),
    }),
  },
  { name: 'a proxy in a VPC with internet access', arrange: resolving(/^none$/, {}) },
];

export const REACH: readonly Fault[] = [
  { name: 'a license from AWS', arrange: fromAws },
  {
    name: 'a License Manager that refuses connections',
    arrange: manager(refusedPort),
    fail: LICENSE,
    says: /^127\.0\.0\.1:\d+ refused the connection$/m,
  },
  {
    name: 'a page of a proxy instead of License Manager',
    arrange: manager(() => startHttp(403, '<html>blocked</html>')),
    fail: LICENSE,
    says: /^127\.0\.0\.1:\d+ does not look like AWS License Manager \(HTTP 403\)$/m,
  },
  {
    name: 'a control plane of IoT Core that refuses connections',
    arrange: at('AWS_ENDPOINT_URL_IOT', refusedPort),
    fail: CONTROL,
    says: /^127\.0\.0\.1:\d+ refused the connection\n.*AWS has no VPC endpoint for IoT Core’s control plane/m,
  },
  {
    name: 'a page of a proxy instead of IoT Core’s control plane',
    arrange: at('AWS_ENDPOINT_URL_IOT', () => startHttp(200, '<html>log in</html>')),
    fail: CONTROL,
    says: /^127\.0\.0\.1:\d+ does not look like IoT Core’s control plane \(HTTP 200\)$/m,
  },
  {
    name: 'a secondary region with the endpoint of the first',
    arrange: secondary(undefined),
    warn: ['mqtt-broker/iotcore/custom-domain'],
    says: /^MQTT_BROKER_ENDPOINT belongs to eu-central-1, but AWS_SECONDARY_REGION is eu-west-1$/m,
  },
  ...VPC_ENDPOINTS,
  { name: 'a secondary region with a custom domain', arrange: secondary('worker-iot.spacelift.corp.io') },
];
