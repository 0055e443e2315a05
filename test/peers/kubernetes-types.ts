/** Decodes manifests with the types of Kubernetes itself. */
import { ended } from '../support/programs.ts';
import { program } from './install.ts';

/** What is wrong with each manifest, as YAML or JSON, of a Pod, a Job or a ServiceAccount. */
export async function faultsIn(manifests: readonly string[]): Promise<string[][]> {
  const { command, args, env } = program('kubernetes');
  const stdin = manifests.map((text) => `${Buffer.from(text).toString('base64')}\n`).join('');
  const { code, stdout, stderr } = await ended(command, [...args, 'types'], { env, stdin });
  if (code !== 0) throw new Error(stderr);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line));
}
