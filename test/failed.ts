/**
 * A Vitest reporter that writes down which tests failed and why, to the file that `FAILED_TESTS` names: one line each, the
 * test file's path and a tab before the rest. `.ci/run` runs those files again by themselves, and ends with these lines.
 * An error that belongs to no file has a `-` for the path.
 */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 300);

function failuresOf(module: TestModule): string[] {
  const file = relative(process.cwd(), module.moduleId);
  const tests = [...module.children.allTests('failed')].map(
    (test) => `${file}\t${test.fullName}: ${oneLine(test.result().errors?.[0]?.message ?? '')}`,
  );
  // Of a hook, or of what a module does when it is loaded.
  const others = [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())].map(
    ({ message }) => `${file}\t${oneLine(message)}`,
  );
  return [...tests, ...others];
}

export default class FailedTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const path = process.env.FAILED_TESTS;
    if (path === undefined) return;
    const failures = modules.filter((module) => !module.ok()).flatMap(failuresOf);
    const lines = [...failures, ...errors.map(({ message }) => `-\t${oneLine(message)}`)];
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  }
}
