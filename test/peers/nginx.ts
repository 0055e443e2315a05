/** A real nginx in front of another server. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HOST, start } from './process.ts';

export interface Proxy {
  /** `host:port`. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** @param settings lines of the `server` block, beside where it listens and what it passes on */
export async function startNginx(target: string, settings: readonly string[]): Promise<Proxy> {
  const server = await start('nginx', {
    args: async ({ ports: [port], directory }) => {
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${join(directory, name)};`,
      );
      const block = [`listen ${HOST}:${port};`, ...settings, `location / { proxy_pass http://${target}; }`];
      const lines = [
        'daemon off; master_process off; error_log stderr;',
        `pid ${join(directory, 'pid')};`,
        'events {}',
        `http { access_log off; ${temporary.join(' ')} server { ${block.join(' ')} } }`,
      ];
      await writeFile(join(directory, 'nginx.conf'), lines.join('\n'));
      return ['-p', directory, '-e', 'stderr', '-c', join(directory, 'nginx.conf')];
    },
  });
  return { endpoint: `${HOST}:${server.ports[0]}`, stop: server.stop };
}
