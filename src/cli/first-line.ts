/** The line on standard error while the program itself is loaded. Loads next to nothing. */
import { isOn } from './ci.ts';

export interface FirstLine {
  /** Removes it, if it is shown. */
  clear(): void;
  /** Its text, if it is shown: the caller will print it again with a spinner. */
  handOver(): string | undefined;
}

export const NO_LINE: FirstLine = { clear: () => {}, handOver: () => undefined };

const TEXT = 'reading the config';
/** What prints something else than a report, prints no progress, or logs to standard error. */
const OTHER = /^(?:-v*[hqV]|--(?:help|version|quiet|debug)\b)/;

/** Leaves room for a spinner. Whatever is printed next must clear it. */
export function showFirstLine({ argv, env, stderr }: NodeJS.Process): FirstLine {
  const args = argv.slice(2);
  const [first = 'check'] = args;
  const isCheck = first === 'check' || first.startsWith('-');
  if (!isCheck || args.some((arg) => OTHER.test(arg)) || !isLive(stderr, env)) return NO_LINE;
  let text: string | undefined = TEXT;
  stderr.write(`  ${text}`);
  const handOver = () => {
    const shown = text;
    text = undefined;
    return shown;
  };
  return {
    clear: () => {
      if (handOver() !== undefined) stderr.write('\r\u001b[K');
    },
    handOver,
  };
}

/** Whether to show a line that changes: only on an interactive terminal, and not while its size is unknown. */
export const isLive = (stream: NodeJS.WriteStream, env: Readonly<Record<string, string | undefined>>): boolean =>
  stream.isTTY === true && stream.columns > 0 && env.TERM !== 'dumb' && !isOn(env.CI);
