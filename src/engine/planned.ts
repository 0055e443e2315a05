/** Checks of a Terraform plan: what it says about the resources, without contacting anything. */
import type { VariableName } from '../config/contract.ts';
import type { Resource } from '../config/terraform/model.ts';
import { UNSEEN } from '../config/unseen.ts';
import { advice, type Fix } from '../outcome/fix.ts';
import { CheckStopped, type Outcome, skip } from '../outcome/outcome.ts';
import { type Check, type Run, withSubject } from './check.ts';

const NOT_CONTACTED = skip('nothing is contacted while a plan is checked', {
  fix: advice`after the apply, check the config again; to contact what is already there, add --phase pre-install or --phase post-install`,
});

/** The check without the network: its findings are those of the plan, and all others are skipped. */
export async function plannedCheck(check: Check): Promise<Check> {
  // A check without a plan of operations contacts nothing.
  if (check.plan === undefined) return check;
  const { summary: _, ...rest } = check;
  const findingsOf = (await check.planned?.()) ?? (() => []);
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

/**
 * The skip for what a plan does not tell about a resource.
 * @param what completes "the plan does not show"
 * @param why a sentence
 */
export const notShown = (what: string, { address }: Pick<Resource, 'address'>, why: string): Outcome =>
  planned(skip(`the plan does not show ${what}`, { detail: why }), address, UNSEEN.apply.fix);

export const knownLater = (attribute: string): string => `${attribute} is known only after the apply.`;

/** Of the resources in one detail. */
const MOST_LISTED = 3;

/**
 * The skip for a variable whose value is not known here, if none of the resources has a name that identifies it.
 * @param noun "bucket"
 * @param candidates the resources that it could name
 */
export function notIdentified(
  { deployment: { lookup } }: Run,
  variable: VariableName,
  noun: string,
  candidates: readonly Resource[],
): Outcome | undefined {
  const held = lookup(variable);
  if (held.state !== 'unknown' || candidates.length === 0) return undefined;
  const listed = candidates.slice(0, MOST_LISTED).map(({ address }) => address);
  const more = candidates.length - listed.length;
  return {
    ...skip(`planned: the plan does not show which ${noun} ${variable} names`, {
      detail: `${variable} is set ${held.origin}. The plan contains ${listed.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
      fix: held.fix,
      evidence: { variable, resources: listed },
    }),
    planned: true,
  };
}
