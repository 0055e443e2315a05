/** Generates `docs/checks.md` from the tables of rules. */
import { writeFile } from 'node:fs/promises';
import { CHECKS } from '../checks/index.ts';
import { rulesPage } from '../src/app/rules-page.ts';

await writeFile(new URL('../docs/checks.md', import.meta.url), rulesPage(CHECKS));
