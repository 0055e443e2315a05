/** Gives every choice one more backend, in a copy, and nothing else: the type checker names each place that lacks it. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { CHOICES } from '../../src/config/contract.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CONTRACT = 'src/config/contract.ts';
const ADDED = 'r2';

/** The errors of the type checker as `file: message`, for a copy in which every choice has one more value. */
let errors: string[];
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'preflight-choices-'));
  try {
    await Promise.all(
      ['src', 'checks', 'tsconfig.json', 'package.json'].map((name) =>
        cp(join(ROOT, name), join(folder, name), { recursive: true }),
      ),
    );
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const path = join(folder, CONTRACT);
    let contract = await readFile(path, 'utf8');
    for (const name of CHOICES) {
      const before = contract;
      contract = contract.replace(`  ${name}: choice([`, `$&'${ADDED}', `);
      expect(contract).not.toBe(before);
    }
    await writeFile(path, contract);
    const said = await new Promise<string>((resolve) => {
      execFile(
        process.execPath,
        [join(ROOT, 'node_modules/typescript/bin/tsc'), '--pretty', 'false'],
        { cwd: folder },
        (_, stdout) => resolve(stdout),
      );
    });
    errors = said.split('\n').flatMap((line) => {
      const [, file, message] = /^([^(\s]+)\(\d+,\d+\): error TS\d+: (.*)$/.exec(line) ?? [];
      return file === undefined ? [] : [`${file}: ${message}`];
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([
  ['OBJECT_STORAGE_TYPE', 'checks/object-storage/providers.ts'],
  ['MESSAGE_QUEUE_TYPE', 'checks/message-queues/providers.ts'],
  ['ENCRYPTION_TYPE', 'checks/encryption/providers.ts'],
  ['MQTT_BROKER_TYPE', 'checks/mqtt-broker/providers.ts'],
  ['OBSERVABILITY_VENDOR', 'checks/observability/providers.ts'],
  ['LICENSE_TYPE', 'checks/license/index.ts'],
])('%s: %s must have it', (_, registry) => {
  expect(errors).toContainEqual(
    expect.stringMatching(new RegExp(`^${registry}: Property '${ADDED}' is missing in type`)),
  );
});

test('what shows that it is meant must be told of each', () => {
  const told = errors.filter((error) => error.startsWith('src/config/choices.ts:'));
  expect(told).toHaveLength(CHOICES.length);
});

test('and in no other file is anything missing', () => {
  const files = new Set(errors.map((error) => error.slice(0, error.indexOf(':'))));
  expect([...files].sort()).toEqual([
    'checks/encryption/providers.ts',
    'checks/license/index.ts',
    'checks/message-queues/providers.ts',
    'checks/mqtt-broker/providers.ts',
    'checks/object-storage/providers.ts',
    'checks/observability/providers.ts',
    'src/config/choices.ts',
  ]);
});
