/** Runs Helm on the chart of this repository. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { JsonMap } from '../../src/util/json.ts';
import { ROOT } from '../ci/runner.ts';
import type { Finished } from '../cli/spawned.ts';
import { program } from './install.ts';

export const CHART = join(ROOT, 'charts/spacelift-preflight');

export interface HelmOptions {
  /** In addition to the chart's. */
  readonly values?: JsonMap;
  /** Such as `KUBECONFIG`; without it, there is no cluster. */
  readonly env?: Readonly<Record<string, string>>;
}

/** @param args of a command that accepts values, such as `['install', 'preflight', CHART]`, if there are any */
export async function helm(args: readonly string[], { values, env = {} }: HelmOptions = {}): Promise<Finished> {
  const { command, args: own, env: its } = program('helm');
  // Its caches and its list of repositories.
  const home = mkdtempSync(join(tmpdir(), 'preflight-helm-'));
  try {
    return await new Promise((resolve) => {
      const all = [...own, ...args, ...(values === undefined ? [] : ['--values', '-'])];
      const options = {
        env: { PATH: process.env.PATH ?? '', HOME: home, KUBECONFIG: join(home, 'nowhere'), ...its, ...env },
        maxBuffer: 64 << 20,
      };
      const child = execFile(command, all, options, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), signal: null, stdout, stderr }),
      );
      child.stdin?.end(values === undefined ? '' : JSON.stringify(values));
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
