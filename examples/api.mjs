/**
 * A preflight in a script of your own: `node api.mjs spacelift.yaml`. It writes the report as a page and as JSON, names what
 * failed, and exits as the command line does.
 */
import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { exitCode, InputError, preflight, render } from 'spacelift-preflight';

const files = process.argv.slice(2);

try {
  // Ctrl+C ends the run early: it removes what it wrote, and reports what it knows.
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());

  const report = await preflight(
    { files },
    {
      timeoutMs: 60_000,
      signal: interrupt.signal,
      observer: { finished: ({ title }) => console.log(`${title}: checked`) },
    },
  );
  await writeFile('preflight.html', await render(report, 'html'));
  await writeFile('preflight.json', await render(report, 'json'));

  const failures = report.checks.flatMap(({ findings }) => findings.filter(({ status }) => status === 'fail'));
  if (failures.length > 0) console.error(`not ready: ${failures.length} findings failed`);
  for (const { id, title, fix } of failures) console.error(`${id}: ${title}${fix === undefined ? '' : `\n${fix}`}`);

  // The defaults of the command line. With warnings and a skipped database as errors: { strict: true, require: ['database/*'] }
  process.exitCode = exitCode(report).code;
} catch (error) {
  // One line that says what is wrong with the config or the options.
  if (!(error instanceof InputError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
