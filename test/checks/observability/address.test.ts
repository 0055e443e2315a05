import { describe, expect, test } from 'vitest';
import { processSource } from '../../../src/config/sources/process.ts';
import type { Variables } from '../../support/preflight.ts';
import { run } from './support.ts';

const ADDRESS = 'observability/address';
/** `address` alone is judged: nothing is contacted. */
const judged = async (variables: Variables) => (await run(variables, { only: [ADDRESS] })).finding(ADDRESS);

describe('the vendor’s own variable is missing', () => {
  test.each([
    ['Datadog', { DD_TRACE_AGENT_PORT: '8126', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4317' }, 'DD_AGENT_HOST'],
    ['AWS', { DD_AGENT_HOST: 'agent' }, 'AWS_XRAY_DAEMON_ADDRESS'],
    ['OpenTelemetry', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
  ])('%s', async (vendor, more, variable) => {
    const result = await run({ OBSERVABILITY_VENDOR: vendor, ...more });
    expect(result.ids('fail')).toEqual([ADDRESS]);
    expect(result.ids('warn')).toEqual([]);
    expect(result.finding(ADDRESS)).toMatchObject({
      title: `OBSERVABILITY_VENDOR is ${vendor}, but ${variable} is not set`,
      fix: expect.stringContaining(variable),
    });
  });
});

describe('the vendor’s own variable is misspelled', () => {
  test.each([
    ['Datadog', 'DD_AGENT_HSOT', 'DD_AGENT_HOST'],
    ['Datadog', 'DD_TRACE_AGENT_ULR', 'DD_TRACE_AGENT_URL'],
    ['AWS', 'AWS_XRAY_DEAMON_ADDRESS', 'AWS_XRAY_DAEMON_ADDRESS'],
    ['OpenTelemetry', 'OTEL_EXPORTER_OLTP_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    ['OpenTelemetry', 'OTEL_EXPORTER_OTLP_TRACE_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
  ])('%s: %s', async (vendor, name, meant) => {
    expect(await judged({ OBSERVABILITY_VENDOR: vendor, [name]: 'http://agent:4317' })).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(new RegExp(`^${name} is set in .*, did you mean ${meant}\\?$`)),
      fix: `rename ${name} to ${meant}`,
    });
  });
});

describe('forms that the SDKs accept', () => {
  test.each([
    ['Datadog', { DD_AGENT_HOST: 'agent.corp.io' }, 'agent.corp.io:8126'],
    ['Datadog', { DD_AGENT_HOST: 'fd00::7', DD_TRACE_AGENT_PORT: '9126' }, '[fd00::7]:9126'],
    ['Datadog', { DD_AGENT_HOST: '10.0.0.7' }, '10.0.0.7:8126'],
    ['Datadog', { DD_TRACE_AGENT_URL: 'http://agent:8126/' }, 'agent:8126'],
    ['Datadog', { DD_TRACE_AGENT_URL: 'https://agent' }, 'agent:443'],
    ['Datadog', { DD_TRACE_AGENT_URL: 'unix:///var/run/datadog/apm.socket' }, '/var/run/datadog/apm.socket'],
    ['AWS', { AWS_XRAY_DAEMON_ADDRESS: 'xray-daemon:2000' }, 'xray-daemon:2000'],
    ['AWS', { AWS_XRAY_DAEMON_ADDRESS: 'tcp:10.0.0.7:2000 udp:10.0.0.8:2001' }, '10.0.0.8:2001'],
    ['AWS', { AWS_XRAY_DAEMON_ADDRESS: 'udp:a:2001 tcp:b:2000' }, 'a:2001'],
    ['OpenTelemetry', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4317' }, 'otel:4317'],
    ['OpenTelemetry', { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://[fd00::7]:4317/' }, '[fd00::7]:4317'],
    ['OpenTelemetry', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel' }, 'otel:443'],
    ['OpenTelemetry', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://user@otel:4317' }, 'otel:4317'],
    ['OpenTelemetry', { OTEL_EXPORTER_OTLP_ENDPOINT: 'unix:///run/otlp.sock' }, '/run/otlp.sock'],
  ])('%s %o', async (vendor, more, at) => {
    expect(await judged({ OBSERVABILITY_VENDOR: vendor, ...more })).toMatchObject({
      status: 'pass',
      title: `traces go to ${vendor} at ${at}`,
    });
  });
});

describe('forms that the SDKs do not accept', () => {
  test.each([
    ['Datadog', 'DD_AGENT_HOST', 'http://agent'],
    ['Datadog', 'DD_AGENT_HOST', 'agent:8126'],
    ['Datadog', 'DD_AGENT_HOST', '[fd00::7]'],
    ['Datadog', 'DD_TRACE_AGENT_URL', 'udp://agent:8126'],
    ['Datadog', 'DD_TRACE_AGENT_URL', 'agent:8126'],
    ['Datadog', 'DD_TRACE_AGENT_URL', 'http://agent:81260'],
    ['AWS', 'AWS_XRAY_DAEMON_ADDRESS', 'xray-daemon'],
    ['AWS', 'AWS_XRAY_DAEMON_ADDRESS', 'udp:xray:2000'],
    ['AWS', 'AWS_XRAY_DAEMON_ADDRESS', 'udp:xray:2000 udp:xray:2001'],
    ['AWS', 'AWS_XRAY_DAEMON_ADDRESS', 'tcp:xray:2000  udp:xray:2000'],
    ['AWS', 'AWS_XRAY_DAEMON_ADDRESS', 'http://xray:2000'],
    ['AWS', 'AWS_XRAY_DAEMON_ADDRESS', '[fd00::7]:2000'],
    ['AWS', 'AWS_XRAY_DAEMON_ADDRESS', 'xray:0'],
    ['OpenTelemetry', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://otel:4317'],
    ['OpenTelemetry', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'http://'],
  ])('%s %s=%s', async (vendor, variable, value) => {
    const result = await run({ OBSERVABILITY_VENDOR: vendor, [variable]: value });
    expect(result.ids('fail')).toEqual([ADDRESS]);
    expect(result.finding(ADDRESS)).toMatchObject({ evidence: { variable }, expected: expect.any(String) });
  });
  test.each(['otel:4317', '10.0.0.7:4317'])('%s lacks its http://', async (value) => {
    expect(await judged({ OBSERVABILITY_VENDOR: 'OpenTelemetry', OTEL_EXPORTER_OTLP_ENDPOINT: value })).toMatchObject({
      status: 'fail',
      fix: `set OTEL_EXPORTER_OTLP_ENDPOINT=http://${value}`,
    });
  });
  test('a password is never shown', async () => {
    const found = await judged({
      OBSERVABILITY_VENDOR: 'OpenTelemetry',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://user:hunter2@otel:4317',
    });
    expect(found.status).toBe('fail');
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});

describe('which rules apply', () => {
  test('disabled, unset: service names alone', async () => {
    for (const OBSERVABILITY_VENDOR of ['', 'Disabled']) {
      expect((await run({ OBSERVABILITY_VENDOR })).findings.map(({ id }) => id)).toEqual([
        'observability/service-name',
      ]);
    }
  });
  test('a worker sends no traces', async () => {
    expect((await run({ OBSERVABILITY_VENDOR: 'Datadog' }, { service: 'worker' })).findings).toEqual([]);
  });
  test('a vendor that is none fails under `configuration`, and points there', async () => {
    const { configuration } = await import('../../../checks/configuration/index.ts');
    const { observability } = await import('../../../checks/observability/index.ts');
    const { preflight } = await import('../../support/preflight.ts');
    const result = await preflight(
      [configuration, observability],
      [processSource({ OBSERVABILITY_VENDOR: 'datadog' })],
      {
        only: ['configuration/value', 'observability/*'],
      },
    );
    expect(result.ids('fail')).toEqual(['configuration/value[OBSERVABILITY_VENDOR]']);
    expect(result.finding(ADDRESS).status).toBe('skip');
  });
});

describe('service names', () => {
  const SERVICE_NAME = 'observability/service-name';
  test.each([['DD_SERVICE'], ['AWS_XRAY_TRACING_NAME'], ['OTEL_SERVICE_NAME']])('%s warns', async (name) => {
    const result = await run({ [name]: 'spacelift' });
    expect(result.ids('warn')).toEqual([SERVICE_NAME]);
    expect(result.ids('fail')).toEqual([]);
    expect(result.finding(SERVICE_NAME)).toMatchObject({ fix: `remove ${name}` });
  });
  test('several are one warning; an empty one is none', async () => {
    const both = await run({ DD_SERVICE: 'a', OTEL_SERVICE_NAME: 'b', AWS_XRAY_TRACING_NAME: '' });
    expect(both.finding(SERVICE_NAME).title).toContain('DD_SERVICE and OTEL_SERVICE_NAME are set');
    expect((await run({ DD_SERVICE: '' })).finding(SERVICE_NAME).status).toBe('pass');
  });
});
