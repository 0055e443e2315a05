/** Runs the telemetry check on its own variables, from a file unless told. */
import { onTestFinished } from 'vitest';
import { observability } from '../../../checks/observability/index.ts';
import { processSource } from '../../../src/config/sources/process.ts';
import type { Finding } from '../../../src/engine/finding.ts';
import type { Status } from '../../../src/outcome/status.ts';
import { type Options, preflight, type Result, type Variables } from '../../support/preflight.ts';

export type Place = 'a file' | 'the environment';

export const run = (
  variables: Variables,
  { from = 'a file', ...options }: Omit<Options, 'from'> & { from?: Place; place?: Options['from'] } = {},
): Promise<Result> =>
  preflight([observability], from === 'a file' ? variables : [processSource(variables)], {
    phase: 'pre-install',
    ...options,
    ...(options.place !== undefined && { from: options.place }),
  });

/** The status of one rule, and that nothing else warns or fails. */
export function only(result: Result, rule: string): { status: Status; finding: Finding } {
  const id = `observability/${rule}`;
  const others = result.findings.filter(
    (finding) => finding.id !== id && (finding.status === 'warn' || finding.status === 'fail'),
  );
  if (others.length > 0) throw new Error(`also ${others.map((other) => `${other.id}: ${other.title}`).join(', ')}`);
  const finding = result.finding(id);
  return { status: finding.status, finding };
}

export async function started<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  onTestFinished(() => server.close());
  return server;
}
