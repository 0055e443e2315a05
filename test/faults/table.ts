/** A Vitest reporter that prints the table of faults, and what it comes to: `npm run test:faults`. Of `npm test`, the totals alone. */
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type { Verdict } from './harness.ts';

const yes = (good: boolean): string => (good ? 'yes' : 'NO ');

/** *fix: executed, works*: `-` for advice, which nobody can execute. */
function works({ fixes }: Verdict): string {
  if (fixes.length === 0) return '-  ';
  if (fixes.some(({ trouble, exception }) => trouble !== undefined && exception === undefined)) return 'NO ';
  return fixes.some(({ exception }) => exception === undefined) ? 'yes' : 'not';
}

export default class FaultTable implements Reporter {
  readonly #totalsOnly: boolean;

  constructor({ totalsOnly = false }: { totalsOnly?: boolean } = {}) {
    this.#totalsOnly = totalsOnly;
  }

  onTestRunStart(): void {
    if (!this.#totalsOnly) process.stdout.write('caught, cause named, fix: executed, works\n');
  }

  onTestCaseResult(test: TestCase): void {
    if (this.#totalsOnly) return;
    const { fault } = test.meta();
    const { state, errors } = test.result();
    if (fault !== undefined) {
      const ids = fault.ids.join(', ') || 'nothing to report';
      const extra = fault.extra.length === 0 ? '' : `  extra: ${fault.extra.join(', ')}`;
      process.stdout.write(
        `${yes(fault.caught)}  ${yes(fault.named)}  ${works(fault)}  ${fault.name}: ${ids}${extra}\n`,
      );
    }
    if (state === 'failed') {
      for (const { message } of errors ?? []) process.stdout.write(`     failed: ${test.fullName}: ${message}\n`);
    }
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const rows = modules
      .flatMap((module) => [...module.children.allTests()])
      .flatMap((test) => test.meta().fault ?? []);
    if (rows.length === 0) return;
    const count = (what: (row: (typeof rows)[number]) => boolean) => rows.filter(what).length;
    const extra = rows.reduce((sum, row) => sum + row.extra.length, 0);
    const faults = count(({ ids }) => ids.length > 0);
    const [caught, named] = [
      count(({ ids, caught }) => ids.length > 0 && caught),
      count(({ ids, named, caught }) => ids.length > 0 && caught && named),
    ];
    process.stdout.write(
      `\n${faults} faults: ${caught} caught, ${named} causes named exactly, ${extra} extra failures; ` +
        `${rows.length - faults} that only look like one\n`,
    );
    process.stdout.write(fixesOf(rows, this.#totalsOnly));
    if (this.#totalsOnly) return;
    for (const error of errors) process.stdout.write(`${String(error)}\n`);
  }
}

/** How many fixes work, and the rest with their reasons. */
function fixesOf(rows: readonly Verdict[], totalsOnly: boolean): string {
  const pasteable = rows.filter(({ fixes }) => fixes.length > 0);
  const executed = pasteable.filter((row) => works(row) !== 'not');
  const reasons = Map.groupBy(
    pasteable.flatMap(({ name, fixes }) => fixes.map((fix) => ({ name, ...fix }))),
    ({ exception }) => exception,
  );
  const lines = [...reasons].flatMap(([why, all]) =>
    why === undefined
      ? []
      : [`  ${why}:`, ...all.map(({ name, who }) => `    ${name}${who === undefined ? '' : `, by a ${who}`}`)],
  );
  const share = Math.round((100 * executed.length) / Math.max(1, pasteable.length));
  const working = executed.filter((row) => works(row) === 'yes').length;
  return [
    `fixes: ${pasteable.length} faults with commands or settings, ${executed.length} (${share} %) executed as printed, ${working} work`,
    ...(totalsOnly || lines.length === 0 ? [] : ['not executed, or without effect, because:', ...lines]),
    '',
  ].join('\n');
}
