/** Progress, if somebody watches: what draws it is loaded only then. */
import { type DebugOption, logsToStandardError } from './debug/option.ts';
import { notice } from './errors.ts';
import { isLive, NO_LINE } from './first-line.ts';
import type { Progress } from './progress.ts';
import { hasUnicode } from './terminal.ts';

export async function progressOn(
  host: NodeJS.Process,
  { quiet, debug }: { readonly quiet?: true | undefined; readonly debug?: DebugOption | undefined },
  firstLine = NO_LINE,
): Promise<Progress> {
  // A log is progress enough.
  if (quiet !== true && !logsToStandardError(debug) && isLive(host.stderr, host.env)) {
    const { showProgress } = await import('./progress.ts');
    return showProgress(host.stderr, hasUnicode(host.env) ? '…' : '...', firstLine);
  }
  firstLine.clear();
  const silent: Progress = { observer: {}, aside: (write) => write(), stop: () => {} };
  return quiet === true ? silent : { ...silent, observer: { missing: noticeOfChanges(host) } };
}

/** For a log: a line when something else is missing than before, not for each attempt. */
function noticeOfChanges(host: NodeJS.Process): (ids: readonly string[]) => void {
  let before = '';
  return (ids) => {
    const now = ids.join(', ');
    if (now !== before) notice(host, `waiting for ${now}`);
    before = now;
  };
}
