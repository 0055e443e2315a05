/** `--resolve-secrets`: reads `valueFrom` values in an ECS task definition (ECS developer guide, "Pass sensitive data"). */
import * as v from 'valibot';
import { cause } from '../outcome/cause.ts';
import { advice, type Fix } from '../outcome/fix.ts';
import { fail, type Issue, type Skip, skip } from '../outcome/outcome.ts';
import { CONTRACT, isVariable } from './contract.ts';
import type { Entry, Source } from './entry.ts';
import type { Perspective } from './options.ts';
import { resolve } from './resolve.ts';
import { region as regionType } from './types.ts';

/** The location of a value. */
export type Kept =
  | {
      readonly store: 'secret';
      readonly region: string;
      readonly account: string;
      /** ARN, without the suffixes that ECS adds. */
      readonly id: string;
      /** The key in a JSON document; `undefined` for the whole text. */
      readonly key: string | undefined;
      readonly stage: string | undefined;
      readonly version: string | undefined;
    }
  | {
      readonly store: 'parameter';
      /** From the ARN; a name is looked up in the region of the task. */
      readonly region: string | undefined;
      /** Name or ARN. */
      readonly id: string;
    };

/** Why a value could not be read. */
export interface Unread {
  /** `fail`: ECS can't read it either and does not start the task. `skip`: only these credentials can't read it. */
  readonly status: 'fail' | 'skip';
  /** "is denied", "does not exist": completes a sentence that starts with the variable. */
  readonly says: string;
  readonly fix: Fix;
}

/** `secret`: stored as a secret, so it must never be shown. */
export type Reader = (kept: Kept) => Promise<{ readonly value: string; readonly secret: boolean } | Unread>;

/** The parts of a `valueFrom`; `undefined` for an ARN that ECS can't read a value from. */
export function keptBehind(valueFrom: string): Kept | undefined {
  if (!valueFrom.startsWith('arn:')) return { store: 'parameter', region: undefined, id: valueFrom };
  const [, , service, region = '', account = '', kind, , key, stage, version] = valueFrom.split(':');
  // The region becomes part of a host name.
  if (!v.is(regionType.schema, region)) return undefined;
  if (service === 'ssm') return { store: 'parameter', region, id: valueFrom };
  if (service !== 'secretsmanager' || kind !== 'secret') return undefined;
  const given = (part: string | undefined) => part || undefined;
  const id = valueFrom.split(':').slice(0, 7).join(':');
  return { store: 'secret', region, account, id, key: given(key), stage: given(stage), version: given(version) };
}

/**
 * Returns the sources with the values of all effective secrets that a check uses. A value that could not be read stays
 * "set, but the value is unknown", with the reason.
 */
export async function resolveSecrets(
  sources: readonly Source[],
  service: Perspective | undefined,
  read: Reader,
): Promise<Source[]> {
  const { byService } = resolve(sources, service);
  const wanted = new Set(
    [...byService.values()].flatMap((entries) =>
      [...entries.values()].filter(
        ({ name, kind, refersTo, unseen }) =>
          kind === 'secret' &&
          refersTo === undefined &&
          unseen === undefined &&
          isVariable(name) &&
          CONTRACT[name].secret === true,
      ),
    ),
  );
  const resolved = new Map<Entry, Entry>();
  await Promise.all([...wanted].map(async (entry) => resolved.set(entry, await valueBehind(entry, read))));
  return sources.map((source) => ({
    ...source,
    entries: source.entries.map((entry) => resolved.get(entry) ?? entry),
  }));
}

async function valueBehind(entry: Entry, read: Reader): Promise<Entry> {
  const kept = keptBehind(entry.value);
  const found: Awaited<ReturnType<Reader>> =
    kept === undefined
      ? {
          status: 'fail',
          says: 'is set with valueFrom to an ARN that ECS can’t read a value from',
          fix: advice`set valueFrom of ${entry.name} to the ARN of a Secrets Manager secret or an SSM parameter`,
        }
      : await read(kept);
  if ('status' in found) return { ...entry, unread: unread(entry, found) };
  const { value, secret } = found;
  return {
    ...entry,
    kind: 'known',
    value,
    origin: `${entry.value}, in ${entry.origin}`,
    resolved: true,
    ...(secret && { secret }),
  };
}

function unread({ name, value, origin }: Entry, { status, says, fix }: Unread): Issue | Skip {
  const evidence = { variable: name, valueFrom: value };
  if (status === 'skip') {
    return skip(`${name} is not known here: ${says}`, {
      detail: `It is stored in ${value}, according to ${origin}.`,
      fix,
      evidence,
    });
  }
  return fail(`${name} ${says}`, {
    detail: `It is stored in ${value}, according to ${origin}; ECS does not start a task if it can’t read its secrets.`,
    expected: 'a value that the task execution role can read',
    fix,
    ...(isVariable(name) && { docs: CONTRACT[name].docs }),
    evidence,
    cause: cause.variable(name),
  });
}
