import { describe, expect, test } from 'vitest';
import { configuration } from '../../checks/configuration/index.ts';
import { type AssumedRelease, assumeRelease, changesOf, isDowngrade } from '../../src/config/assumed-release.ts';
import type { Entry, Source } from '../../src/config/entry.ts';
import type { Perspective } from '../../src/config/options.ts';
import { compareReleases, isSince, parseRelease, releaseOfTag } from '../../src/config/release.ts';
import { CHANGES, drainSchedules, postgresqlFor } from '../../src/config/releases.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { expectLinear } from '../support/growth.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight, source, type Variables } from '../support/preflight.ts';

const release = (text: string) => {
  const parsed = parseRelease(text);
  if (parsed === undefined) throw new Error(`${text} is no release`);
  return parsed;
};
const tag = (value: string, kind: Entry['kind'] = 'known'): Entry => ({
  name: 'LAUNCHER_IMAGE_TAG',
  kind,
  value,
  service: 'drain',
  origin: 'drain.yaml',
});

describe('a version', () => {
  test.each([
    ['4.3.0', '4.3.0'],
    ['v4.3.0', '4.3.0'],
    ['v4.10.12', '4.10.12'],
    ['4.3.0-rc.1', '4.3.0-rc.1'],
    ['v5.0.0-beta', '5.0.0-beta'],
  ])('%s', (text, expected) => {
    expect(parseRelease(text)?.text).toBe(expected);
  });
  const DIGEST = `@sha256:${'0a'.repeat(32)}`;
  test.each([
    ...['', 'v', '4', '4.3', '4.3.0.1', 'latest', 'V4.3.0', ' 4.3.0', '4.3.0 ', '4.3.0\n', '04.3.0', '4.3.x', '-4.3.0'],
    ...[
      '4.3.0-',
      '4.3.0-rc..1',
      '999999.0.0',
      '0f9d2c81',
      `sha256:${'0a'.repeat(32)}`,
      '4.3.0+build',
      '٤.٣.٠',
      `4.3.0${DIGEST}`,
    ],
  ])('not %j', (text) => {
    expect(parseRelease(text)).toBeUndefined();
  });
  test('of a tag with a digest', () => {
    expect(releaseOfTag(`v4.3.0${DIGEST}`)?.text).toBe('4.3.0');
    expect(releaseOfTag(`latest${DIGEST}`)).toBeUndefined();
    expect(releaseOfTag('v4.3.0@sha256:0a')).toBeUndefined();
  });
  test('is read in linear time', async () => {
    await expectLinear((size) => releaseOfTag(`v4.3.0-${'a.'.repeat(size)}`), 20_000);
    await expectLinear((size) => releaseOfTag('@sha256:'.repeat(size)), 20_000);
  });
  test('is compared by its numbers; a candidate has what its release brings, and is older', () => {
    expect(isSince(release('4.10.0'), '4.9.9')).toBe(true);
    expect(isSince(release('4.0.9'), '4.1.0')).toBe(false);
    expect(isSince(release('4.1.0-rc.1'), '4.1.0')).toBe(true);
    expect(compareReleases(release('4.1.0-rc.1'), release('4.1.0'))).toBeLessThan(0);
    expect(compareReleases(release('10.0.0'), release('9.9.9'))).toBeGreaterThan(0);
  });
});

