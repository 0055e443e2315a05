/** Configs in plans, states and outputs of Terraform. */
import { expect, it } from 'vitest';
import { makeDeployment } from '../../../src/config/deployment.ts';
import { parseSource, readSources } from '../../../src/config/sources/index.ts';
import { messageOf, refusal, valuesOf } from './helpers.ts';

const change = (address: string, after: object, more: object = {}) => ({
  address,
  mode: 'managed',
  type: /(\w+)\.[^.]+$/.exec(address)?.[1],
  name: address.split('.').at(-1),
  change: { actions: ['create'], before: null, after, after_unknown: {}, after_sensitive: {}, ...more },
});
const plan = (changes: readonly object[], more: object = {}) =>
  JSON.stringify({ format_version: '1.2', terraform_version: '1.10.0', resource_changes: changes, ...more });
const task = (address: string, variables: Readonly<Record<string, string>>, more?: object) => {
  const environment = Object.entries(variables).map(([name, value]) => ({ name, value }));
  const container = { name: address.split('.').at(-1), image: 'x', environment };
  return change(address, { container_definitions: JSON.stringify([container]) }, more);
};
const CONFIG = { SERVER_DOMAIN: 'spacelift.acme.io', OBJECT_STORAGE_TYPE: 'aws' };

it('an origin names the resource', async () => {
  const text = plan([task('module.apps.module.ecs[0].aws_ecs_task_definition.server', CONFIG)]);
  const [entry] = (await parseSource('plan.json', text)).entries;
  const address = 'module.apps.module.ecs[0].aws_ecs_task_definition.server';
  expect(entry).toMatchObject({
    service: 'server',
    origin: `plan.json (${address}, container server)`,
    location: { file: 'plan.json', address, container: 'server' },
  });
});

it('what is destroyed is left out, and what is replaced counts as it will be', async () => {
  const text = plan([
    task('aws_ecs_task_definition.server', { ...CONFIG, ENVIRONMENT: 'new' }, { actions: ['delete', 'create'] }),
    task('module.old.aws_ecs_task_definition.server', { SERVER_DOMAIN: 'old.acme.io' }, { actions: ['delete'] }),
  ]);
  expect(valuesOf(await parseSource('x', text))).toEqual({ ...CONFIG, ENVIRONMENT: 'new' });
});

it('what is known only after the apply is set, but not known here', async () => {
  const secret = change(
    'kubernetes_secret.shared',
    { metadata: [{ name: 'spacelift-shared' }], data: CONFIG },
    { after_unknown: { data: { DATABASE_URL: true }, id: true } },
  );
  const source = await parseSource('x', plan([secret]));
  const { configuration, lookup } = makeDeployment([source], { environment: {} });
  const found = configuration.find(({ variable }) => variable === 'DATABASE_URL');
  expect(found?.outcome).toMatchObject({
    status: 'skip',
    title: 'DATABASE_URL is set to a value that is known only after the plan is applied',
    unknownVariable: 'DATABASE_URL',
  });
  expect(lookup('DATABASE_URL').state).toBe('unknown');
});

it.each([
  [
    'a task definition',
    plan([change('aws_ecs_task_definition.server', {}, { after_unknown: { container_definitions: true } })]),
  ],
  ['a Secret', plan([change('kubernetes_secret.shared', { metadata: [{}] }, { after_unknown: { data: true } })])],
  [
    'the output of the vendor’s modules',
    plan([], {
      planned_values: { outputs: { kubernetes_secrets: { sensitive: true } } },
      output_changes: { kubernetes_secrets: { actions: ['create'], after_unknown: true, after_sensitive: true } },
    }),
  ],
])('nothing fails if %s is known only after the apply', async (_, text) => {
  const source = await parseSource('x', text);
  expect(source).toMatchObject({ entries: [], incomplete: true, unseen: 'apply' });
  const { configuration, pairing, chosen } = makeDeployment([source], { environment: {} });
  expect(configuration.filter(({ outcome }) => outcome.status !== 'skip')).toEqual([]);
  expect(pairing).toBeUndefined();
  expect(chosen('OBJECT_STORAGE_TYPE')).toBeUndefined();
});

it('values of a Helm release are searched, and those that are set one by one', async () => {
  const release = change('helm_release.spacelift', {
    values: [
      'env:\n  SERVER_DOMAIN: spacelift.acme.io\ndrain:\n  extraEnv:\n    - {name: LAUNCHER_IMAGE, value: a.b/c}\n',
    ],
    set: [{ name: 'image.tag', value: '1' }],
    set_sensitive: [{ name: 'server.env.DATABASE_URL', value: 'postgres://a:rose-tin@h/d' }],
  });
  const { entries } = await parseSource('x', plan([release]));
  expect(entries.map(({ name, service, secret = false }) => [name, service, secret])).toEqual([
    ['SERVER_DOMAIN', 'all', false],
    ['LAUNCHER_IMAGE', 'drain', false],
    ['DATABASE_URL', 'server', true],
  ]);
});

it('a secret of Secrets Manager in the same state is what a task definition refers to', async () => {
  const secret = change('aws_secretsmanager_secret_version.conn', {
    secret_string: JSON.stringify({ DATABASE_URL: 'postgres://a:rose-tin@h/d' }),
  });
  const other = change('aws_secretsmanager_secret_version.other', { secret_string: 'rose-tin-lantern' });
  const source = await parseSource('x', plan([task('aws_ecs_task_definition.server', CONFIG), secret, other]));
  expect(valuesOf(source)).toEqual({ ...CONFIG, DATABASE_URL: 'postgres://a:rose-tin@h/d' });
});

