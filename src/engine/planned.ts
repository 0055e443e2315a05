/** Checks of a Terraform plan: what it says about the resources, without contacting anything. */
import { advice, type Fix } from '../outcome/fix.ts';
import { CheckStopped, type Outcome, skip } from '../outcome/outcome.ts';
import { type Check, type PlannedFinding, type Run, withSubject } from './check.ts';

const NOT_CONTACTED = skip('nothing is contacted while a plan is checked', {
  fix: advice`after the apply, check the config again; to contact what is already there, add --phase pre-install or --phase post-install`,
});

/** The check without the network: its findings are those of the plan, and all others are skipped. */
export function plannedCheck(check: Check): Check {
  // A check without a plan of operations contacts nothing.
  if (check.plan === undefined) return check;
  const { summary: _, ...rest } = check;
  const findingsOf = (run: Run): readonly PlannedFinding[] => check.planned?.(run) ?? [];
  return {
    ...rest,
    expects: (run) => [
      ...new Set([...check.expects(run), ...findingsOf(run).map(({ rule, subject }) => withSubject(rule, subject))]),
    ],
    run: async (context) => {
      if (await isLocal(check, context)) return check.run(context);
      for (const { rule, subject, outcome } of findingsOf(context)) {
        if (subject === undefined) await context.check(rule, () => outcome);
        else await context.forSubject(subject, async (part) => void (await part.check(rule, () => outcome)));
      }
      throw new CheckStopped(NOT_CONTACTED);
    },
  };
}

/** Whether the check does everything on this machine: an RSA key, the expiration of a license token. */
async function isLocal(check: Check, run: Run): Promise<boolean> {
  try {
    return (await check.plan?.(run))?.every(({ at }) => at.length === 0) ?? true;
  } catch (error) {
    if (error instanceof CheckStopped) return false;
    throw error;
  }
}

/** Marks an outcome as one of a plan. @param address of the resource */
export function planned(outcome: Outcome, address: string, fix?: Fix): Outcome {
  const { title, detail, evidence } = outcome;
  const marks = {
    planned: true,
    title: `planned: ${title}`,
    detail: `${address}${detail === undefined ? '' : `: ${detail}`}`,
    evidence: { ...evidence, resource: address },
  } as const;
  if (outcome.status === 'pass' || fix === undefined) return { ...outcome, ...marks };
  return { ...outcome, ...marks, fix };
}
