/** Whatever a file holds, it is read or refused in one line: nothing else is thrown, and no secret is shown. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/config/entry.ts';
import { parseSource } from '../../../src/config/sources/index.ts';
import { base64 } from './helpers.ts';

/** Its characters tell it from a name: where a name belongs, a name is shown. */
const SECRET = 'hunter+hunter+2';

const VALID: Readonly<Record<string, string>> = {
  kubernetes: `apiVersion: v1\nkind: Secret\nmetadata: {name: spacelift-server}\ndata:\n  DATABASE_URL: ${base64(SECRET)}\nstringData:\n  ADMIN_PASSWORD: "${SECRET}"\n---\nkind: List\nitems:\n- kind: ConfigMap\n  data: &d {SERVER_DOMAIN: a.b}\n- {kind: ConfigMap, data: *d}\n`,
  json: JSON.stringify(
    { kind: 'List', items: [{ kind: 'Secret', stringData: { SERVER_DOMAIN: SECRET, AWS_REGION: 5 } }] },
    null,
    1,
  ),
  ecs: JSON.stringify([
    {
      name: 'server',
      image: 'x',
      command: ['backend', 'server'],
      environment: [{ name: 'ADMIN_PASSWORD', value: SECRET }],
      secrets: [{ name: 'DATABASE_URL', valueFrom: 'arn:aws:ssm:x' }],
      environmentFiles: [],
    },
  ]),
  plan: JSON.stringify({
    format_version: '1.2',
    terraform_version: '1.10',
    planned_values: {
      outputs: { config: { sensitive: true, value: `SERVER_DOMAIN: a.b\nADMIN_PASSWORD: "${SECRET}"\n` } },
    },
    resource_changes: [
      {
        address: 'module.a["x"].aws_ecs_task_definition.server',
        mode: 'managed',
        type: 'aws_ecs_task_definition',
        name: 'server',
        change: {
          actions: ['create'],
          after: {
            container_definitions: JSON.stringify([
              {
                name: 'server',
                image: 'x',
                environment: [
                  { name: 'ADMIN_PASSWORD', value: SECRET },
                  { name: 'DATABASE_URL', value: 'x' },
                ],
              },
            ]),
          },
          after_unknown: { id: true },
        },
      },
      {
        type: 'helm_release',
        change: { after: { values: [`env: {ADMIN_PASSWORD: ${SECRET}}`], set: [{ name: 'a.b', value: 'x' }] } },
      },
    ],
    configuration: {
      root_module: {
        resources: [],
        module_calls: {
          a: {
            module: {
              resources: [
                { address: 'aws_s3_bucket.x', type: 'aws_s3_bucket', expressions: { bucket: { references: ['x.y'] } } },
              ],
            },
          },
        },
      },
    },
  }),
  compose: `services:\n  server:\n    image: x\n    environment:\n      - SERVER_DOMAIN=a.b\n      - ADMIN_PASSWORD=${SECRET}\n    env_file: [x]\n  drain: {command: backend drain, environment: {DATABASE_URL: "$\{X}", LAUNCHER_IMAGE: }}\n`,
  unit: `[Service]\nEnvironment="SERVER_DOMAIN=a.b" 'ADMIN_PASSWORD=${SECRET}' \\\n  ENVIRONMENT=a%%b\n; x\nEnvironmentFile=x\n`,
  workload: `kind: ConfigMap\nmetadata: {name: c}\ndata: {A: b}\n---\nkind: Pod\nmetadata: {name: server}\nspec:\n  containers:\n  - name: server\n    envFrom: [{configMapRef: {name: c}, prefix: X_}]\n    env: [{name: SERVER_DOMAIN, value: $(X_A)}, {name: ADMIN_PASSWORD, value: "${SECRET}"}]\n`,
  sealed: `kind: ExternalSecret\nmetadata: {name: a}\nspec:\n  target: {name: b, template: {data: {X: y}}}\n  data: [{secretKey: DATABASE_URL}]\n---\nkind: SealedSecret\nspec: {encryptedData: {A: b}}\n---\nkind: Secret\nmetadata: {name: b-server}\nstringData: {SERVER_DOMAIN: a.b, ADMIN_PASSWORD: "${SECRET}"}\n---\nkind: Pod\nmetadata: {name: server}\nspec:\n  containers:\n  - name: server\n    envFrom: [{secretRef: {name: b-serve}}]\n    env: [{name: ENVIRONMENT, valueFrom: {secretKeyRef: {name: b-server, key: x}}}, {name: SERVER_DOMAIN, value: a}]\n`,
  platforms: [
    { Name: '/server', Config: { Env: ['SERVER_DOMAIN=a.b', `ADMIN_PASSWORD=${SECRET}`], Cmd: ['backend', 'server'] } },
    { Job: { TaskGroups: [{ Name: 'drain', Tasks: [{ Name: 'x', Env: { DATABASE_URL: SECRET } }] }] } },
    { name: 'a/secrets/x', payload: { data: base64(`ENVIRONMENT=${SECRET}\nAWS_REGION=b\n`) } },
    { properties: { template: { containers: [{ name: 'a', env: [{ name: 'ADMIN_USERNAME', secretRef: 'x' }] }] } } },
  ]
    .map((one) => JSON.stringify(one))
    .join('\n---\n'),
  vault: JSON.stringify({
    request_id: 'x',
    data: { data: { SERVER_DOMAIN: 'a.b', ADMIN_PASSWORD: SECRET }, metadata: {} },
  }),
  dotenv: `# x\nexport SERVER_DOMAIN=a.b\nADMIN_PASSWORD="${SECRET}\nmore"\nDATABASE_URL='x'\n`,
  map: `SERVER_DOMAIN: a.b\nADMIN_PASSWORD: ${SECRET}\nAWS_ACCOUNT_ID: 012\nbase: &b [1, true]\nother: *b\n`,
};

