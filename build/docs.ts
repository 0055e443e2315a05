/** Generates `docs/checks.md` and `docs/rules` from the tables of rules. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { CHECKS } from '../checks/index.ts';
import { rulesPages } from '../src/app/rules-page.ts';

const DOCS = new URL('../docs/', import.meta.url);
await rm(new URL('rules/', DOCS), { recursive: true, force: true });
await mkdir(new URL('rules/', DOCS));
for (const [path, text] of rulesPages(CHECKS)) await writeFile(new URL(path, DOCS), text);
