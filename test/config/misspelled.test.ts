import fc from 'fast-check';
import { distance } from 'fastest-levenshtein';
import { describe, expect, test } from 'vitest';
import { configuration } from '../../checks/configuration/index.ts';
import { pairing } from '../../checks/pairing/index.ts';
import { VARIABLES } from '../../src/config/contract.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { editDistance } from '../../src/util/edit-distance.ts';
import { RUNS } from '../support/arbitrary.ts';
import { expectLinear } from '../support/growth.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight, source, type Variables } from '../support/preflight.ts';
import { SECRET_VARIABLES } from '../support/sdk-variables.ts';

const CHECKS = [configuration, pairing];

/** The issues of a config, each with its title, detail and fix. */
async function issues(variables: Variables) {
  const { findings } = await preflight(CHECKS, variables);
  return findings.filter(({ status }) => status === 'fail' || status === 'warn');
}

/** On premises, with one variable under another name. */
const renamed = (from: string, to: string): Variables => {
  const { [from]: value, ...rest } = ONPREM;
  return { ...rest, [to]: value };
};

describe('a misspelled choice', () => {
  test.each([
    ['MESSAGE_QUEUE_TYPE', 'MESSAGE_QUEUES_TYPE', 'configuration/default'],
    ['MQTT_BROKER_TYPE', 'MQTT_BROKR_TYPE', 'pairing/iotcore-needs-sqs'],
    ['LICENSE_TYPE', 'LICENCE_TYPE', 'configuration/default'],
    ['OBJECT_STORAGE_TYPE', 'OBJECT_STORAGE_TPYE', 'configuration/default'],
    ['ENCRYPTION_TYPE', 'ENCRIPTION_TYPE', 'configuration/default'],
  ])('%s as %s is one failure that names it', async (name, misspelled, rule) => {
    const [found, ...others] = await issues(renamed(name, misspelled));
    expect(found).toMatchObject({ rule, status: 'fail', fix: `rename ${misspelled} to ${name}` });
    expect(found?.detail).toContain(`${misspelled} is set in test (all), did you mean ${name}?`);
    expect(others).toEqual([]);
  });

  test('that nothing contradicts is a warning', async () => {
    const [found, ...others] = await issues({ ...ONPREM, OBSERVABILTY_VENDOR: 'Datadog' });
    expect(found).toMatchObject({
      rule: 'configuration/unknown',
      status: 'warn',
      title: 'unknown variable OBSERVABILTY_VENDOR, did you mean OBSERVABILITY_VENDOR?',
    });
    expect(others).toEqual([]);
  });
});

test.each([
  ['DRAIN_CONCURRENCY_ASYNC', 'DRAIN_CONCURRENCY_ASYNC_JOBS'],
  ['DRAIN_CONCURRENCY_ASYNC_FIFO', 'DRAIN_CONCURRENCY_ASYNC_JOBS_FIFO'],
  ['DRAIN_CONCURRENCY_EVENTS_INBOX', 'DRAIN_CONCURRENCY_EVENTS'],
])('%s is a queue’s name in its URL, not in the drain', async (name, meant) => {
  const [found, ...others] = await issues({ ...ONPREM, [name]: '5' });
  expect(found).toMatchObject({ rule: 'configuration/unknown', fix: `rename it to ${meant}, or remove it` });
  expect(others).toEqual([]);
});

