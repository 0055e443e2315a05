/** Whether test messages can be sent and received at all: on a live installation, the real drain would receive them. */
import { oncePerRun } from '../../src/engine/once-per-run.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Skip, skip } from '../../src/outcome/outcome.ts';
import { factsOf } from '../database/index.ts';

/**
 * Why no test message can be sent or received; `undefined` if the database shows that Spacelift is not installed yet.
 * @throws only the reason why the run ended
 */
export const whyNoMessages = oncePerRun(async (run): Promise<Skip | undefined> => {
  const { readOnly, phase } = run.options;
  if (readOnly) {
    return skip('no test message was sent: --read-only', { fix: advice`run this tool without --read-only` });
  }
  if (phase === 'post-install') return installed('phase post-install');
  try {
    const { tables } = await factsOf(run);
    return (await tables).installed ? installed('the database contains its tables') : undefined;
  } catch {
    run.signal.throwIfAborted();
    return skip('no test message was sent: the database does not show whether Spacelift is installed', {
      detail: 'On a live installation, the drain would receive it.',
      fix: advice`before installation, allow this run to read the database in DATABASE_URL`,
    });
  }
});

const installed = (how: string): Skip =>
  skip(`no test message was sent: Spacelift is already installed (${how})`, {
    detail: 'The drain would receive it.',
    fix: advice`message delivery is tested only before installation; afterward, check the drain’s log`,
  });
