/** A Vitest reporter that prints the table of faults, and what it comes to: `npm run test:faults`. */
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import './harness.ts';

const yes = (good: boolean): string => (good ? 'yes' : 'NO ');

export default class FaultTable implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const { fault } = test.meta();
    const { state, errors } = test.result();
    if (fault !== undefined) {
      const ids = fault.ids.join(', ') || 'nothing to report';
      const extra = fault.extra.length === 0 ? '' : `  extra: ${fault.extra.join(', ')}`;
      process.stdout.write(`${yes(fault.caught)}  ${yes(fault.named)}  ${fault.name}: ${ids}${extra}\n`);
    }
    if (state === 'failed') {
      for (const { message } of errors ?? []) process.stdout.write(`     failed: ${test.fullName}: ${message}\n`);
    }
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const rows = modules
      .flatMap((module) => [...module.children.allTests()])
      .flatMap((test) => test.meta().fault ?? []);
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
    for (const error of errors) process.stdout.write(`${String(error)}\n`);
  }
}
