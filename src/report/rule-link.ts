/** Where a reader finds more about a finding: a command that works anywhere, and a page for terminals that have links. */
import { partsOf } from '../engine/finding-id.ts';
import { REPOSITORY, VERSION } from '../util/version.ts';
import type { Explained } from './types.ts';

/** "spacelift-preflight explain database/version"; `undefined` for what is no ID: a report from a file can contain anything. */
export function explainCommand(id: string): string | undefined {
  const { base } = partsOf(id);
  return /^[\w/-]+$/.test(base) ? `spacelift-preflight explain ${base}` : undefined;
}

/** The address of a rule within `docs`: that of its check's page, and GitHub's anchor for its heading. */
export function pathOfRule(rule: string): string {
  const [check = ''] = rule.split('/');
  return `rules/${check}.md#${rule.toLowerCase().replace(/[^\w-]/g, '')}`;
}

/** The page of a rule in this version's documentation. Before the first release there is none: then, the vendor's page. */
export function pageOf(
  { id, rule, docs }: Pick<Explained, 'id' | 'docs'> & { readonly rule?: string },
  repository = REPOSITORY,
): string | undefined {
  if (repository === undefined) return docs;
  return `${repository}/blob/v${VERSION}/docs/${pathOfRule(rule ?? partsOf(id).base)}`;
}

/** A whole address, in printable ASCII: nothing in it can end the sequence that makes it a link. */
const ADDRESS = /^https:\/\/[!-~]+$/;

/** OSC 8: the text, as a link. */
export const linked = (text: string, url: string | undefined): string =>
  url !== undefined && ADDRESS.test(url) ? `\u001b]8;;${url}\u0007${text}\u001b]8;;\u0007` : text;
