/** Tasks whose container is the command line itself, as users get it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { textIn } from '../../src/util/json.ts';
import type { AwsUser, Execution, Start } from '../services/aws/index.ts';
import { builtExecutable } from './built.ts';

/** Runs the command line with these arguments and variables alone, until it ends or is told to. */
export type RunContainer = (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<Execution>;

/**
 * Runs the command of a container with nothing but the variables of the task, and the credentials of its task role as ECS would
 * hand them out.
 * @param users by the ARN of the role
 * @param runContainer in a process of its own unless told
 */
export async function executing(
  users: Readonly<Record<string, AwsUser>>,
  reaching: Readonly<Record<string, string>>,
  runContainer?: RunContainer,
): Promise<(start: Start) => Promise<Execution>> {
  const runIt = runContainer ?? (await asProcess());
  return ({ definition, container, environment, signal }) => {
    const user = users[textIn(definition, 'taskRoleArn') ?? ''];
    const command = Array.isArray(container.command) ? container.command.map(String) : [];
    const credentials = user !== undefined && {
      AWS_ACCESS_KEY_ID: user.accessKeyId,
      AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
      ...(user.sessionToken !== undefined && { AWS_SESSION_TOKEN: user.sessionToken }),
    };
    return runIt(command, { ...environment, ...reaching, ...credentials }, signal);
  };
}

async function asProcess(): Promise<RunContainer> {
  const executable = await builtExecutable();
  return async (args, env, signal) => {
    const child = spawn(process.execPath, [executable, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    const [[code], ...streams] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
    return { exitCode: Number(code ?? 143), output: streams.join('\n') };
  };
}