const FRAGMENTS = [
  ...['{', '}', '[', ']', ':', ': ', ',', '"', "'", '\n', '\r\n', '\t', ' ', '-', '- ', '#', '&a ', '*a', '<<: ', '? '],
  ...[
    '!',
    '!!binary ',
    '!!int ',
    '|\n',
    '>-\n',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '%TAG ! x\n',
    '=',
    '\\',
    '\\u12',
    '\0',
    '\ufeff',
  ],
  ...['null', 'true', '0', '1e999', '{}', '[]', '__proto__', 'constructor', 'toString', '{{ x }}', 'ENC[', '$(', '`'],
  ...['kind', 'List', 'items', 'data', 'name', 'containerDefinitions', '\ud800', '🚀', '\u2028', '\u202e', SECRET],
];

/** mulberry32 */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

function mutate(text: string, random: (below: number) => number): string {
  let mutated = text;
  for (let times = 1 + random(4); times > 0; times -= 1) {
    const from = random(mutated.length + 1);
    const to = Math.min(mutated.length, from + random(12));
    const piece = FRAGMENTS[random(FRAGMENTS.length)] ?? '';
    const insert =
      [piece, '', piece.repeat(1 + random(5)), mutated.slice(random(mutated.length + 1), to)][random(4)] ?? '';
    mutated = mutated.slice(0, from) + insert + mutated.slice(random(2) === 0 ? from : to);
  }
  return mutated;
}

/** `true` when it was read; its refusal otherwise. */
async function outcome(text: string): Promise<true | string> {
  try {
    const source = await parseSource('x', text);
    expect(source.entries.length).toBeGreaterThan(0);
    return true;
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw new Error(`on ${JSON.stringify(text)}`, { cause: error });
  }
}

describe.each(Object.entries(VALID))('%s', (shape, text) => {
  it('is read when left alone', async () => {
    if (shape === 'map') expect(await outcome(text)).toContain('base is an array');
    else expect(await outcome(text)).toBe(true);
  });

  it('is read or refused in one line when mutated', async () => {
    const random = generator(Object.keys(VALID).indexOf(shape) + 1);
    let refused = 0;
    for (let round = 0; round < 1500; round += 1) {
      const result = await outcome(mutate(text, random));
      if (result === true) continue;
      refused += 1;
      expect(result).toMatch(/^x: [^\p{Cc}\u2028\u2029\u202e]{10,600}$/u);
      expect(result).not.toContain(SECRET.slice(0, 7));
    }
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(1500);
  });
});

it.each([
  ...FRAGMENTS,
  '{"a":{"b":{"c":null}}}',
  '[[[[]]]]',
  '[null]',
  '[{"name":null}]',
  '{"kind":null}',
  '{"kind":"List","items":null}',
  '{"kind":"List","items":[null,[],{"kind":"Secret","metadata":[]}]}',
  '{"kind":"Secret","metadata":{"name":5},"data":null}',
  '{"taskDefinition":null}',
  '{"taskDefinition":{"containerDefinitions":[null,5,{}]}}',
  '{"containerDefinitions":[{"name":"server","environment":[null]}]}',
  '%YAML 9.9\n---\na: b',
  '%BOGUS\n---\n!<x> a',
  '!!set {a, b}',
  '!!omap [a: 1]',
  'a: !!binary "%%%"',
  '&a a: *a',
  '<<: {a: b}\nc: *d',
  '<html><body>hi</body></html>',
  '<?xml version="1.0"?>\n<a b="c: d"/>',
  'resource "x" "y" {\n  a = 1\n}\n',
  '=\n=\n=',
  'A\n=B',
  'export A',
])('nothing but a refusal comes of %j', async (text) => {
  expect(await outcome(text)).toMatch(/^x: /);
});
