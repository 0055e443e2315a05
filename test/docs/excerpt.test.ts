/** The report in the README is one of this version: of the demo's deployment, with two faults. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { manifest, startDemo } from '../../demo/deployment.ts';
import { run } from '../cli/spawned.ts';
import { read, tokensOf } from './markdown.ts';

/** Without what differs from run to run: durations, the widths that they take, and ports. */
const linesOf = (text: string): string[] =>
  text.split('\n').map((line) =>
    line
      .replace(/[\d.]+ m?s$/, '<duration>')
      .replace(/(?<=127\.0\.0\.1:)\d+/, '<port>')
      .replace(/ +/g, ' '),
  );

it('the report in the README', async () => {
  const demo = await startDemo();
  onTestFinished(() => demo.stop());
  const folder = await mkdtemp(join(tmpdir(), 'preflight-excerpt-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const administrator = new Client({ connectionString: demo.database.url({ database: 'spacelift' }) });
  await administrator.connect();
  await administrator.query('ALTER ROLE spacelift NOCREATEROLE');
  await administrator.end();
  demo.store.createBucket('spacelift-states', { versioning: 'Suspended' });
  await writeFile(join(folder, 'spacelift.yaml'), manifest(demo.variables));
  const { code, stdout } = await run(['-f', join(folder, 'spacelift.yaml'), '--no-color']);
  expect(code).toBe(1);

  const excerpt = tokensOf(read('README.md'), 'code').find(({ text }) => text.startsWith('✖'))?.text ?? '';
  const printed = linesOf(stdout);
  const parts = excerpt.split('\n…\n');
  expect(parts).toHaveLength(2);
  for (const part of parts.map(linesOf)) {
    const at = printed.indexOf(part[0] ?? '');
    expect(printed.slice(at, at + part.length)).toEqual(part);
  }
});