it('outputs with the names of variables are variables; sensitive ones are never shown', async () => {
  const text = JSON.stringify({
    SERVER_DOMAIN: { sensitive: false, type: 'string', value: 'spacelift.acme.io' },
    OBJECT_STORAGE_BUCKET_STATES: { sensitive: true, type: 'string', value: 'rose-tin-lantern' },
  });
  const source = await parseSource('x', text);
  expect(source.entries.map(({ name, origin, secret = false }) => [name, origin, secret])).toEqual([
    ['SERVER_DOMAIN', 'x (output SERVER_DOMAIN)', false],
    ['OBJECT_STORAGE_BUCKET_STATES', 'x (output OBJECT_STORAGE_BUCKET_STATES)', true],
  ]);
  expect(makeDeployment([source], { environment: {} }).secrets).toContain('rose-tin-lantern');
});

it('of several configs that differ none is chosen', async () => {
  const text = plan([
    task('module.staging.aws_ecs_task_definition.server', CONFIG),
    task('module.prod.aws_ecs_task_definition.server', { ...CONFIG, SERVER_DOMAIN: 'prod.acme.io' }),
  ]);
  expect(await refusal('x', text)).toBe(
    'x: several configs that differ: module.staging.aws_ecs_task_definition.server and module.prod.aws_ecs_task_definition.server; pass one: tofu output -raw NAME | spacelift-preflight -f -, or a plan or state with only one',
  );
});

it.each([
  ['no resources', plan([])],
  ['other resources', plan([change('aws_vpc.main', { cidr_block: '10.0.0.0/8' })])],
  [
    'infrastructure only',
    JSON.stringify({ shell: { sensitive: true, type: 'string', value: 'export AWS_REGION=eu-west-1' } }),
  ],
])('is refused with %s', async (_, text) => {
  expect(await refusal('x', text)).toBe(
    'x: no output or resource contains Spacelift’s variables (DATABASE_URL, OBJECT_STORAGE_TYPE, …); pass the Secrets, a task definition, or tofu output -raw kubernetes_secrets',
  );
});

const deleted = (address: string) => change(address, {}, { actions: ['delete'], after: null });
const SECRET = change('kubernetes_secret.shared', { metadata: [{ name: 'spacelift-shared' }], data: CONFIG });
const DATABASE = change('aws_db_instance.spacelift', { identifier: 'spacelift' });

it.each([
  [
    'only destroys',
    plan([deleted('aws_vpc.main'), deleted('aws_db_instance.spacelift')]),
    'the plan only destroys, so nothing is left to check after it; pass the Secrets, a task definition, or tofu output -raw kubernetes_secrets',
  ],
  [
    'failed',
    plan([], { errored: true }),
    'the plan failed (errored) before it contained Spacelift’s variables; correct its errors, and pass the new one: tofu plan -out plan.out && tofu show -json plan.out | spacelift-preflight -f -',
  ],
])('a plan that %s is refused in one line', async (_, text, expected) => {
  expect(await refusal('x', text)).toBe(`x: ${expected}`);
});

it.each([
  ['failed', plan([SECRET], { errored: true }), true],
  ['failed', plan([DATABASE], { errored: true }), true],
  [
    'only destroys',
    plan([{ ...SECRET, change: { ...SECRET.change, actions: ['no-op'] } }, deleted('aws_vpc.main')]),
    false,
  ],
])('a plan that %s says so in one note', async (what, text, incomplete) => {
  const source = await parseSource('x', text);
  expect(source.incomplete).toBe(incomplete);
  expect(makeDeployment([source], { environment: {} }).notes).toEqual([
    what === 'failed'
      ? 'the plan in x failed (errored), so it is incomplete: correct the errors of tofu plan, and check it again'
      : 'the plan in x only destroys: what is checked is what it leaves',
  ]);
});

it('an address that could be something else is not shown', async () => {
  const text = plan([{ ...task('aws_ecs_task_definition.server', CONFIG), address: 'hunter2 \u202e hunter2' }]);
  expect((await parseSource('x', text)).entries[0]?.origin).toBe('x ((not a name), container server)');
});

const chunksOf = async function* (...parts: readonly string[]) {
  for (const part of parts) yield Buffer.from(part);
};

it('can be up to 64 MiB, of which only a little is kept', async () => {
  const filler = JSON.stringify(change('aws_vpc.main', { tags: 'x'.repeat(1024 * 1024) }));
  const read = (count: number) => {
    const text = plan([task('aws_ecs_task_definition.server', CONFIG)]);
    const at = text.indexOf('[{') + 1;
    return readSources(['-'], {
      stdin: chunksOf(text.slice(0, at), ...Array.from({ length: count }, () => `${filler},`), text.slice(at)),
      env: {},
    });
  };
  expect((await read(62)).map(valuesOf)).toEqual([CONFIG]);
  const message = await messageOf(read(65));
  expect(message).toMatch(/^standard input: larger than 64 MiB, the maximum; if it is a plan, leave out .* jq -c /);
});

it('a large file that is cut off is refused with the position', async () => {
  const stdin = chunksOf(`{"format_version":"1.2","resource_changes":[{"x":"${'x'.repeat(9 * 1024 * 1024)}`);
  expect(await messageOf(readSources(['-'], { stdin, env: {} }))).toMatch(
    /^standard input: not valid JSON at byte 94\d+$/,
  );
});
