/** A real HAProxy without a server behind it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HOST, start } from './process.ts';

export interface Balancer {
  /** `host:port`. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * @param mode `tcp` accepts and closes; `http` responds with 503
 * @param servers lines of its backend: none, or servers that are down
 */
export async function startHaproxy(mode: 'tcp' | 'http', servers: readonly string[] = []): Promise<Balancer> {
  const server = await start('haproxy', {
    args: async ({ ports: [port], directory }) => {
      const lines = [
        'defaults',
        `  mode ${mode}`,
        '  timeout connect 1s',
        '  timeout client 30s',
        '  timeout server 30s',
        'frontend front',
        `  bind ${HOST}:${port}`,
        '  default_backend back',
        'backend back',
        ...servers.map((line) => `  ${line}`),
      ];
      await writeFile(join(directory, 'haproxy.cfg'), `${lines.join('\n')}\n`);
      return ['-db', '-f', join(directory, 'haproxy.cfg')];
    },
  });
  return { endpoint: `${HOST}:${server.ports[0]}`, stop: server.stop };
}
