/** Which of the candidates in one file are the config: those with Spacelift's variables, if they do not contradict each other. */
import { isVariable, mayDiffer } from '../contract.ts';
import { InputError } from '../entry.ts';
import type { Candidate } from './terraform.ts';
import { type Document, joined, type Reading } from './value.ts';

/** Variables that also describe infrastructure: alone, they are no config. */
const INFRASTRUCTURE: readonly string[] = [
  'AWS_ACCOUNT_ID',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_PARTITION',
  'GCP_PROJECT',
  'SERVER_DOMAIN',
  'LAUNCHER_IMAGE',
  'LAUNCHER_IMAGE_TAG',
];

interface Read {
  readonly label: string;
  readonly reading: Reading;
}

/**
 * @param read throws an InputError for documents that are no config
 * @returns `undefined` if no candidate is a config
 * @throws InputError if several are that differ, or the only one can't be read
 */
export function chooseConfig(
  file: string,
  candidates: readonly Candidate[],
  read: (documents: readonly Document[]) => Reading,
): Reading | undefined {
  let why: InputError | undefined;
  const found = candidates.flatMap(({ label, documents, unseen }): Read[] => {
    const withUnseen = (reading: Reading) =>
      unseen === undefined ? reading : { ...reading, incomplete: true, unseen };
    if (documents.length === 0) return [{ label, reading: withUnseen({ entries: [], incomplete: false }) }];
    try {
      return [{ label, reading: withUnseen(read(documents)) }];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      why ??= error;
      return [];
    }
  });
  const configs = found.filter(
    ({ reading }) => reading.incomplete || reading.entries.some(({ name }) => isOfConfig(name)),
  );
  const several = conflict(configs);
  if (several !== undefined) {
    throw new InputError(
      `${file}: several configs that differ: ${several.join(' and ')}; pass one: tofu output -raw NAME | spacelift-preflight -f -, or a plan or state with only one`,
    );
  }
  if (configs.length === 0) {
    if (why !== undefined && candidates.length === 1) throw why;
    return undefined;
  }
  return joined(configs.map(({ reading }) => reading));
}

export const isOfConfig = (name: string): boolean => isVariable(name) && !INFRASTRUCTURE.includes(name);

/** The labels of two configs with different values for a variable of the same service. */
function conflict(configs: readonly Read[]): readonly [string, string] | undefined {
  const held = new Map<string, { readonly label: string; readonly value: string }>();
  for (const { label, reading } of configs) {
    for (const { name, kind, value, service } of reading.entries) {
      if (kind !== 'known' || !isVariable(name) || mayDiffer(name)) continue;
      const key = `${service} ${name}`;
      const other = held.get(key);
      if (other === undefined) held.set(key, { label, value });
      else if (other.value !== value && other.label !== label) return [other.label, label];
    }
  }
  return undefined;
}
