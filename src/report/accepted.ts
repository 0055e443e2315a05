/** Accepted warnings, and what else a decisions file decided. */
import type { Accepted, Decisions } from '../config/schema.ts';
import { partsOf } from '../engine/finding-id.ts';
import { plural } from '../util/format.ts';
import { oneLine } from './sanitize.ts';
import type { ReportFinding } from './types.ts';

/** By finding ID; an ID without a variable stands for those with any variable. A text is a reason without more. */
export type Acceptances = ReadonlyMap<string, string | Accepted>;

/** Without an acceptance, or with one that expired, the warning counts. */
export function acceptedFields(
  id: string,
  accept: Acceptances,
  clean: (text: string) => string,
): Pick<ReportFinding, 'accepted' | 'decision'> | undefined {
  const given = accept.get(id) ?? accept.get(partsOf(id).base);
  if (given === undefined) return undefined;
  if (typeof given === 'string') return { accepted: oneLine(clean(given)) };
  const line = (text: string) => oneLine(clean(text));
  const { reason, who, until, isExpired, where } = given;
  const decision: Accepted = {
    reason: line(reason),
    ...(who !== undefined && { who: line(who) }),
    ...(until !== undefined && { until }),
    ...(isExpired === true && { isExpired }),
    ...(where !== undefined && { where: line(where) }),
  };
  return isExpired === true ? { decision } : { accepted: decision.reason, decision };
}

/** "approved in OPS-123 (by Jane, until 2026-12-31, preflight.yaml:4)"; one that expired says so first. */
export function acceptancePhrase({
  accepted,
  decision,
}: Pick<ReportFinding, 'accepted' | 'decision'>): string | undefined {
  if (decision === undefined) return accepted;
  const { reason, who, until, isExpired, where } = decision;
  const about = [
    ...(who === undefined ? [] : [`by ${who}`]),
    ...(isExpired === true ? [] : [until === undefined ? 'without an end' : `until ${until}`]),
    ...(where === undefined ? [] : [where]),
  ];
  const more = about.length === 0 ? '' : ` (${about.join(', ')})`;
  return `${isExpired === true ? `expired after ${until}: ` : ''}${reason}${more}`;
}

/** What a decisions file changed beside the warnings that it accepts, one line each. */
export function decisionLines(decisions: Decisions | undefined): string[] {
  if (decisions === undefined) return [];
  const { file, profile, accepted, skipped, required, options } = decisions;
  const all = Object.values(accepted);
  const expired = all.filter(({ isExpired }) => isExpired === true).length;
  const set = Object.entries(options).map(([name, value]) => `${name}: ${value}`);
  const parts = [
    `accepts ${plural(all.length, 'warning')}${expired === 0 ? '' : `, ${expired} of them expired`}`,
    ...(required.length === 0 ? [] : [`requires ${required.join(', ')}`]),
    ...(set.length === 0 ? [] : [`sets ${set.join(', ')}`]),
  ];
  return [
    `${file}${profile === undefined ? '' : ` (profile ${profile})`} ${parts.join('; ')}`,
    ...skipped.map(({ id, reason, where }) => `${where} skips ${id}: ${reason}`),
  ];
}

/** For a report: from a file of others. */
export function cleanDecisions(decisions: Decisions, clean: (text: string) => string): Decisions {
  const line = (text: string) => oneLine(clean(text));
  const { file, profile, accepted, skipped, required, options } = decisions;
  return {
    file: line(file),
    ...(profile !== undefined && { profile: line(profile) }),
    accepted: Object.fromEntries(
      Object.entries(accepted).map(([id, given]) => [
        line(id),
        acceptedFields(id, new Map([[id, given]]), clean)?.decision ?? given,
      ]),
    ),
    skipped: skipped.map(({ id, reason, where }) => ({ id: line(id), reason: line(reason), where: line(where) })),
    required: required.map(line),
    options: Object.fromEntries(Object.entries(options).map(([name, value]) => [name, line(value)])),
  };
}