describe('the assumed release', () => {
  const said = ({ release: version, source, reason, from }: AssumedRelease) => [
    version?.text,
    source,
    reason,
    from?.text,
  ];
  test.each([
    ['v4.3.0', undefined, ['4.3.0', 'config', 'LAUNCHER_IMAGE_TAG in drain.yaml', undefined]],
    ['v4.3.0', '6.4.0', ['6.4.0', 'option', '--release', '4.3.0']],
    ['v4.3.0', '4.3.0', ['4.3.0', 'option', '--release', undefined]],
    ['latest', '6.4.0', ['6.4.0', 'option', '--release', undefined]],
    ['latest', undefined, [undefined, 'none', 'LAUNCHER_IMAGE_TAG is not a version such as v4.3.0', undefined]],
    ['', undefined, [undefined, 'none', 'LAUNCHER_IMAGE_TAG is not set', undefined]],
  ])('tag %j, option %j', (held, option, expected) => {
    expect(said(assumeRelease(tag(held), option === undefined ? undefined : release(option)))).toEqual(expected);
  });
  test('is not known if the tag is behind a reference', () => {
    expect(said(assumeRelease(tag('arn', 'secret'), undefined))[2]).toBe('the value of LAUNCHER_IMAGE_TAG is unknown');
  });
  test('is that of the drain for every service', async () => {
    const sources = [source({ ...ONPREM }), source({ LAUNCHER_IMAGE_TAG: 'v4.3.0' }, 'drain')];
    const { deployment } = await preflight([configuration], sources, { service: 'server' });
    expect(deployment.release.release?.text).toBe('4.3.0');
  });
});

describe('changes', () => {
  const between = (from: string, to: string, values: Variables = {}) =>
    changesOf(
      { release: release(to), source: 'option', reason: '--release', from: release(from) },
      (name) => values[name],
    );
  const texts = (...given: Parameters<typeof between>) =>
    between(...given).map(({ since, change }) => `${since} ${change}`);
  test('are in the order of their releases', () => {
    const versions = CHANGES.map(({ since }) => release(since));
    expect(versions.toSorted(compareReleases)).toEqual(versions);
  });
  test('of one release, and of several', () => {
    expect(texts('4.1.0', '4.2.0')).toEqual(['4.2.0 AWS integrations can tag their sessions']);
    expect(texts('4.2.0', '4.3.0')).toEqual([]);
    expect(new Set(between('4.0.0', '6.5.0').map(({ since }) => since))).toEqual(
      // Instead of what 6.2.0 allows, 6.4.0 does it by default.
      new Set(['4.1.0', '4.2.0', '6.4.0']),
    );
  });
  test('leave out what a deployment already decided, or does not use', () => {
    const sqs = '6.4.0 the drain sends to the cronjobs queue by default';
    expect(texts('6.3.0', '6.4.0', { MESSAGE_QUEUE_TYPE: 'sqs' })).toContain(sqs);
    expect(texts('6.3.0', '6.4.0', { MESSAGE_QUEUE_TYPE: 'postgres' })).not.toContain(sqs);
    expect(texts('6.3.0', '6.4.0', { MESSAGE_QUEUE_TYPE: 'sqs', DRAIN_SCHEDULER_ENABLED: 'true' })).toEqual([]);
  });
  test('that only matter because of a value', () => {
    const on = '6.2.0 DRAIN_SCHEDULER_ENABLED=true takes effect: the drain runs the scheduler';
    expect(texts('6.1.0', '6.2.0', { DRAIN_SCHEDULER_ENABLED: 'true' })).toEqual([on]);
    expect(texts('6.1.0', '6.2.0', { DRAIN_SCHEDULER_ENABLED: 'false' })).toEqual([
      '6.2.0 the scheduler can run in the drain',
    ]);
  });
  test('that an older release lacks', () => {
    expect(texts('4.2.0', '4.1.0')).toEqual(['4.2.0 AWS integrations can tag their sessions']);
    expect(isDowngrade(assumeRelease(tag('v4.2.0'), release('4.2.0-rc.1')))).toBe(true);
  });
});

test.each([
  [undefined, 16],
  ['4.0.9', 16],
  ['4.1.0', 17],
  ['6.5.0', 17],
])('PostgreSQL for release %s: up to %i', (version, newest) => {
  expect(postgresqlFor(version === undefined ? undefined : release(version))).toEqual({ oldest: 14, newest });
});