describe('a misspelled variable that is missing is one failure', () => {
  test.each([
    ['OBJECT_STORAGE_BUCKET_STATES', 'OBJECT_STORAGE_BUCKET_STATE'],
    ['DATABASE_URL', 'DATABSE_URL'],
    ['SERVER_DOMAIN', 'SEVRER_DOMAIN'],
    ['LICENSE_TOKEN', 'LICENCE_TOKEN'],
    ['ENCRYPTION_RSA_PRIVATE_KEY', 'ENCRYPTION_RSA_PRIVAT_KEYS'],
    ['ADMIN_PASSWORD', 'ADMIN_PASSWROD'],
  ])('%s as %s', async (name, misspelled) => {
    const [found, ...others] = await issues(renamed(name, misspelled));
    expect(found).toMatchObject({
      status: 'fail',
      detail: `${misspelled} is set in test (all), did you mean ${name}?`,
      fix: `rename ${misspelled} to ${name}`,
    });
    expect(others).toEqual([]);
  });

  test.each(['server_domain', 'server-domain', 'Server_Domain', 'server.domain', 'serverDomain'])(
    'in other letters: %s',
    async (name) => {
      const [found, ...others] = await issues(renamed('SERVER_DOMAIN', name));
      expect(found).toMatchObject({
        status: 'fail',
        detail: `${name} is set in test (all), did you mean SERVER_DOMAIN?`,
        fix: `rename ${name} to SERVER_DOMAIN`,
      });
      expect(others).toEqual([]);
      // What is also there in capitals is for another program.
      expect(await issues({ ...ONPREM, [name]: 'x', aws_region: 'y' })).toEqual([]);
    },
  );

  test('with a prefix, which is for another program if the variable is not missing', async () => {
    const [found, ...others] = await issues(renamed('SERVER_DOMAIN', 'APP_SERVER_DOMAIN'));
    expect(found).toMatchObject({
      id: 'configuration/required[SERVER_DOMAIN]',
      detail: 'APP_SERVER_DOMAIN is set in test (all), did you mean SERVER_DOMAIN?',
      fix: 'rename APP_SERVER_DOMAIN to SERVER_DOMAIN',
    });
    expect(others).toEqual([]);
    const backup = { BACKUP_AWS_REGION: 'eu-west-1', APP_DATABASE_URL: 'x', BACKUP_DATABASE_READ_ONLY_URL: 'y' };
    expect(await issues({ ...ONPREM, ...backup })).toEqual([]);
  });

  test('as a key of a Secret that no workload in the input reads', async () => {
    const { DATABASE_URL: url, ...rest } = ONPREM;
    const object = {
      kind: 'Secret',
      metadata: { name: 's' },
      stringData: { ...rest, 'database-url': url, 'vcs-gateway-endpoint': 'a.b:1984', 'aws-region': 'x' },
    };
    const { findings } = await preflight(CHECKS, [await parseSource('x.json', JSON.stringify(object))]);
    expect(findings.filter(({ status }) => status === 'fail' || status === 'warn')).toMatchObject([
      {
        id: 'configuration/required[DATABASE_URL]',
        detail: 'database-url is set in x.json (Secret s), did you mean DATABASE_URL?',
        fix: 'rename database-url to DATABASE_URL, or pass the workload too that sets the variable from it',
      },
    ]);
  });

  test('of a group', async () => {
    const slack = { SLACK_APP_CLIENT_ID: 'a', SLACK_APP_CLIENT_SECRET: 'b', SLACK_SECRETS: 'c' };
    const [found, ...others] = await issues({ ...ONPREM, ...slack });
    expect(found?.fix).toBe('rename SLACK_SECRETS to SLACK_SECRET');
    expect(others).toEqual([]);
  });

  test('and each further misspelling of it is a warning', async () => {
    const { OBJECT_STORAGE_BUCKET_STATES: states, ...rest } = ONPREM;
    const found = await issues({
      ...rest,
      OBJECT_STORAGE_BUCKET_STAETS: states,
      OBJECT_STORAGE_BUCKET_STATE_S: states,
    });
    expect(found.map(({ rule, status }) => `${status} ${rule}`)).toEqual([
      'fail configuration/required',
      'warn configuration/unknown',
    ]);
  });
});

test('any name within two typing errors of a variable is a warning that names one', () => {
  const unset = VARIABLES.filter((name) => name.length >= 10);
  const letter = fc.constantFrom(...'ABEILNORSTY_');
  const error = fc.record({ at: fc.nat(60), kind: fc.constantFrom('drop', 'add', 'swap', 'replace'), letter });
  return fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...unset),
      fc.array(error, { minLength: 1, maxLength: 2 }),
      async (name, errors) => {
        const misspelled = errors.reduce(withError, name);
        fc.pre(!VARIABLES.some((known) => known === misspelled) && editDistance(misspelled, name, 2) <= 2);
        fc.pre(!/^(DD_AGENT_PORT|FEATURE_FLAG_)/.test(misspelled));
        const found = await issues({ ...ONPREM, [misspelled]: '' });
        expect(found.map(({ evidence }) => evidence.variable)).toEqual([misspelled]);
      },
    ),
    RUNS,
  );
});

