/** Removes what a run created, by its names, and waits until it is gone. */
import { setTimeout as wait } from 'node:timers/promises';
import { type Kubectl, KubectlError } from '../../cluster/kubectl.ts';
import { jobName, RUN_LABEL } from '../../cluster/names.ts';
import { mapIn } from '../../cluster/objects.ts';
import { adopted } from '../../cluster/service-accounts.ts';
import { accountOf } from '../../cluster/workloads.ts';
import type { JsonMap } from '../../util/json.ts';
import { objectsIn } from './source.ts';

export interface Created {
  readonly run: string;
  /** Names of Pods; those that were never created do no harm. */
  readonly pods: readonly string[];
  /** Names of service accounts. */
  readonly accounts: readonly string[];
  /** Between two looks at what is still ending, ms. */
  readonly pollMs: number;
}

/** What is left, and why, each on one line. */
export type Left = readonly string[];

/** Longer than the containers get to clean up. */
const WAIT_MS = 30_000;

export async function remove(kubectl: Kubectl, { run, pods, accounts, pollMs }: Created): Promise<Left> {
  const left: string[] = [];
  const attempt = async (what: string, args: readonly string[]) => {
    try {
      await kubectl(['delete', ...args, '--ignore-not-found', '--wait=false']);
    } catch (error) {
      if (!(error instanceof KubectlError)) throw error;
      left.push(`${what} could not be removed: ${error.words || error.kind}`);
    }
  };
  await Promise.all([
    attempt(`Job ${jobName(run)}`, ['job', jobName(run), '--cascade=background']),
    ...(pods.length === 0 ? [] : [attempt('the Pods of the run', ['pod', ...pods])]),
  ]);
  if (left.length === 0) left.push(...(await untilGone(kubectl, run, pollMs)));
  for (const account of accounts) {
    if (await isUsed(kubectl, account)) left.push(adopted(account));
    else await attempt(`service account ${account}`, ['serviceaccount', account]);
  }
  return left;
}

/** Nothing once the Pods are gone. */
async function untilGone(kubectl: Kubectl, run: string, pollMs: number): Promise<Left> {
  for (const until = performance.now() + WAIT_MS; performance.now() < until; await wait(pollMs)) {
    try {
      const pods = objectsIn(await kubectl(['get', 'pods', `--selector=${RUN_LABEL}=${run}`, '--output=json']));
      if (pods.length === 0) return [];
    } catch (error) {
      if (!(error instanceof KubectlError)) throw error;
      return ['the Pods of the run were deleted, but can’t be listed to see whether they have ended'];
    }
  }
  return ['the Pods of the run are still ending'];
}

/** Whether a live Deployment has the account: an installation that started meanwhile adopted it. */
async function isUsed(kubectl: Kubectl, account: string): Promise<boolean> {
  try {
    const deployments = objectsIn(await kubectl(['get', 'deployments', '--output=json']));
    return deployments.some((deployment: JsonMap) => {
      const spec = mapIn(mapIn(mapIn(deployment, 'spec'), 'template'), 'spec');
      return accountOf({ spec }) === account;
    });
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error;
    return true;
  }
}
