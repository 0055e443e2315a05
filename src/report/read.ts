/** Reads a report or a matrix that an earlier run wrote. Files and logs are not trusted: what differs from the schema is refused. */
import { lookup } from '../util/lookup.ts';
import type { Comparable } from './comparison/compare.ts';
import { MATRIX_KIND, MATRIX_VERSION, REPORT_KIND, SCHEMA_VERSION } from './kinds.ts';
import { MATRIX as MATRIX_SCHEMA } from './matrix/schema.ts';
import { mismatch } from './mismatch.ts';
import { escapeControls } from './sanitize.ts';
import { REPORT as REPORT_SCHEMA } from './schema.ts';
import type { Report } from './types.ts';

interface Problem {
  /** Why it is not one, as a phrase that contains nothing of the text. */
  readonly problem: string;
}

/** The documents that can be read, and what other ones are. */
const REPORT = { kind: REPORT_KIND, version: SCHEMA_VERSION, schema: REPORT_SCHEMA };
const MATRIX = { kind: MATRIX_KIND, version: MATRIX_VERSION, schema: MATRIX_SCHEMA };
const KINDS: Readonly<Record<string, string>> = {
  plan: 'it is a plan',
  cleanup: 'it is the result of cleanup',
  comparison: 'it is a comparison',
};

export function readReport(json: string): { readonly report: Report } | Problem {
  const read = valueIn(json);
  if ('problem' in read) return read;
  if (kindOf(read.value) === MATRIX_KIND) return { problem: 'it is a matrix, which can’t be merged again' };
  const problem = problemOf(read.value, [REPORT]);
  return problem === undefined ? { report: read.value as Report } : { problem };
}

export function readComparable(json: string): { readonly document: Comparable } | Problem {
  const read = valueIn(json);
  if ('problem' in read) return read;
  const problem = problemOf(read.value, [REPORT, MATRIX]);
  return problem === undefined ? { document: read.value as Comparable } : { problem };
}

function valueIn(json: string): { readonly value: unknown } | Problem {
  try {
    const value: unknown = JSON.parse(json);
    refuseDeep(value, 0);
    return { value: SUSPICIOUS.test(json) ? cleaned(value) : value };
  } catch (error) {
    return { problem: error instanceof DepthError ? 'its values are nested too deeply' : 'it is not JSON' };
  }
}

/** Reports of earlier versions have none. */
const kindOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'kind' in value ? value.kind : REPORT_KIND;

function problemOf(value: unknown, expected: readonly (typeof REPORT | typeof MATRIX)[]): string | undefined {
  const isNone = `it is not a ${expected.map(({ kind }) => kind).join(' or a ')}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return isNone;
  const kind = kindOf(value);
  const found = expected.find((one) => one.kind === kind);
  const { schemaVersion } = value as { readonly schemaVersion?: unknown };
  if (found === undefined) return (typeof kind === 'string' ? lookup(KINDS, kind) : undefined) ?? isNone;
  if (schemaVersion === undefined) return isNone;
  if (schemaVersion !== found.version) {
    const version = Number.isSafeInteger(schemaVersion) ? ` ${schemaVersion}` : '';
    return `its schemaVersion${version} is not ${found.version}`;
  }
  const difference = mismatch(value, found.schema);
  return difference === undefined ? undefined : `it is not a ${found.kind}: ${difference}`;
}

/** Deeper than any report. */
const DEEPEST = 50;

class DepthError extends Error {
  override readonly name = 'DepthError';
}

/** @throws DepthError: whatever walks through the values later needs a stack */
function refuseDeep(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEEPEST) throw new DepthError();
  for (const held of Object.values(value)) refuseDeep(held, depth + 1);
}

/** JSON in which a text can contain a control character, as it is or escaped; in other texts, nothing is to be cleaned. */
const SUSPICIOUS = /\\[ubfrt]|[^\P{C}\r\n\t]|[\p{Zl}\p{Zp}]/u;

/** Without control characters. Changes nothing in a report that this tool wrote. */
function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return escapeControls(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [escapeControls(key), cleaned(held)]));
}
