/** Checks and deployments without anything behind them, for the runner's and the report's own tests. */

import type { Deployment } from '../src/config/deployment.ts';
import { DEFAULTS, type RunOptions } from '../src/config/options.ts';
import type { Check, Context, Rule } from '../src/engine/check.ts';
import type { FindingId } from '../src/engine/finding-id.ts';
import { type Observer, type RunResult, runChecks } from '../src/engine/run.ts';
import { networkContext } from '../src/net/ca-store.ts';

export const DOCS = 'https://docs.example/reference';

export const rule = (title: string): Rule => ({
  title,
  procedure: `Looks whether ${title}.`,
  rationale: 'Spacelift does not work without it.',
  fix: 'Mend it.',
  example: { found: `${title}, but not here`, fix: 'fix it' },
  docs: DOCS,
});

/** An id as another check's rules would give it. */
export const findingId = (id: string): FindingId => id as FindingId;

/** A check of these rules; all of them are expected unless told. */
export function fakeCheck(
  id: string,
  rules: readonly string[],
  run: (context: Context<string>) => Promise<void>,
  more: Partial<Check> = {},
): Check {
  return {
    id,
    title: id,
    rules: Object.fromEntries(rules.map((key) => [key, rule(`${key} holds`)])),
    expects: () =>
      (more.subjects ?? [undefined]).flatMap((subject) =>
        rules.map((key) => (subject === undefined ? key : key.replace(/<[a-z]+>/, subject))),
      ),
    run,
    ...more,
  };
}

export const fakeDeployment = (more: Partial<Deployment> = {}): Deployment => ({
  service: undefined,
  release: { release: undefined, source: 'none', reason: 'LAUNCHER_IMAGE_TAG is not set' },
  lookup: () => ({ state: 'unset' }),
  chosen: () => undefined,
  entry: () => undefined,
  partyOf: () => 'process',
  configuration: [],
  pairing: undefined,
  incomplete: false,
  hasTaskDefinition: false,
  files: [],
  set: [],
  plan: undefined,
  origins: [],
  party: 'config',
  setting: () => undefined,
  notes: [],
  fixForUnset: (_, otherwise) => ({ fix: otherwise }),
  flaws: [],
  own: () => undefined,
  authorities: { pems: [], party: 'config' },
  poolSecret: undefined,
  registryLogins: [],
  secrets: [],
  conceal: () => {},
  ...more,
});

export const options = (more: Partial<RunOptions> = {}): RunOptions => ({ ...DEFAULTS, timeoutMs: 5_000, ...more });

/** A signal that never comes. */
export const never = (): AbortSignal => new AbortController().signal;

/** Runs checks on a deployment that has nothing, which nothing ends unless `interrupt` does. */
export const runFakes = (
  checks: readonly Check[],
  more: Partial<RunOptions> = {},
  interrupt: AbortSignal = never(),
  observer: Observer = {},
): Promise<RunResult> =>
  runChecks(checks, fakeDeployment(), options(more), networkContext(fakeDeployment(), undefined), interrupt, observer);
