import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Collector, startCollector, startDatadogAgent } from './collector.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

describe('an OpenTelemetry collector', () => {
  const RULE = 'observability/opentelemetry';
  const check = (endpoint: string, more = {}) =>
    world.check({ OBSERVABILITY_VENDOR: 'OpenTelemetry', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...more });
  const collector = async (...args: Parameters<typeof startCollector>): Promise<Collector> => {
    const started = await startCollector(...args);
    onTestFinished(started.stop);
    return started;
  };

  test('accepts a request without spans, of which nothing is to be seen', async () => {
    const { grpc, log } = await collector({ grpc: '', http: '' });
    const result = await check(grpc);
    expect(judged(result)).toEqual(HEALTHY);
    expect(result.finding(RULE).status).toBe('pass');
    expect(log()).not.toMatch(/Traces|spans|error/);
  });

  test('that receives by HTTP only is told apart, and so is its HTTP port', async () => {
    const alone = await collector({ http: '' });
    const result = await check(alone.http);
    expect(judged(result)).toEqual({ fail: [RULE], warn: [] });
    expect(result.finding(RULE).title).toMatch(/HTTP/);
    const both = await collector({ grpc: '', http: '' });
    expect(judged(await check(both.http))).toEqual({ fail: [RULE], warn: [] });
  });

  test('behind which nobody listens: not there yet', async () => {
    const started = await collector({ http: '' });
    const result = await check(started.grpc);
    expect(result.ids('fail')).toEqual([]);
    expect(result.finding(RULE).status).toBe('skip');
  });
});

describe('the Datadog test agent', () => {
  test('answers, and keeps nothing of the visit', async () => {
    const agent = await startDatadogAgent();
    onTestFinished(agent.stop);
    const url = `http://127.0.0.1:${agent.ports[0]}`;
    const result = await world.check({ OBSERVABILITY_VENDOR: 'Datadog', DD_TRACE_AGENT_URL: url });
    expect(judged(result)).toEqual(HEALTHY);
    expect(result.finding('observability/datadog').status).toBe('pass');
    expect(await (await fetch(`${url}/test/traces`)).json()).toEqual([]);
  });
});
