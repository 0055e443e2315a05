/** Runs Helm on the chart of this repository. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { JsonMap } from '../../src/util/json.ts';
import { ROOT } from '../ci/runner.ts';
import { type Ended, ended } from '../support/programs.ts';
import { program } from './install.ts';

export const CHART = join(ROOT, 'charts/spacelift-preflight');

export interface HelmOptions {
  /** In addition to the chart's. */
  readonly values?: JsonMap;
  /** Such as `KUBECONFIG`; without it, there is no cluster. */
  readonly env?: Readonly<Record<string, string>>;
}

/** @param args of a command that accepts values, such as `['install', 'preflight', CHART]`, if there are any */
export async function helm(args: readonly string[], { values, env = {} }: HelmOptions = {}): Promise<Ended> {
  const { command, args: own, env: its } = program('helm');
  // Its caches and its list of repositories.
  const home = mkdtempSync(join(tmpdir(), 'preflight-helm-'));
  try {
    const all = [...own, ...args, ...(values === undefined ? [] : ['--values', '-'])];
    return await ended(command, all, {
      env: { PATH: process.env.PATH ?? '', HOME: home, KUBECONFIG: join(home, 'nowhere'), ...its, ...env },
      ...(values !== undefined && { stdin: JSON.stringify(values) }),
    });
  } finally {
    rmSync(home, { recursive: true });
  }
}

export interface Rendered {
  readonly object: JsonMap;
  /** As Helm printed it. */
  readonly text: string;
}

/** @throws Error in Helm's words */
export async function rendered(values: JsonMap, chart = CHART): Promise<Rendered[]> {
  const { code, stdout, stderr } = await helm(['template', 'preflight', chart, '-n', 'spacelift'], { values });
  if (code !== 0) throw new Error(stderr);
  const documents = stdout.split(/^---$/m).filter((text) => /^\w/m.test(text));
  return documents.map((text) => ({ text, object: parse(text) }));
}
