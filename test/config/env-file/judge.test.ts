/** `configuration/env-file`: one warning for lines that programs read differently, and none for files that work. */
import { describe, expect, test } from 'vitest';
import { configuration } from '../../../checks/configuration/index.ts';
import { pairing } from '../../../checks/pairing/index.ts';
import { parseSource } from '../../../src/config/sources/index.ts';
import { ONPREM } from '../../support/onprem.ts';
import { preflight } from '../../support/preflight.ts';

/** Findings about an env file with a healthy config in which some lines are different. */
async function findings(
  change: Readonly<Record<string, string>>,
  write = (name: string, value: string) => `${name}=${value}`,
) {
  const lines = Object.entries(ONPREM).map(([name, value = '']) => change[name] ?? write(name, value));
  const text = `${lines.join('\n')}\n`;
  const { findings: all } = await preflight([configuration, pairing], [await parseSource('.env', text)]);
  const issues = all.filter(({ status }) => status === 'fail' || status === 'warn');
  return { issues, printed: JSON.stringify(all) };
}

const ids = async (...args: Parameters<typeof findings>) =>
  (await findings(...args)).issues.map(({ id, title }) => `${id} ${title}`);
const quoted = (name: string, value: string) => `${name}="${value}"`;

describe('a file that works for one of the programs passes without a warning', () => {
  test.each<[string, (name: string, value: string) => string]>([
    ['without quotes', (name, value) => `${name}=${value}`],
    ['in double quotes', quoted],
    ['in single quotes', (name, value) => `${name}='${value}'`],
    ['with export', (name, value) => `export ${name}="${value}"`],
    ['with spaces around the equals sign', (name, value) => `${name} = "${value}"`],
    ['with line ends of Windows', (name, value) => `${name}=${value}\r`],
    ['in quotes with comments', (name, value) => `# ${name}\n${name}="${value}" # note`],
    [
      'without quotes, and one value with a space',
      (name, value) => `${name}=${name === 'ENVIRONMENT' ? 'prod eu' : value}`,
    ],
  ])('%s', async (_, write) => {
    expect(await ids({}, write)).toEqual([]);
  });

  test.each([
    'DATABASE_URL=postgres://spacelift:a-long-password@db.corp.io/spacelift?sslmode=require&connect_timeout=10',
    'ADMIN_PASSWORD=abc#def123',
    'ADMIN_PASSWORD=#abc',
    'ADMIN_PASSWORD=a!b*c?d[e]^f',
    'ADMIN_PASSWORD=a{b}c',
  ])('%s', async (line) => {
    expect(await ids({ [line.slice(0, line.indexOf('='))]: line })).toEqual([]);
  });

  test.each([`ADMIN_PASSWORD='a $b "c" #d'`, 'ADMIN_PASSWORD="a\\$b"', 'ADMIN_PASSWORD="a:b  c:d"'])(
    '%s',
    async (line) => {
      expect(await ids({ ADMIN_PASSWORD: line }, quoted)).toEqual([]);
    },
  );
});

describe('a line that programs read differently is one warning', () => {
  test.each([
    ['ADMIN_PASSWORD=abc #def', 'ADMIN_PASSWORD is read differently by Docker Compose and docker run'],
    ['ADMIN_PASSWORD=abc\t#def', 'ADMIN_PASSWORD is read differently by Docker Compose and bash'],
    ['ADMIN_PASSWORD=pa$word', 'ADMIN_PASSWORD is read differently by Docker Compose and docker run'],
    ['ADMIN_PASSWORD=pa$$word', 'ADMIN_PASSWORD is read differently by Docker Compose and bash'],
    ['ADMIN_PASSWORD=pa\\word', 'ADMIN_PASSWORD is read differently by Docker Compose and bash'],
    ['ADMIN_PASSWORD=pa"ss"word', 'ADMIN_PASSWORD is read differently by Docker Compose and bash'],
    ['ADMIN_PASSWORD=pa${w.x}', undefined],
    ['SERVER_DOMAIN=spacelift.corp.io ', 'SERVER_DOMAIN is read differently by Docker Compose and docker run'],
    [
      'SERVER_DOMAIN=spacelift.corp.io # the domain',
      'SERVER_DOMAIN is read differently by Docker Compose and docker run',
    ],
    ['ENVIRONMENT=a b=c', 'ENVIRONMENT is read differently by Docker Compose and bash'],
  ])('%j', async (line, title) => {
    const found = await ids({ [line.slice(0, line.indexOf('='))]: line });
    expect(found).toEqual(title === undefined ? [] : [`configuration/env-file ${title}`]);
  });

  test.each([
    ['ADMIN_PASSWORD="pa$word"', /Docker Compose and systemd/],
    ['ADMIN_PASSWORD="pa\\nword"', /Docker Compose and bash/],
    ['ADMIN_PASSWORD="pa$word$1"', /Docker Compose/],
  ])('in a file with quotes, %j', async (line, title) => {
    expect(await ids({ ADMIN_PASSWORD: line }, quoted)).toEqual([
      expect.stringMatching(new RegExp(`^configuration/env-file ADMIN_PASSWORD .*${title.source}`)),
    ]);
  });

  test('names lines, programs and the fix, but no value', async () => {
    const { issues, printed } = await findings({
      ADMIN_PASSWORD: 'ADMIN_PASSWORD=correct$horse\\battery',
      SERVER_DOMAIN: 'SERVER_DOMAIN=spacelift.corp.io # here',
      DATABASE_URL: 'DATABASE_URL=postgres://spacelift:staple$battery@db.corp.io/spacelift',
    });
    expect(issues).toMatchObject([
      {
        id: 'configuration/env-file',
        title: '3 variables are read differently by Docker Compose and docker run',
        detail: expect.stringMatching(
          /SERVER_DOMAIN \(line \d+\): the # in the value means one thing in Docker Compose and bash/,
        ),
        fix: expect.stringMatching(
          /put the values of ADMIN_PASSWORD .* in single quotes.*; percent-encode .* in DATABASE_URL \(line \d+\)/,
        ),
      },
    ]);
    expect(printed).not.toMatch(/horse|staple|battery/);
  });

  test('a reference to another variable of the file can only be written out', async () => {
    const { issues } = await findings({
      WEBHOOKS_ENDPOINT: '',
      MQTT_BROKER_ENDPOINT: 'HOST_NAME=mqtt.corp.io\nMQTT_BROKER_ENDPOINT=${HOST_NAME}:1984',
    });
    expect(issues).toMatchObject([
      {
        id: 'configuration/env-file',
        fix: expect.stringMatching(
          /^write the values themselves in MQTT_BROKER_ENDPOINT \(line \d+\), without \$ and the name of another variable$/,
        ),
      },
    ]);
  });

  test('a variable that Spacelift does not read may differ', async () => {
    expect(await ids({ ENVIRONMENT: 'OTHER=a $b #c\nENVIRONMENT=prod' })).toEqual([]);
  });

  test('several files are one finding', async () => {
    const files = ['ADMIN_PASSWORD=a$b', 'SERVER_DOMAIN=a.b', 'LICENSE_TOKEN=a#b #c'];
    const sources = await Promise.all(files.map((text, at) => parseSource(`${at}.env`, text)));
    const { findings: all } = await preflight([configuration, pairing], sources);
    expect(all.filter(({ rule }) => rule === 'configuration/env-file')).toMatchObject([
      {
        id: 'configuration/env-file',
        title: '2 variables are read differently by Docker Compose and docker run',
        detail: expect.stringMatching(/^In 0\.env: ADMIN_PASSWORD .*\. In 2\.env: LICENSE_TOKEN /),
      },
    ]);
  });

  test('a placeholder is only a placeholder', async () => {
    expect(await ids({ ADMIN_PASSWORD: 'ADMIN_PASSWORD=${ADMIN_PASSWORD}' })).toEqual([
      'configuration/placeholder[ADMIN_PASSWORD] ADMIN_PASSWORD still contains a placeholder',
    ]);
  });
});

