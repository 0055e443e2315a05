/** Parses a queue's variable: a URL, or a bare name (no role is allowed to look up the URL of a name). */

import type { ValueName } from '../../../config/contract.ts';
import type { Run } from '../../../engine/check.ts';
import { dnsSuffix } from '../endpoints.ts';

export interface Address {
  readonly variable: ValueName;
  readonly url: string;
  readonly name: string;
  readonly account: string;
  /** From the URL's host, if it belongs to AWS. */
  readonly region: string | undefined;
  readonly arn: string;
  /** In AWS, the names of FIFO queues end in `.fifo`, and no others do. */
  readonly fifo: boolean;
}

/** Regional, FIPS, dual-stack, and VPC endpoints; then SQS's legacy names. */
const REGIONAL = /^(?:[\w-]+\.)?sqs(?:-fips)?\.([a-z]{2,}(?:-[a-z]+)+-\d+)\./;
const LEGACY = /^(?:([a-z]{2,}(?:-[a-z]+)+-\d+)\.)?queue\.amazonaws\.com/;

/** @throws CheckStopped if the variable, or a value that a bare name depends on, is not known */
export function addressIn(run: Run, variable: ValueName): Address {
  const value = run.require(variable);
  const region = run.require('AWS_REGION');
  const partition = run.require('AWS_PARTITION');
  const [, host, account, path] = /^https?:\/\/([^/]+)\/(\d{12})\/([^/]+)$/.exec(value) ?? [];
  if (host === undefined || account === undefined || path === undefined) {
    const owner = run.require('AWS_ACCOUNT_ID');
    const url = `https://sqs.${region}.${dnsSuffix(partition)}/${owner}/${value}`;
    return named(variable, url, value, owner, { partition, region });
  }
  return { ...named(variable, value, path, account, { partition, region }), region: regionIn(host) };
}

function named(
  variable: ValueName,
  url: string,
  name: string,
  account: string,
  { partition, region }: { partition: string; region: string },
): Address {
  const arn = `arn:${partition}:sqs:${region}:${account}:${name}`;
  return { variable, url, name, account, region, arn, fifo: name.endsWith('.fifo') };
}

function regionIn(host: string): string | undefined {
  const legacy = LEGACY.exec(host);
  return REGIONAL.exec(host)?.[1] ?? (legacy === null ? undefined : (legacy[1] ?? 'us-east-1'));
}

/** Whether two ARNs name the same queue. The partition is ignored: a wrong one is a separate failure. */
export const sameQueue = (one: string, other: string): boolean => placeOf(one) === placeOf(other);

const placeOf = (arn: string): string => arn.split(':').slice(2).join(':');
