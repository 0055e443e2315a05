/** The command line on broken installations, as a process: no secret on either stream or in any file, in any format. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manifest } from '../../demo/deployment.ts';
import { CONTRACT, VARIABLES } from '../../src/config/contract.ts';
import { FORMAT_NAMES } from '../../src/report/format-names.ts';
import { command } from '../cli/host.ts';
import { run } from '../cli/spawned.ts';
import { canary } from '../support/canaries.ts';
import { AKS, EKS, type Estate, GKE, ONPREM, startEstate } from '../support/estate.ts';
import { expectNone } from '../support/leaks.ts';
import { secretsIn } from '../support/secrets.ts';
import { makePool } from '../support/worker-pool.ts';
import type { Arrange, Fault } from './fault.ts';
import { FAULTS } from './index.ts';

let estate: Estate;
let folder: string;
beforeAll(async () => {
  [estate, folder] = await Promise.all([startEstate(), mkdtemp(join(tmpdir(), 'preflight-secrets-'))]);
});
afterAll(() => Promise.all([estate.stop(), rm(folder, { recursive: true })]));

/** Secrets that the healthy installations are without. */
const MORE: Readonly<Record<string, Arrange>> = {
  ONPREM: async ({ variables }) => ({
    variables: { DATABASE_READ_ONLY_URL: variables.DATABASE_URL, ...(await makePool()) },
    environment: { AWS_SESSION_TOKEN: canary('AWS_SESSION_TOKEN'), PGPASSWORD: canary('PGPASSWORD') },
  }),
  AKS: async ({ estate: { azure } }) => ({
    environment: {
      AZURE_CLIENT_SECRET: '',
      AZURE_FEDERATED_TOKEN_FILE: await azure.azure.federatedTokenFile(azure.operator),
    },
  }),
};
const HEALTHY: readonly Fault[] = Object.entries({ ONPREM, EKS, GKE, AKS }).map(([name, at]) => ({
  name: `nothing, at ${name}`,
  at,
  arrange: MORE[name] ?? (() => ({})),
}));
/** Where a secret is likeliest to be talked about. */
const ABOUT_SECRETS = /password|secret|token|\bkey\b|credential|proxy/i;
const BROKEN = Object.values(FAULTS).flatMap((table) =>
  table.filter(({ name }) => ABOUT_SECRETS.test(name)).slice(0, 2),
);

const defined = (values: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** What the logs of all runs have lines of. */
const KINDS = new Set<string>();

async function textsIn(directory: string): Promise<string> {
  const files = await readdir(directory);
  return (await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')))).join('\n');
}

test.each([...HEALTHY, ...BROKEN].map((fault, index) => ({ ...fault, index })))('broken: $name', async (fault) => {
  const { at = ONPREM, as = 'operator', options = {}, index } = fault;
  const healthy = { variables: estate.variables(at, as), environment: estate.environment(at, as) };
  const arranged = await fault.arrange({ estate, ...healthy });
  try {
    const variables = defined({ ...healthy.variables, ...arranged.variables });
    const directory = await mkdtemp(join(folder, 'out-'));
    const env = {
      ...defined({ ...healthy.environment, ...arranged.environment }),
      FORCE_COLOR: index % 2 === 0 ? '3' : '0',
    };
    const config = join(folder, `${index}.yaml`);
    await writeFile(config, manifest(variables));
    const printed = FORMAT_NAMES[index % FORMAT_NAMES.length] ?? 'pretty';
    const service = as === 'operator' ? [] : ['--service', as];
    const args = [
      ...service,
      ...['--timeout', String((options.timeoutMs ?? 60_000) / 1000), '--phase', options.phase ?? 'auto'],
      ...['-o', printed, index % 3 === 0 ? '-q' : '-v', '-f', config],
      ...FORMAT_NAMES.flatMap((format) => ['--report', `${format}=${join(directory, format)}`]),
      index % 4 === 0 ? '--debug' : `--debug=${join(directory, 'debug')}`,
    ];
    const summary = { GITHUB_STEP_SUMMARY: join(directory, 'summary') };
    const told = await run(args, { env: { ...env, ...summary } });
    expect([0, 1]).toContain(told.code);
    const others = await Promise.all([
      command(['plan', '-f', config, ...service], { env }),
      command(['plan', '-f', config, '-o', 'json'], { env }),
      command(['cleanup', '-f', config, '--timeout', '2', '-o', index % 2 === 0 ? 'json' : 'pretty'], { env }),
    ]);
    const texts = [...[told, ...others].flatMap(({ stdout, stderr }) => [stdout, stderr]), await textsIn(directory)];
    expectNone([variables, env].flatMap(secretsIn), texts.join('\n'));
    expect(texts.join('\n')).toMatch(/^\+ *\d+ ms {2}run {3}end of the command$/m);
    for (const [, kind = ''] of texts.join('\n').matchAll(/^\+ *\d+ ms {2}(\w+)/gm)) KINDS.add(kind);
    if (fault.name.startsWith('nothing, at'))
      expect(texts.join('\n')).toMatch(/ http {2}2\d\d in \d+ ms: [A-Z]+ https?:/);
    expect(texts.at(-1)).toContain('<!-- spacelift-preflight -->');
  } finally {
    await arranged.undo?.();
  }
});

test('every secret variable of the contract has a secret in one of the installations', async () => {
  const all = HEALTHY.map(async ({ at = ONPREM, arrange }) => {
    const [variables, environment] = [estate.variables(at), estate.environment(at)];
    const arranged = await arrange({ estate, variables, environment });
    return secretsIn({ ...variables, ...arranged.variables }).map(({ of }) => of);
  });
  const set = (await Promise.all(all)).flat();
  const secret = VARIABLES.filter((name) => CONTRACT[name].secret);
  expect(secret.filter((name) => !set.includes(name))).toEqual([]);
});

test('the logs had lines of every kind of traffic', () => {
  expect([...KINDS]).toEqual(
    expect.arrayContaining(['run', 'dns', 'tcp', 'tls', 'udp', 'http', 'grpc', 'mqtt', 'sql']),
  );
});
