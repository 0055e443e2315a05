/** What is written, and read again. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FORMAT_NAMES } from '../../src/report/format-names.ts';
import type { Report, ReportFinding } from '../../src/report/types.ts';
import { ALONE, BUILT, ROOT, run } from '../programs.ts';
import { usageOf } from '../usage.ts';
import type { Growing } from './types.ts';

const API = pathToFileURL(join(ROOT, 'dist/index.js')).href;

/** Renders the report that is named first in the format that is named second. */
const RENDER = `import { readFileSync } from 'node:fs';
  import { render } from ${JSON.stringify(API)};
  const text = await render(JSON.parse(readFileSync(process.argv[2], 'utf8')), process.argv[3]);
  if (text.length === 0) process.exitCode = 3;`;

/** The report of a config that lacks nearly everything. */
async function sample(directory: string): Promise<Report> {
  const config = join(directory, 'sample.env');
  await writeFile(config, 'SERVER_DOMAIN=spacelift.corp.io\n');
  const args = [BUILT, '-f', config, '--only', 'configuration/*', '-o', 'json'];
  return JSON.parse((await run(process.execPath, args, { env: ALONE })).stdout);
}

/** With that many failures, none of which is like another. */
function withFailures(report: Report, count: number): Report {
  const check = report.checks.find(({ findings }) => findings.some(({ status }) => status === 'fail'));
  const like = check?.findings.find(({ status }) => status === 'fail');
  if (check === undefined || like === undefined) throw new Error('the sample report has no failure');
  const findings = Array.from(
    { length: count },
    (_, index): ReportFinding => ({ ...like, id: `${like.id}-${index}`, title: `${like.title} (${index})` }),
  );
  const summary = { ...report.summary, fail: count };
  return { ...report, checks: [{ ...check, findings }], summary };
}

const rendered = FORMAT_NAMES.map(
  (format): Growing => ({
    id: `findings/${format}`,
    what: `failures in a report, ${format}`,
    sizes: [100, 2500, 5000, 10_000, 20_000],
    memory: 400,
    start: async (directory) => {
      const script = join(directory, 'render.mjs');
      await writeFile(script, RENDER);
      const report = await sample(directory);
      return {
        at: async (size) => {
          const path = join(directory, `${size}.json`);
          await writeFile(path, JSON.stringify(withFailures(report, size)));
          return () => usageOf([script, path, format]);
        },
      };
    },
  }),
);

export const documents: readonly Growing[] = [
  ...rendered,
  {
    id: 'merge',
    what: 'reports of services, merged',
    sizes: [3, 40, 75, 150, 300],
    memory: 300,
    start: async (directory) => {
      const report = await sample(directory);
      return {
        at: async (size) => {
          const paths: string[] = [];
          for (let index = 0; index < size; index++) {
            const path = join(directory, `${index}.json`);
            await writeFile(path, JSON.stringify({ ...report, service: 'worker', host: `worker-${index}` }));
            paths.push(path);
          }
          return () => usageOf([BUILT, 'merge', ...paths], {}, [0, 1]);
        },
      };
    },
  },
];
