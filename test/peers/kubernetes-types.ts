/** Decodes manifests with the types of Kubernetes itself. */
import { execFile } from 'node:child_process';
import { program } from './install.ts';

/** What is wrong with each manifest, as YAML or JSON, of a Pod, a Job or a ServiceAccount. */
export function faultsIn(manifests: readonly string[]): Promise<string[][]> {
  const { command, args, env } = program('kubernetes');
  return new Promise((resolve, reject) => {
    const child = execFile(command, [...args, 'types'], { env: { ...env } }, (error, stdout) => {
      if (error !== null) reject(error);
      else
        resolve(
          stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line)),
        );
    });
    child.stdin?.end(manifests.map((text) => `${Buffer.from(text).toString('base64')}\n`).join(''));
  });
}