describe('a line without =', () => {
  test('that is a name alone is a value from the environment', async () => {
    for (const line of ['DATABASE_URL', 'export DATABASE_URL', 'DATABASE_URL\r', '  DATABASE_URL  ']) {
      const text = `TERM\n${line}\n${Object.entries({ ...ONPREM, DATABASE_URL: undefined })
        .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
        .join('\n')}\nHOME`;
      const { findings: all, deployment } = await preflight([configuration], [await parseSource('.env', text)]);
      expect(all.filter(({ status }) => status === 'fail' || status === 'warn')).toEqual([]);
      expect(all.filter(({ rule }) => rule === 'configuration/reference')).toMatchObject([
        { id: 'configuration/reference[DATABASE_URL]', status: 'skip', title: expect.stringContaining('has no =') },
      ]);
      expect(deployment.origins.find(({ name }) => name === 'DATABASE_URL')?.location).toEqual({
        file: '.env',
        line: 2,
      });
    }
  });

  test.each([
    ['a comment', '# a comment without it'],
    ['blank', '  '],
    ['the export of a variable that another line sets', 'export SERVER_DOMAIN'],
    ['an export without a name', 'export'],
    ['what a shell is told', 'set -a'],
  ])('%s is no finding', async (_, line) => {
    for (const text of [`ENVIRONMENT=prod\n${line}`, `${line}\nENVIRONMENT=prod`])
      expect(await ids({ ENVIRONMENT: text })).toEqual([]);
  });

  test('that no program reads is one warning, with the line and the variable, but no value', async () => {
    const { issues, printed } = await findings({
      ENVIRONMENT: 'ENVIRONMENT prod-secret-word',
      DATABASE_URL: `DATABASE_URL=${ONPREM.DATABASE_URL}\n-----BEGIN\nq9+\nABcd12\n-----END-----`,
    });
    const at = Object.keys(ONPREM).indexOf('ENVIRONMENT') + 1;
    const from = Object.keys(ONPREM).indexOf('DATABASE_URL') + 2;
    const lines = `lines ${at} (ENVIRONMENT), ${from}–${from + 3}`;
    expect(issues).toMatchObject([
      {
        id: 'configuration/env-file',
        title: '5 lines of .env could not be read',
        detail: `In .env: ${lines} are not NAME=value: programs ignore them, or reject the file.`,
        fix: `write ${lines} of .env as NAME=value, or put # in front`,
      },
    ]);
    expect(printed).not.toMatch(/secret-word|q9|ABcd/);
  });

  test('in two files is one warning', async () => {
    const sources = await Promise.all(
      ['SERVER_DOMAIN=a.b\n!', 'ENVIRONMENT=x\n?'].map((text, at) => parseSource(`${at}`, text)),
    );
    const { findings: all } = await preflight([configuration], sources);
    expect(all.find(({ rule }) => rule === 'configuration/env-file')).toMatchObject({
      title: '2 lines of 2 env files could not be read',
      fix: 'write line 2 of 0 as NAME=value, or put # in front; write line 2 of 1 as NAME=value, or put # in front',
    });
  });
});
