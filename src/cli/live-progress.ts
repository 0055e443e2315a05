/** Progress, if somebody watches: what draws it is loaded only then. */
import type { DebugOption } from './debug/option.ts';
import { notice } from './errors.ts';
import type { Progress } from './progress.ts';
import { hasUnicode, isLive } from './terminal.ts';

export async function progressOn(
  host: NodeJS.Process,
  { quiet, debug }: { readonly quiet?: true | undefined; readonly debug?: DebugOption | undefined },
): Promise<Progress> {
  const silent: Progress = { observer: {}, aside: (write) => write(), stop: () => {} };
  if (quiet === true) return silent;
  // The log is progress enough, and would break up the line.
  const isLogged = debug !== undefined && debug.path === undefined;
  if (isLogged || !isLive(host.stderr, host.env)) return { ...silent, observer: { missing: noticeOfChanges(host) } };
  const { showProgress } = await import('./progress.ts');
  return showProgress(host.stderr, hasUnicode(host.env) ? '…' : '...');
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
