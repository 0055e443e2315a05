/** `plan`: shows what a run would do, without doing it. */
import { CHECKS } from '../app/checks.ts';
import { refuseInapplicableSelection } from '../app/selection.ts';
import { targetsIn } from '../app/targets.ts';
import { DEFAULTS } from '../config/options.ts';
import { makePlan } from '../plan/plan.ts';
import type { PlanArguments } from './options.ts';
import { checkIds, readDeployment } from './prepare.ts';
import { print } from './print.ts';
import { styleOf } from './terminal.ts';

/** @throws InputError if there is no readable config */
export async function plan(host: NodeJS.Process, args: PlanArguments): Promise<void> {
  const options = {
    ...DEFAULTS,
    only: args.only ?? [],
    skip: args.skip ?? [],
    phase: args.phase,
    from: args.from,
    ...targetsIn(args, '--'),
    readOnly: args.readOnly === true,
  };
  checkIds(args);
  const deployment = await readDeployment(host, args, options);
  refuseInapplicableSelection(deployment, options, '--');
  const made = await makePlan(CHECKS, deployment, options, args.decisions);
  if (args.format === 'json') {
    await print(host, `${JSON.stringify(made, null, 2)}\n`, 'json');
    return;
  }
  const [{ renderPlan }, { loadWidths }] = await Promise.all([
    import('../plan/pretty.ts'),
    import('../report/wrap.ts'),
  ]);
  await loadWidths();
  const style = await styleOf(host.stdout, host.env, { color: args.color, verbosity: 'normal' });
  await print(host, renderPlan(made, style), 'text');
}