test.each([
  [undefined, undefined, false],
  [undefined, 'true', true],
  ['6.1.9', 'true', false],
  ['6.2.0', undefined, false],
  ['6.2.0', 'true', true],
  ['6.3.9', 'false', false],
  ['6.4.0', undefined, true],
  ['6.4.0', 'false', false],
  ['7.0.0', 'TRUE', true],
])('release %s with DRAIN_SCHEDULER_ENABLED=%s: the drain runs the scheduler: %s', (version, enabled, expected) => {
  expect(drainSchedules(version === undefined ? undefined : release(version), enabled)).toBe(expected);
});

describe('configuration/release', () => {
  const warnings = async (variables: Variables | readonly Source[], version?: string) => {
    const { findings } = await preflight(
      [configuration],
      variables,
      version === undefined ? {} : { release: release(version) },
    );
    return findings.filter(({ status }) => status === 'warn').map(({ id, title }) => `${id}: ${title}`);
  };
  test('variables of a later release are one warning', async () => {
    const variables = { ...ONPREM, POLICY_REGO_TIMEOUT_PLAN: '30s', POLICY_REGO_TIMEOUT_PUSH: '1m' };
    expect(await warnings(variables, '3.8.0')).toEqual([
      'configuration/release[POLICY_REGO_TIMEOUT_PLAN]: POLICY_REGO_TIMEOUT_PLAN and 1 more came with release 4.0.0, and this is 3.8.0',
    ]);
    expect(await warnings(variables, '4.0.0')).toEqual([]);
    expect(await warnings(variables)).toEqual([]);
  });
  test('a switch that is off means what a release without it does', async () => {
    expect(await warnings({ ...ONPREM, DRAIN_SCHEDULER_ENABLED: 'false' }, '4.3.0')).toEqual([]);
    expect(await warnings({ ...ONPREM, DRAIN_SCHEDULER_ENABLED: 'true' }, '4.3.0')).toHaveLength(1);
  });
  test('the gateway came to Kubernetes later', async () => {
    const entry = {
      name: 'VCS_GATEWAY_ENDPOINT',
      kind: 'known',
      value: 'a.b:443',
      service: 'all',
      origin: 'x',
    } as const;
    const inSecret = { ...entry, location: { file: 'x', kind: 'Secret', name: 'spacelift-shared' } };
    const config = (held: Entry) => [source(ONPREM), source({}, 'all', { entries: [held] })];
    expect(await warnings(config(entry), '4.0.0')).toEqual([]);
    expect(await warnings(config(inSecret), '4.0.0')).toHaveLength(1);
    expect(await warnings(config(inSecret), '4.1.0')).toEqual([]);
  });
  test('an older release than that of the config', async () => {
    expect(await warnings({ ...ONPREM, LAUNCHER_IMAGE_TAG: 'v4.3.0' }, '4.2.0')).toEqual([
      'configuration/release[LAUNCHER_IMAGE_TAG]: 4.2.0 is older than 4.3.0, the release in the config',
    ]);
  });
});

