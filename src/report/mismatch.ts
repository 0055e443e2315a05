/** Compares a parsed JSON value with a schema. */
import * as v from 'valibot';

/**
 * Where a value differs from the schema first, and how: "checks[0].status: expected one of pass, warn, fail, skip".
 * @param schema as `util/schema.ts` builds them, so that it says what is expected
 * @returns a line that contains nothing of the value
 */
export function mismatch(value: unknown, schema: v.GenericSchema): string | undefined {
  const { issues } = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  if (issues === undefined) return undefined;
  const { path, message } = firstIn(issues[0]);
  return `${place(path, schema) || 'it'}: ${message}`;
}

/** Of several alternatives, the first one's. */
function firstIn(issue: v.BaseIssue<unknown>): { path: readonly Step[]; message: string } {
  const path: readonly Step[] = issue.path ?? [];
  if (issue.issues === undefined) return { path, message: issue.message };
  const inner = firstIn(issue.issues[0]);
  return { ...inner, path: [...path, ...inner.path] };
}

type Step = Pick<v.IssuePathItem, 'key'>;

/** Names of fields in the schema, and indexes: other keys are the value's own. */
function place(path: readonly Step[], schema: v.GenericSchema): string {
  let [at, part]: [string, Part | undefined] = ['', schema as Part];
  for (const { key } of path) {
    part = bare(part);
    if (part?.type === 'object') {
      at += `${at && '.'}${key}`;
      part = part.entries?.[String(key)];
    } else {
      if (part?.type === 'array') at += `[${key}]`;
      part = part?.item ?? part?.value;
    }
  }
  return at;
}

/** What the schemas of a document consist of. */
interface Part {
  readonly type: string;
  readonly pipe?: readonly Part[];
  readonly kind?: string;
  readonly wrapped?: Part;
  readonly options?: readonly Part[];
  readonly entries?: Readonly<Record<string, Part>>;
  readonly item?: Part;
  readonly value?: Part;
}

/** Without what is around it: checks, descriptions, alternatives. */
function bare(part: Part | undefined): Part | undefined {
  const inner = part?.pipe?.findLast(({ kind }) => kind === 'schema') ?? part?.wrapped;
  if (inner !== undefined) return bare(inner);
  return part?.type === 'union' ? bare(part.options?.[0]) : part;
}
