/**
 * `npm run bench`: builds the package, measures it, and reports which targets it meets.
 *
 * `--only <name>` selects a measurement, or a group such as `growth` (repeatable), `--json` prints all facts, `--markdown` a table,
 * and `--write` also puts the results into the table of docs/performance.md.
 * The exit code is 1 if a target was missed or a measurement failed, and 2 for an invalid option.
 */
import { parseArgs } from 'node:util';
import { byHand } from './by-hand.ts';
import { distance } from './distance.ts';
import { firstByte } from './first-byte.ts';
import { floor } from './floor.ts';
import { growth } from './growth.ts';
import { installations } from './installations.ts';
import { install, packageSize } from './package.ts';
import { plan } from './plan.ts';
import { ROOT, succeed } from './programs.ts';
import { keep } from './results.ts';
import type { Measurement, Row } from './row.ts';
import { sideBySide } from './side-by-side.ts';
import { starved } from './starved.ts';
import { markdownTable, NOTE, plainTable } from './table.ts';
import { version } from './version.ts';

const MEASUREMENTS: readonly Measurement[] = [
  version,
  firstByte,
  installations,
  plan,
  ...growth,
  byHand,
  sideBySide,
  floor,
  distance,
  starved,
  packageSize,
  install,
];

const say = (text: string) => process.stderr.write(`${text}\n`);
const options = parse();

if (options === undefined) process.exitCode = 2;
else {
  const chosen = MEASUREMENTS.filter(
    ({ id }) => options.only.length === 0 || options.only.some((name) => isIn(id, name)),
  );
  say('building…');
  await succeed('npm', ['run', '--silent', 'build'], { cwd: ROOT });
  const rows: Row[] = [];
  for (const measurement of chosen) {
    say(`${measurement.id}…`);
    rows.push(...(await measured(measurement)));
  }
  const print = { json: jsonOf, markdown: markdownTable, plain: plainTable }[options.format];
  process.stdout.write(print(rows));
  if (options.write) await keep(rows.filter(({ figure }) => figure !== ''));
  process.exitCode = rows.some(({ met }) => met === false) ? 1 : 0;
}

/** @param name a measurement, or a group of them, such as `growth` */
function isIn(id: string, name: string): boolean {
  return id === name || id.startsWith(`${name}/`);
}

/** A failed measurement counts as a missed target. */
async function measured({ id, measure }: Measurement): Promise<readonly Row[]> {
  try {
    return await measure();
  } catch (error) {
    const { message } = error as Error;
    say(`${id}: ${message}`);
    return [{ id, what: `${id}: could not be measured`, figure: '', met: false, facts: { error: message } }];
  }
}

function jsonOf(rows: readonly Row[]): string {
  return `${JSON.stringify({ node: process.version, platform: `${process.platform}-${process.arch}`, note: NOTE, rows }, null, 2)}\n`;
}

interface Options {
  readonly only: readonly string[];
  readonly format: 'json' | 'markdown' | 'plain';
  readonly write: boolean;
}

function parse(): Options | undefined {
  const ids = MEASUREMENTS.map(({ id }) => id);
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
        markdown: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
      },
    });
    const stranger = values.only.find((name) => !ids.some((id) => isIn(id, name)));
    if (stranger !== undefined) throw new Error(`unknown measurement ${stranger}; expected one of ${ids.join(', ')}`);
    const { only, json, markdown, write } = values;
    return { only, format: json ? 'json' : markdown ? 'markdown' : 'plain', write };
  } catch (error) {
    say((error as Error).message);
    return undefined;
  }
}