type Typo = { at: number; kind: string; letter: string };

function withError(name: string, { at: position, kind, letter }: Typo): string {
  const at = position % name.length;
  const [before, one, after] = [name.slice(0, at), name[at] ?? '', name.slice(at + 1)];
  if (kind === 'drop') return before + after;
  if (kind === 'add') return before + letter + one + after;
  if (kind === 'replace') return before + letter + after;
  return before + after.slice(0, 1) + one + after.slice(1);
}

describe('is no misspelling', () => {
  test('a variable of the vendor’s files, of the SDKs, or of the user’s own', async () => {
    const own = [
      ...['SSL_CERT', 'SSL_KEY', 'TLS_CERT', 'SMTP_KEY', 'SAML_URL', 'SAML_IDP', 'REGION', 'DOMAIN', 'HOST', 'PORT'],
      ...['DD_AGENT_PORT', 'DD_TRACE_AGENT_HOSTNAME', 'GCP_PROJECT_ID', 'GCE_PROJECT', 'AWS_ACCESS_KEY', 'FTP_PROXY'],
      ...['ENV', 'NODE_ENV', 'APP_DATABASE_URL', 'DB_URL', 'SECRET', 'REPLICAS', 'LOG_LEVEL', 'SLACK_TOKEN', 'KEY'],
    ];
    const sdk = SECRET_VARIABLES.filter((name) => !name.startsWith('AWS_SE') && name !== 'AWS_ACCESS_KEY_ID');
    const variables = Object.fromEntries([...own, ...sdk, 'FEATURE_FLAG_X'].map((name) => [name, '']));
    expect(await issues({ ...ONPREM, ...variables })).toEqual([]);
  });

  test('anything in the environment of a job', async () => {
    const { findings } = await preflight(CHECKS, [
      source({ ...ONPREM, SERVER_DOMAINS: 'x' }, 'all', { process: true }),
    ]);
    expect(findings.filter(({ status }) => status === 'warn')).toEqual([]);
  });
});

test('misspelled credentials of an SDK and of the contract with its prefix are warnings', async () => {
  const found = await issues({ ...ONPREM, AWS_REGOIN: '', AWS_SECRET_ACESS_KEY: '', AZURE_TENNANT_ID: '' });
  expect(found.map(({ evidence }) => evidence.suggestion)).toEqual([
    'AWS_REGION',
    'AWS_SECRET_ACCESS_KEY',
    'AZURE_TENANT_ID',
  ]);
});

describe('editDistance', () => {
  const word = fc.stringMatching(/^[abc]{0,8}$/);

  test('counts a swap of neighbors as one error', () => {
    expect(editDistance('TYPE', 'TPYE', 3)).toBe(1);
    expect(editDistance('LICENSE', 'LICENCE', 3)).toBe(1);
    expect(editDistance('abcdef', 'uvwxyz', 3)).toBe(4);
    expect(editDistance('', 'ab', 3)).toBe(2);
  });

  test('is symmetric, at most the distance without swaps, and at least half of it', () => {
    fc.assert(
      fc.property(word, word, (one, other) => {
        const [whole, swaps] = [distance(one, other), editDistance(one, other, 20)];
        expect(editDistance(other, one, 20)).toBe(swaps);
        expect(swaps).toBeLessThanOrEqual(whole);
        expect(swaps * 2).toBeGreaterThanOrEqual(whole);
        for (const most of [0, 1, 2, 3]) expect(editDistance(one, other, most)).toBe(Math.min(swaps, most + 1));
      }),
      { numRuns: 2_000 },
    );
  });

  test('takes time that grows with the length alone', () =>
    expectLinear((length) => editDistance('ab'.repeat(length), 'ba'.repeat(length), 3), 5_000));
});
