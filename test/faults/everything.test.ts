/** A config with every optional part in use, on healthy servers, in each phase and with each telemetry vendor. */
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { type DemoDeployment, startDemo } from '../../demo/deployment.ts';
import { startAws } from '../services/aws/index.ts';
import { startOtlp } from '../services/otlp.ts';
import { startDatadogAgent, startXrayDaemon } from '../services/telemetry.ts';
import { type CertificateAuthority, makeCa } from '../services/tls.ts';
import { place } from '../support/aws.ts';
import { preflight, type Variables } from '../support/preflight.ts';

let demo: DemoDeployment;
let ca: CertificateAuthority;
let optional: Variables;
const stops: (() => unknown)[] = [];

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  demo = await startDemo();
  stops.push(demo.stop);
  ca = await makeCa();
  const { chainPem: cert, keyPem: key } = await ca.issue({ names: ['localhost'] });
  const spacelift = await listening(createServer((_, response) => response.end('ok')));
  const gateway = await listening(createSecureServer({ cert, key }));
  const authorities = JSON.stringify({ caCertificates: [Buffer.from(ca.certPem).toString('base64')] });
  optional = {
    DATABASE_READ_ONLY_URL: demo.variables.DATABASE_URL,
    WEBHOOKS_ENDPOINT: `http://localhost:${spacelift}/webhooks`,
    SPACELIFT_PUBLIC_API: `http://localhost:${spacelift}`,
    VCS_GATEWAY_ENDPOINT: `localhost:${gateway}`,
    ADDITIONAL_ROOT_CAS: Buffer.from(authorities).toString('base64'),
    LAUNCHER_IMAGE: 'registry.corp.io:5000/launcher',
    LAUNCHER_IMAGE_TAG: 'v2.4.0',
    DRAIN_CONCURRENCY_ASYNC: '15',
    DRAIN_SCHEDULER_ENABLED: 'false',
    MESSAGE_PROCESSING_TIMEOUT_SECONDS: '900',
    SLACK_APP_CLIENT_ID: 'id',
    SLACK_APP_CLIENT_SECRET: 'a-long-slack-secret',
    SLACK_SECRET: 'another-slack-secret',
    SAML_CERT: Buffer.from(cert).toString('base64'),
    SAML_KEY: Buffer.from(key).toString('base64'),
    FEATURE_FLAG_ANYTHING: 'true',
  };
});
afterAll(() => Promise.all(stops.map((stop) => stop())));

/** Where an agent of the vendor listens, as Spacelift is told. */
const VENDORS: Readonly<Record<string, () => Promise<Variables>>> = {
  Datadog: async () => {
    const agent = await startDatadogAgent();
    stops.push(agent.close);
    return { DD_TRACE_AGENT_URL: `http://127.0.0.1:${agent.port}` };
  },
  AWS: async () => {
    const [daemon, aws] = await Promise.all([startXrayDaemon(), startAws()]);
    stops.push(daemon.close, aws.close);
    const address = `127.0.0.1:${daemon.port}`;
    return { ...place(aws), AWS_ENDPOINT_URL: aws.url, AWS_XRAY_DAEMON_ADDRESS: address };
  },
  OpenTelemetry: async () => {
    const collector = await startOtlp();
    stops.push(collector.close);
    return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}` };
  },
};

describe.each(['pre-install', 'post-install'] as const)('%s', (phase) => {
  test.each(Object.keys(VENDORS))('with %s', async (vendor) => {
    const agent = await VENDORS[vendor]?.();
    const variables = { ...demo.variables, ...optional, ...agent, OBSERVABILITY_VENDOR: vendor };
    // The domain's own certificate is on port 443, which a test can't have.
    const result = await preflight(CHECKS, variables, { phase, skip: ['network/certificate'] });
    expect({ fail: result.ids('fail'), warn: result.ids('warn') }).toEqual({ fail: [], warn: [] });
    const notVerified = result.ids('skip').filter((id) => id !== 'network/certificate');
    expect(notVerified).toEqual(phase === 'pre-install' ? ['network/webhooks'] : []);
  });
});
