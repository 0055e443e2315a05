/** Reads a report that an earlier run wrote. Files and logs are not trusted: what does not have the form is refused. */
import { mismatch } from './mismatch.ts';
import { escapeControls } from './sanitize.ts';
import { ANY_REPORT } from './schema.ts';
import { REPORT_KIND, type Report, SCHEMA_VERSION } from './types.ts';

/** @returns why it is not a report, as a phrase that contains nothing of the text */
export function readReport(json: string): { readonly report: Report } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(json);
    refuseDeep(value, 0);
    if (SUSPICIOUS.test(json)) value = cleaned(value);
  } catch (error) {
    return { problem: error instanceof DepthError ? 'its values are nested too deeply' : 'it is not JSON' };
  }
  const problem = problemOf(value);
  return problem === undefined ? { report: value as Report } : { problem };
}

/** What other JSON documents of this tool are. */
const KINDS: Readonly<Record<string, string>> = {
  matrix: 'it is a matrix, which can’t be merged again',
  plan: 'it is a plan',
  cleanup: 'it is the result of cleanup',
};

function problemOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is not a report';
  const { kind = REPORT_KIND, schemaVersion } = value as { readonly kind?: unknown; readonly schemaVersion?: unknown };
  if (kind !== REPORT_KIND) return (typeof kind === 'string' ? KINDS[kind] : undefined) ?? 'it is not a report';
  if (schemaVersion === undefined) return 'it is not a report';
  if (schemaVersion !== SCHEMA_VERSION) {
    const version = Number.isSafeInteger(schemaVersion) ? ` ${schemaVersion}` : '';
    return `its schemaVersion${version} is not ${SCHEMA_VERSION}`;
  }
  const found = mismatch(value, ANY_REPORT.schema);
  return found === undefined ? undefined : `it is not a report: ${found}`;
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
