/** A real shell reads what is pasted; the programs that it starts are clients of the test servers. */
import type { S3User } from '../../services/s3/types.ts';
import type { Estate } from '../../support/estate.ts';
import { CLIENTS } from '../../support/pasteable.ts';
import { makeRecorder, type Recorder } from '../../support/recorder.ts';
import { runAws } from './aws-cli.ts';
import { runMc } from './mc.ts';

/** Who executes commands: nobody's policy limits them. */
export const ADMINISTRATOR: S3User = {
  accessKeyId: 'AKIAADMINISTRATOR000',
  secretAccessKey: 'the-secret-of-an-administrator',
};
/** One of those that the test servers have, and no installation is in. */
export const REGION_OF_ADMINISTRATOR = 'eu-west-1';

/** By the name of the program. */
const PROGRAMS: Readonly<Record<string, (args: readonly string[], estate: Estate) => Promise<string>>> = {
  aws: (args, { eks: { aws, s3 } }) =>
    runAws(args, {
      endpoint: (service) => (service === 's3' ? s3.url : aws.url),
      credentials: ADMINISTRATOR,
      // The CLI finds the region of a bucket by itself.
      region: args[0] === 's3api' ? aws.region : REGION_OF_ADMINISTRATOR,
    }),
  mc: (args, { store }) => runMc(args, { url: store.url, credentials: ADMINISTRATOR }),
};

export const hasClient = (program: string): boolean => Object.hasOwn(PROGRAMS, program);

let recorder: Recorder | undefined;

/** @returns what the programs print. @throws Error of a program, or if one of them is not there */
export async function runShell(text: string, estate: Estate): Promise<string> {
  recorder ??= makeRecorder(CLIENTS);
  const { ran, code, stderr } = await recorder.play(text);
  if (code !== 0 || stderr !== '') throw new Error(`the shell ended with ${code}: ${stderr}`);
  return asAdministrator(estate, async () => {
    let output = '';
    for (const [program = '', ...args] of ran) {
      const run = PROGRAMS[program];
      if (run === undefined) throw new Error(`no client for: ${program} ${args.join(' ')}`);
      output += await run(args, estate);
    }
    return output;
  });
}

/** The test servers know the administrator as long as this lasts. */
export async function asAdministrator<T>(estate: Estate, work: () => Promise<T>): Promise<T> {
  const servers = [estate.store, estate.eks.aws, estate.eks.s3];
  const users = servers.map((server) => server.users);
  for (const server of servers) server.users = [...server.users, ADMINISTRATOR];
  try {
    return await work();
  } finally {
    for (const [at, server] of servers.entries()) server.users = users[at] ?? [];
  }
}
