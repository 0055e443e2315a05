/** Nothing that a config or a server says can make a printed fix do more than it declares. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { VARIABLES, type VariableName } from '../../src/config/contract.ts';
import { advice, command, Fix, identifier, literal, output, pipe, setting, sh, sql } from '../../src/outcome/fix.ts';
import { RUNS } from '../support/arbitrary.ts';
import { ONPREM } from '../support/onprem.ts';
import { expectDeclared, expectPasteable } from '../support/pasteable.ts';
import { preflight } from '../support/preflight.ts';

/** What shells, SQL, CI runners and terminals make something of. */
const PIECES = [
  ...["'", '"', '`', '$', '$(touch x)', '`touch x`', '${IFS}', '\\', '\n', '\r', '\t', ' ', ';', '&', '|', '<', '>'],
  ...['(', ')', '{', '}', '[', ']', '*', '?', '!', '!!', '#', '~', '=', '%', '%s', '-', '-o', '--x', '::', '##vso['],
  ...['é', '”', '\u202e', '\u200b', '\u0000', '\u001b[2J', 'touch', '/', '..', 'a', 'B', '7', '_', ':', ',', '@', '^'],
];
const hostile = fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join(''));

describe('a command', () => {
  test('runs what it declares, whatever is in it, or is not printed', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (one, other) => {
        await expectDeclared(command(sh`mc mb minio/${one}`));
        await expectDeclared(command(sh`aws s3api x --bucket ${one} --key=${other} ${one}-${other}`));
        await expectDeclared(command(pipe(sh`printf %s ${one}`, sh`tee ${other}`), { note: one, after: other }));
        await expectDeclared(advice`${one}; try: ${sh`nc -vz ${one} ${other}`}`);
        const inner = command(sh`az x --scope ${output(sh`az y --name ${one}`)}`);
        if (inner.kind === 'command') expect(inner.text).not.toMatch(/^\s*touch/m);
      }),
      RUNS,
    );
  });

  test('is one text of printable ASCII, in which no CI runner finds a command of its own', () => {
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        for (const fix of [command(sh`mc mb minio/${one} ${other}`), setting('SERVER_DOMAIN', one)]) {
          if (fix.kind === 'advice') continue;
          expect(fix.text).toMatch(/^[ -~]+$/);
          expect(fix.text).not.toMatch(/^\s*::|##\[|##vso\[|##teamcity\[/);
        }
      }),
      RUNS,
    );
  });

  test('is made in one way only', () => {
    expect(Fix.is(command(sh`mc ls`))).toBe(true);
    expect(Fix.is({ kind: 'command', language: 'sh', text: 'touch x', shells: [] })).toBe(false);
    expect(() => new Fix(Symbol('fix'), 'command', 'sh', 'touch x', [], false)).toThrow(TypeError);
  });
});

test('a name and a text in SQL stay one', () => {
  fc.assert(
    fc.property(hostile, (name) => {
      const { text } = sql`ALTER ROLE ${identifier(name)} PASSWORD ${literal(name)};`;
      if (text === undefined) return;
      expect(text).toMatch(/^[ -~]+$/);
      const rest = text.replace(/(U&)?"(?:[^"]|"")*"/, 'NAME').replace(/(U&)?'(?:[^']|'')*'/, 'TEXT');
      expect(rest).toMatch(/^ALTER ROLE (NAME|[a-z_][a-z0-9_]*) PASSWORD TEXT;$/);
    }),
    RUNS,
  );
});

describe('a config', () => {
  const VALUES = [
    "x'; touch x; '",
    '$(touch x)',
    '`touch x`',
    '-o x',
    'a b; touch x',
    'a\ntouch x',
    'https://u:p@h$(touch x)/',
    'postgres://u:p@h%24(touch%20x)/d',
    'é”; touch x',
    '\n::set-output name=x::y',
    '##vso[task.setvariable variable=x]y',
  ];
  /** Names that the config is searched for are as hostile as values. */
  const NAMES = [
    'DATABASE_URL;touch x',
    'OBJECT_STORAGE_$(touch x)',
    'SERVER_DOMAIN\n',
    'LICENSE_TYPE`id`',
    'DRAIN_CONCURRENCY_',
  ];

  test.each(VALUES)('whose values are %j', async (value) => {
    for (const name of [...VARIABLES, 'AWS_PROFILE', 'AWS_ROLE_ARN']) {
      const variables = { ...ONPREM, [name]: value };
      const only = ['configuration/*', 'pairing/*'];
      const { run } = await preflight(CHECKS, variables, { only });
      await expectPasteable(run);
    }
  });

  test('whose names are hostile', async () => {
    const { run } = await preflight(
      CHECKS,
      { ...ONPREM, ...Object.fromEntries(NAMES.map((name) => [name, 'x'])) },
      {
        only: ['configuration/*'],
      },
    );
    await expectPasteable(run);
  });

  test.each(VALUES)('in which everything is %j', async (value) => {
    const keep: readonly VariableName[] = [
      'OBJECT_STORAGE_TYPE',
      'MESSAGE_QUEUE_TYPE',
      'ENCRYPTION_TYPE',
      'MQTT_BROKER_TYPE',
    ];
    const changed = Object.fromEntries(VARIABLES.filter((name) => !keep.includes(name)).map((name) => [name, value]));
    const { run } = await preflight(CHECKS, { ...ONPREM, ...changed }, { timeoutMs: 20_000 });
    await expectPasteable(run);
  });
});
