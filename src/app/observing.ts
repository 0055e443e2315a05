/** Tells whoever observes a run what of the report is known before the run is over. */
import type { CheckResult } from '../engine/finding.ts';
import { foldByCause } from '../engine/fold.ts';
import { settledIn } from '../engine/settled.ts';
import type { checksOf } from '../report/checks.ts';
import type { ReportCheck } from '../report/types.ts';
import type { WaitObserver } from './wait.ts';

export interface RunObserver extends WaitObserver {
  /** The ID of a failure, unless another one with its cause is known. */
  failed?(id: string): void;
  /** In report order: no later finding changes this check any more. */
  settled?(check: ReportCheck): void;
}

/** @param print as in the report */
export function observing(
  { failed, settled, ...observer }: RunObserver,
  print: (folded: Parameters<typeof checksOf>[0]) => readonly ReportCheck[],
): WaitObserver {
  const results = new Map<string, CheckResult | undefined>();
  const causes = new Set<string | undefined>();
  let told = 0;
  return {
    ...observer,
    expected: (checks) => {
      observer.expected?.(checks);
      for (const { id } of checks) results.set(id, undefined);
    },
    ...(failed !== undefined && {
      found: (finding) => {
        observer.found?.(finding);
        const { id, status, blocked, cause } = finding;
        if (status !== 'fail' || blocked === true || causes.has(cause?.key)) return;
        causes.add(cause?.key);
        failed(id);
      },
    }),
    ...(settled !== undefined && {
      finished: (check, result) => {
        observer.finished?.(check, result);
        results.set(check.id, result);
        const inOrder = [...results.values()];
        const count = settledIn(inOrder);
        if (count === told) return;
        const folded = foldByCause(inOrder.filter((one) => one !== undefined));
        for (const one of print(folded.slice(told, count))) settled(one);
        told = count;
      },
    }),
  };
}
