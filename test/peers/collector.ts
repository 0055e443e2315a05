/** A real OpenTelemetry collector that receives OTLP by gRPC and by HTTP, and the Datadog agent's own stand-in. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answers, HOST, type Running, start } from './process.ts';

export interface Collector {
  readonly grpc: string;
  readonly http: string;
  log(): string;
  stop(): Promise<void>;
}

/** @param protocols of OTLP that it speaks, with what they need beside an address, in YAML */
export async function startCollector(protocols: { grpc?: string; http?: string }): Promise<Collector> {
  const server = await start('otelcol', {
    ports: 2,
    args: async ({ ports, directory }) => {
      const receiver = Object.entries(protocols).map(([protocol, more]) => {
        const port = ports[protocol === 'grpc' ? 0 : 1];
        return `${protocol}: { endpoint: '${HOST}:${port}', ${more} }`;
      });
      const config = `
receivers: { otlp: { protocols: { ${receiver.join(', ')} } } }
exporters: { debug: { verbosity: detailed } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], exporters: [debug] } }
`;
      await writeFile(join(directory, 'config.yaml'), config);
      return ['--config', join(directory, 'config.yaml')];
    },
    // Said when every receiver listens.
    ready: ({ log }) => log().includes('Everything is ready'),
  });
  const [grpc, http] = server.ports.map((port) => `http://${HOST}:${port}`);
  return { grpc: grpc ?? '', http: http ?? '', log: server.log, stop: server.stop };
}

/** The Datadog test agent: what Datadog tests its own tracers with. */
export const startDatadogAgent = (): Promise<Running> =>
  start('ddapm-test-agent', {
    ports: 3,
    args: ({ ports: [port] }) => ['--port', String(port)],
    ready: answers('/info'),
  });