describe('configuration/scheduler', () => {
  const task = (service: 'server' | 'drain' | 'scheduler', more: Variables = {}): Source => {
    const { entries, ...rest } = source({ ...ONPREM, ...more }, service);
    return {
      ...rest,
      entries: entries.map((entry) => ({ ...entry, location: { file: 'task.json', container: service } })),
    };
  };
  const found = async (sources: readonly Source[], version?: string, service?: Perspective) => {
    const { findings } = await preflight([configuration], sources, {
      ...(version !== undefined && { release: release(version) }),
      ...(service !== undefined && { service }),
    });
    return findings.filter(({ rule }) => rule === 'configuration/scheduler');
  };
  const said = async (sources: readonly Source[], version?: string) =>
    (await found(sources, version)).filter(({ status }) => status === 'warn').map(({ fix }) => fix);
  const TWO = [task('server'), task('drain')];
  test.each([
    ['4.3.0', undefined, ['deploy the scheduler, and pass its task definition too, with -f']],
    ['6.2.0', undefined, ['set DRAIN_SCHEDULER_ENABLED=true']],
    ['6.3.0', 'false', ['set DRAIN_SCHEDULER_ENABLED=true']],
    ['6.3.0', 'true', []],
    ['6.4.0', undefined, []],
    ['6.4.0', 'false', ['set DRAIN_SCHEDULER_ENABLED=true']],
    [undefined, undefined, []],
  ])('release %s, DRAIN_SCHEDULER_ENABLED %s', async (version, enabled, expected) => {
    expect(await said([task('server'), task('drain', { DRAIN_SCHEDULER_ENABLED: enabled })], version)).toEqual(
      expected,
    );
  });
  test('with a scheduler, on Kubernetes, or for one service: nothing is said', async () => {
    expect(await said([...TWO, task('scheduler')], '4.3.0')).toEqual([]);
    expect(await said([source(ONPREM, 'server'), source(ONPREM, 'drain')], '4.3.0')).toEqual([]);
    expect(await said([task('drain')], '4.3.0')).toEqual([]);
  });

  const OPEN = 'whether the drain runs the scheduler is not known here: DRAIN_SCHEDULER_ENABLED may be set elsewhere';
  const HIDDEN = 'the config does not show which services are deployed';
  test.each<[string, readonly Source[], string | undefined, Perspective | undefined, string]>([
    ['values of each service', [source(ONPREM, 'server'), source(ONPREM, 'drain')], '4.3.0', undefined, HIDDEN],
    ['values alone', [source(ONPREM)], '4.3.0', undefined, HIDDEN],
    [
      'no release',
      TWO,
      undefined,
      undefined,
      'the release is not known, so neither is whether the drain runs the scheduler',
    ],
    ['environment files', TWO.map((one) => ({ ...one, incomplete: true })), '6.4.0', undefined, OPEN],
    ['one service', TWO, '4.3.0', 'server', 'only one service is checked, so another may run the scheduler'],
  ])('%s: it is not known, and a skip says so', async (_, sources, version, service, title) => {
    expect(await found(sources, version, service)).toMatchObject([{ status: 'skip', title }]);
  });
  test('values alone, in a release whose drain runs it: passes', async () => {
    expect(await found([source(ONPREM)], '6.4.0')).toMatchObject([{ status: 'pass' }]);
  });
  test.each<Perspective>(['worker', 'vcs-gateway'])('a %s has none', async (service) => {
    expect(await found(TWO, '4.3.0', service)).toEqual([]);
  });

  const secret = (name: string, variables: Variables) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: variables });
  /** @param service with the number of its replicas, if it is not one: `scheduler=0` */
  const deployment = (service: string) => {
    const [of = '', replicas] = service.split('=');
    const name = `spacelift-${of}`;
    const container = { name, envFrom: [{ secretRef: { name: 'spacelift-shared' } }] };
    return JSON.stringify({
      kind: 'Deployment',
      metadata: { name },
      spec: {
        ...(replicas !== undefined && { replicas: Number(replicas) }),
        template: { spec: { containers: [container] } },
      },
    });
  };
  const stream = (...services: readonly string[]) =>
    parseSource('all.yaml', [secret('spacelift-shared', ONPREM), ...services.map(deployment)].join('\n'));
  test.each([
    [['server', 'drain'], 'warn'],
    [['server', 'drain', 'scheduler'], 'pass'],
    [['server'], 'skip'],
    [['server=2', 'drain=3', 'scheduler=0'], 'warn'],
    [['server', 'drain', 'scheduler=1'], 'pass'],
  ])('Secrets and the Deployments of %s', async (services, status) => {
    expect(await found([await stream(...services)], '4.3.0')).toMatchObject([{ status }]);
  });
  test('Docker Compose’s services show it, with variables or without', async () => {
    const services = { server: { environment: ONPREM }, drain: { environment: ONPREM } };
    const compose = (more: object) =>
      parseSource('compose.json', JSON.stringify({ services: { ...services, ...more } }));
    expect(await found([await compose({})], '4.3.0')).toMatchObject([{ status: 'warn' }]);
    expect(await found([await compose({ scheduler: { image: 'spacelift' } })], '4.3.0')).toMatchObject([
      { status: 'pass' },
    ]);
  });
});
