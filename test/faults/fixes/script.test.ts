/** The script of fixes makes a broken demo ready: a shell runs it, and its clients reach the servers of the demo. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { manifest, startDemo } from '../../../demo/deployment.ts';
import type { Report } from '../../../src/report/report.ts';
import { command } from '../../cli/host.ts';
import type { PolicyDocument } from '../../services/policy.ts';
import { makeScriptPlayer } from '../../support/played-script.ts';
import { runStatements } from './administrator.ts';
import { runMc } from './mc.ts';
import { readSql } from './psql.ts';
import { ADMINISTRATOR } from './shell.ts';

test('of a demo in which five things were broken', async () => {
  const [demo, folder] = await Promise.all([startDemo(), mkdtemp(join(tmpdir(), 'preflight-script-'))]);
  onTestFinished(async () => void (await Promise.all([demo.stop(), rm(folder, { recursive: true })])));
  const config = join(folder, 'spacelift.yaml');
  await writeFile(config, manifest(demo.variables));
  const { database, store } = demo;

  const failed = async (): Promise<string[]> => {
    const report: Report = JSON.parse((await command(['-f', config, '-o', 'json'])).stdout);
    const issues = report.checks.flatMap(({ findings }) => findings).filter(({ status }) => /fail|warn/.test(status));
    return issues.map(({ id }) => id);
  };
  expect(await failed()).toEqual([]);

  await database.query('ALTER ROLE spacelift NOCREATEROLE');
  store.removeBucket('spacelift-metadata');
  store.bucket('spacelift-states').versioning = 'Suspended';
  store.bucket('spacelift-deliveries').lifecycle = [];
  store.bucket('spacelift-run-logs').policy = PUBLIC;
  expect(await failed()).toEqual(BROKEN);

  const { stdout: script } = await command(['-f', config, '-o', 'fixes']);
  const player = makeScriptPlayer(['mc', 'psql']);
  onTestFinished(() => player.remove());
  const url = database.url({ database: 'spacelift' });
  const { calls, code, stderr, stdout } = await player.play(script, { ADMIN_DATABASE_URL: url });
  expect({ code, stderr, stdout }).toEqual({
    code: 0,
    stderr: '',
    stdout: 'all commands succeeded: run spacelift-preflight again\n',
  });
  store.users = [...store.users, ADMINISTRATOR];
  for (const { argv, input } of calls) {
    const [program, ...args] = argv;
    if (program === 'mc') await runMc(args, { url: store.url, credentials: ADMINISTRATOR });
    else {
      expect(argv.at(-1)).toBe(url);
      const statements = readSql(input).flatMap(({ kind, text }) => (kind === 'statement' ? [text] : []));
      await runStatements(database, 'superuser', 'spacelift', statements);
    }
  }
  expect(await failed()).toEqual([]);
});

const BROKEN = [
  'database/privileges',
  'object-storage/deliveries/retention',
  'object-storage/metadata/access',
  'object-storage/run-logs/public',
  'object-storage/states/versioning',
];

/** Anyone may read. */
const PUBLIC = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: ['*'] },
      Action: ['s3:GetObject'],
      Resource: ['arn:aws:s3:::spacelift-run-logs/*'],
    },
  ],
} satisfies PolicyDocument;
