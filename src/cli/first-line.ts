/** The line on standard error while the program itself is loaded. Loads next to nothing. */
import { isOn } from './ci.ts';

export interface FirstLine {
  /** Removes it, if it is shown. */
  clear(): void;
  /** Its text, if it is shown: the caller will print it again with a spinner. */
  handOver(): string | undefined;
}

export const NO_LINE: FirstLine = { clear: () => {}, handOver: () => undefined };

/** Those after which a shell prints its prompt. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const TEXT = 'reading the config';
/** What prints something else than a report, prints no progress, or logs to standard error. */
const OTHER = /^(?:-v*[hqV]|--(?:help|version|quiet|debug)\b)/;

/** Leaves room for a spinner. Whatever is printed next must clear it; a signal that ends the process does. */
export function showFirstLine(host: NodeJS.Process): FirstLine {
  const { argv, env, stderr } = host;
  const args = argv.slice(2);
  const [first = 'check'] = args;
  const isCheck = first === 'check' || first.startsWith('-');
  if (!isCheck || args.some((arg) => OTHER.test(arg)) || !isLive(stderr, env)) return NO_LINE;
  let text: string | undefined = TEXT;
  stderr.write(`  ${text}`);
  const handOver = () => {
    const shown = text;
    text = undefined;
    for (const signal of SIGNALS) host.off(signal, onSignal);
    return shown;
  };
  const clear = () => {
    if (handOver() !== undefined) stderr.write('\r\u001b[K');
  };
  // Without a listener, it ends the process as it would have done.
  const onSignal = (signal: NodeJS.Signals) => {
    clear();
    host.kill(host.pid, signal);
  };
  for (const signal of SIGNALS) host.on(signal, onSignal);
  return { clear, handOver };
}

/** Whether to show a line that changes: only on an interactive terminal, and not while its size is unknown. */
export const isLive = (stream: NodeJS.WriteStream, env: Readonly<Record<string, string | undefined>>): boolean =>
  stream.isTTY === true && stream.columns > 0 && env.TERM !== 'dumb' && !isOn(env.CI);
