/** Progress, if somebody watches: what draws it is loaded only then. */
import type { Progress } from './progress.ts';
import { hasUnicode, isLive } from './terminal.ts';

export async function progressOn(
  host: NodeJS.Process,
  { quiet }: { readonly quiet?: true | undefined },
): Promise<Progress> {
  if (quiet === true || !isLive(host.stderr, host.env))
    return { observer: {}, aside: (write) => write(), stop: () => {} };
  const { showProgress } = await import('./progress.ts');
  return showProgress(host.stderr, hasUnicode(host.env) ? '…' : '...');
}
