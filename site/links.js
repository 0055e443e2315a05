/** Every link of the built website leads to a page and to an element in it. Ends with 1 and a line for each that does not. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'parse5';

const FOLDER = 'site/public';

/** The values of an attribute in a page, whichever elements have it. */
function valuesOf(name, node) {
  const own = (node.attrs ?? []).filter((attribute) => attribute.name === name).map(({ value }) => value);
  return [...own, ...(node.childNodes ?? []).flatMap((child) => valuesOf(name, child))];
}

const pages = new Map(
  readdirSync(FOLDER, { recursive: true })
    .filter((path) => path.endsWith('.html'))
    .map((path) => [path, parse(readFileSync(join(FOLDER, path), 'utf8'))]),
);
const ids = new Map([...pages].map(([path, page]) => [path, new Set(valuesOf('id', page))]));

function problemOf(page, href) {
  if (/^(?:https?|mailto):/.test(href)) return undefined;
  const [path, anchor] = href.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(FOLDER, target))) return 'no such page';
  return anchor === undefined || ids.get(target)?.has(anchor) ? undefined : 'no such heading';
}

let links = 0;
for (const [path, page] of pages) {
  for (const href of valuesOf('href', page)) {
    links += 1;
    const problem = problemOf(path, decodeURI(href));
    if (problem === undefined) continue;
    console.error(`${path}: ${href}: ${problem}`);
    process.exitCode = 1;
  }
}
console.log(`${pages.size} pages, ${links} links`);
if (pages.size === 0 || links === 0) process.exitCode = 1;
