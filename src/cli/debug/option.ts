/** `--debug [=file]`: its value needs the `=`, so that the option never takes the next argument, such as a command. */
import { Option } from 'commander';

export interface DebugOption {
  /** Of the file; without it, the log goes to standard error. */
  readonly path: string | undefined;
}

export const debugOption = (): Option =>
  new Option('--debug [=file]', 'log every request, without secrets, to standard error or a file').argParser(
    (value): DebugOption => ({ path: value === '' ? undefined : value }),
  );

/** Whether the log's lines go to standard error, where they would break up what is drawn there. */
export const logsToStandardError = (debug: DebugOption | undefined): boolean =>
  debug !== undefined && debug.path === undefined;

/** The arguments for commander, which would take the next one as the file. */
export function withOwnDebug(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((arg, index) => (arg === '--debug' && (end < 0 || index < end) ? '--debug=' : arg));
}
