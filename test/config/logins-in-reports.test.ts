/** The login of an address is in no report, whether the address answers or not. */
import { expect, test } from 'vitest';
import { configuration } from '../../checks/configuration/index.ts';
import { network } from '../../checks/network/index.ts';
import { observability } from '../../checks/observability/index.ts';
import { redactor } from '../../src/config/redact.ts';
import { makeReport } from '../../src/report/report.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight, type Variables } from '../support/preflight.ts';

const NOBODY = '127.0.0.1:1';
const LOGINS = [
  `https://me:hunter2@${NOBODY}/x?token=hunter2-too`,
  `http://hunter2@${NOBODY}`,
  `me:hunter2@${NOBODY}`,
  `//me:hunter2@${NOBODY}`,
  `//hunter2@${NOBODY}`,
  `svc@corp:hunter2@${NOBODY}`,
  `http://${NOBODY}/x?X-Api-Key=hunter2-too`,
  `host=127.0.0.1 port=1 password=hunter2-too`,
];
const PLACES: Readonly<Record<string, (value: string) => Variables>> = {
  WEBHOOKS_ENDPOINT: (value) => ({ WEBHOOKS_ENDPOINT: value }),
  SPACELIFT_PUBLIC_API: (value) => ({ SPACELIFT_PUBLIC_API: value }),
  VCS_GATEWAY_ENDPOINT: (value) => ({ VCS_GATEWAY_ENDPOINT: value }),
  SERVER_DOMAIN: (value) => ({ SERVER_DOMAIN: value }),
  DD_AGENT_HOST: (value) => ({ OBSERVABILITY_VENDOR: 'Datadog', DD_AGENT_HOST: value }),
  DD_TRACE_AGENT_URL: (value) => ({ OBSERVABILITY_VENDOR: 'Datadog', DD_TRACE_AGENT_URL: value }),
  AWS_XRAY_DAEMON_ADDRESS: (value) => ({ OBSERVABILITY_VENDOR: 'AWS', AWS_XRAY_DAEMON_ADDRESS: value }),
  OTEL_EXPORTER_OTLP_ENDPOINT: (value) => ({
    OBSERVABILITY_VENDOR: 'OpenTelemetry',
    OTEL_EXPORTER_OTLP_ENDPOINT: value,
  }),
  HTTPS_PROXY: (value) => ({ WEBHOOKS_ENDPOINT: `https://${NOBODY}`, HTTPS_PROXY: value }),
};

test.each(Object.entries(PLACES))('%s', async (_, place) => {
  const reports = await Promise.all(LOGINS.map((value) => reportOf(place(value))));
  for (const report of reports) expect(JSON.stringify(report)).not.toContain('hunter2');
});

async function reportOf(given: Variables): Promise<unknown> {
  const variables = { ...ONPREM, SERVER_DOMAIN: 'spacelift.invalid', ...given };
  const { run, deployment } = await preflight([configuration, network, observability], variables, {
    phase: 'post-install',
    timeoutMs: 1000,
  });
  return makeReport(run, {
    phase: 'post-install',
    service: undefined,
    accept: new Map(),
    redact: redactor(deployment.secrets),
  });
}
