/** Credentials stay home: whatever endpoint of AWS a config chooses, nothing of the caller's arrives there. */
import { describe, expect, it, test } from 'vitest';
import { expectHome, expectUnseen, SIGNED } from '../stranger.ts';
import { each, expectInconclusive, findingsOf, withheldAt } from './withheld.ts';
import { CANARIES, KEY, useWorld, type Variables } from './world.ts';

const world = useWorld();

/** As messages name it: without the default port. */
const shown = (text: string): string => new URL(text).host;

const local = (scheme: string, port: number) => (name: string) => `${scheme}://127.0.0.1:${port}/${name}`;

const ENDPOINTS: Readonly<Record<string, () => Variables>> = {
  'every service’s variable, https': () => each((name) => `https://${name}.evil.test`),
  'every service’s variable, http': () => each((name) => `http://${name}.evil.test`),
  'one variable for all, https': () => ({
    AWS_ENDPOINT_URL: 'https://evil.test',
    AWS_ENDPOINT_URL_S3: 'https://evil.test',
  }),
  'one variable for all, http': () => ({
    AWS_ENDPOINT_URL: 'http://evil.test:80',
    AWS_ENDPOINT_URL_S3: 'http://evil.test:80',
  }),
  'this machine, https': () => each(local('https', world.stranger.httpsPort)),
  'this machine, http': () => each(local('http', world.stranger.httpPort)),
  'names that look like AWS’s': () => ({
    AWS_ENDPOINT_URL_KMS: 'https://kms.eu-central-1.amazonaws.com.evil.test',
    AWS_ENDPOINT_URL_S3: 'https://s3.eu-central-1.amazonaws.com@evil.test',
    AWS_ENDPOINT_URL_SQS: 'https://sqs.eu-central-1.amazonaws.com:443@sqs.evil.test:8443',
    AWS_ENDPOINT_URL_STS: 'https://sts.evil.test/?sts.eu-central-1.amazonaws.com',
    AWS_ENDPOINT_URL_IOT: 'https://iot.evil.test#iot.eu-central-1.amazonaws.com',
    AWS_ENDPOINT_URL_IOT_DATA_PLANE: 'https://data.evil.test\\@data-ats.iot.eu-central-1.amazonaws.com',
  }),
  'AWS’s names, other ports and schemes': () => ({
    AWS_ENDPOINT_URL_KMS: 'https://kms.eu-central-1.amazonaws.com:8443',
    AWS_ENDPOINT_URL_S3: 'http://s3.eu-central-1.amazonaws.com',
    AWS_ENDPOINT_URL_SQS: 'http://sqs.eu-central-1.amazonaws.com:443',
    AWS_ENDPOINT_URL_STS: 'https://kms.eu-central-1.amazonaws.com',
    AWS_ENDPOINT_URL_IOT: 'https://sts.amazonaws.com',
    AWS_ENDPOINT_URL_IOT_DATA_PLANE: 'https://balancer-1234567890.eu-central-1.elb.amazonaws.com',
  }),
};

describe('AWS: keys of the process', () => {
  test.each(Object.keys(ENDPOINTS))('%s', async (name) => {
    const endpoints = ENDPOINTS[name]?.() ?? {};
    const environment = { ...world.estate.eks.environment, ...world.keys(), ...world.way() };
    const report = await world.checked(world.eks(endpoints), environment);
    expectInconclusive(report, Object.values(endpoints).map(shown));
    expect(world.stranger.proxy.asked.splice(0)).toEqual([]);
    expectHome(world.stranger.heard(), CANARIES);
  });

  it('a web identity token goes to no STS of the config’s', async () => {
    const environment = {
      ...world.estate.eks.environment,
      ...world.way(),
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/ci',
      AWS_WEB_IDENTITY_TOKEN_FILE: world.tokens.web,
    };
    for (const sts of ['https://sts.evil.test', 'http://sts.evil.test']) {
      const report = await world.checked(world.eks({ AWS_ENDPOINT_URL_STS: sts }), environment);
      expectInconclusive(report, ['sts.evil.test']);
      expectHome(world.stranger.heard(), CANARIES);
    }
    const supplied = { credentialsFiles: { AWS_WEB_IDENTITY_TOKEN_FILE: world.tokens.web } };
    const role = {
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/spacelift',
      AWS_ENDPOINT_URL_STS: 'https://evil.test',
    };
    const report = await world.checked(world.eks(role), { ...world.estate.eks.environment, ...world.way() }, supplied);
    expectInconclusive(report, ['evil.test']);
    expect(world.stranger.proxy.asked.splice(0)).toEqual([]);
    expectHome(world.stranger.heard(), CANARIES);
  });

  it('a custom domain of MQTT, and queues elsewhere', async () => {
    const queue = 'https://queue.evil.test/123456789012/spacelift-async';
    const more = { MQTT_BROKER_ENDPOINT: 'mqtt.evil.test', MESSAGE_QUEUE_SQS_ASYNC_URL: queue };
    const { AWS_ENDPOINT_URL: url = '' } = world.estate.eks.environment;
    const named = {
      ...world.estate.eks.environment,
      AWS_ENDPOINT_URL: undefined,
      ...Object.fromEntries(['KMS', 'SQS', 'STS', 'IOT'].map((service) => [`AWS_ENDPOINT_URL_${service}`, url])),
    };
    const report = await world.checked(world.eks(more), { ...named, ...world.keys(), ...world.way() });
    expect(withheldAt(report)).toEqual(['mqtt.evil.test']);
    expect(world.stranger.proxy.asked.splice(0).filter((host) => !host.startsWith('mqtt.'))).toEqual([]);
    expectHome(world.stranger.heard(), CANARIES);
  });

  test.each(['x.evil.test/#', 'evil.test', 'eu-central-1.evil.test', 'a@evil.test', 'eu-central-1\n.evil.test'])(
    'the region %j becomes no host',
    async (region) => {
      const report = await world.checked(world.eks({ AWS_REGION: region, AWS_DEFAULT_REGION: region }), {
        ...world.keys(),
        ...world.way(),
      });
      expect(report.verdict).toBe('not-ready');
      expect(world.stranger.proxy.asked.splice(0).filter((host) => /evil/.test(host))).toEqual([]);
      expectHome(world.stranger.heard(), CANARIES);
    },
  );

  test.each(['evil.test', 'evil.test:80', 'gopher://evil.test', '//evil.test', 'https://', 'https://evil.test:x'])(
    'the endpoint %j is a failure with a fix, whosoever the keys',
    async (url) => {
      const own = { AWS_ACCESS_KEY_ID: 'AKIAOFTHECONFIGITSEL', AWS_SECRET_ACCESS_KEY: 'of-the-config-itself-and-long' };
      const only = { only: ['object-storage/*', 'encryption/*', 'message-queues/*', 'mqtt-broker/*', 'identity/*'] };
      const elsewhere = { AWS_ENDPOINT_URL: url, AWS_ENDPOINT_URL_S3: url };
      for (const more of [elsewhere, { ...elsewhere, ...own }]) {
        const report = await world.checked(world.eks(more), { ...world.keys(), ...world.way() }, only);
        const failed = findingsOf(report).filter(({ status }) => status === 'fail');
        expect(failed.map(({ title }) => title).sort()).toEqual([
          expect.stringMatching(/^AWS_ENDPOINT_URL is not an http:\/\/ or https:\/\/ URL/),
          expect.stringMatching(/^AWS_ENDPOINT_URL_S3 is not an http:\/\/ or https:\/\/ URL/),
        ]);
        expect(withheldAt(report)).toEqual([]);
      }
      expect(world.stranger.proxy.asked).toEqual([]);
      expectHome(world.stranger.heard(), CANARIES);
    },
  );

  it('an allowed host gets them: by https, or on this machine', async () => {
    const environment = { ...world.estate.eks.environment, ...world.keys(), ...world.way() };
    const only = { only: ['encryption/*'] };
    const at = async (url: string, ...allowed: readonly string[]) => {
      const report = await world.checked(world.eks({ AWS_ENDPOINT_URL_KMS: url }), environment, {
        ...only,
        allowCredentialsTo: allowed,
      });
      return {
        withheld: withheldAt(report),
        signed: world.stranger.heard().filter((one) => SIGNED.test(one)).length > 0,
      };
    };
    const arrives = { withheld: [], signed: true };
    expect(await at('https://kms.evil.test', 'kms.evil.test')).toEqual(arrives);
    expect(await at(`http://127.0.0.1:${world.stranger.httpPort}`, `127.0.0.1:${world.stranger.httpPort}`)).toEqual(
      arrives,
    );
    expect(await at('http://kms.evil.test', 'kms.evil.test', 'kms.evil.test:80')).toEqual({
      withheld: ['kms.evil.test'],
      signed: false,
    });
    expect(await at('https://kms.evil.test', 'evil.test', 'kms.evil.test:8443')).toEqual({
      withheld: ['kms.evil.test'],
      signed: false,
    });
    world.stranger.proxy.asked.splice(0);
  });

  it('keys of the config go where it says, and take nothing of the caller’s along', async () => {
    const own = {
      AWS_ACCESS_KEY_ID: 'AKIAOFTHECONFIGITSEL',
      AWS_SECRET_ACCESS_KEY: 'of-the-config-itself-and-long-enough',
    };
    const report = await world.checked(
      world.eks({ ...each((name) => `https://${name}.evil.test`), ...own }),
      { ...world.estate.eks.environment, ...world.keys(), ...world.way() },
      { only: ['encryption/*', 'identity/*'] },
    );
    expect(withheldAt(report)).toEqual([]);
    const heard = world.stranger.heard().join('\n');
    expect(heard).toContain('AKIAOFTHECONFIGITSEL');
    expect(heard).not.toContain(KEY);
    expectUnseen(heard, CANARIES);
    world.stranger.proxy.asked.splice(0);
  });

  it('half of the config’s keys is not mixed with the caller’s', async () => {
    const halves: readonly Variables[] = [
      { AWS_ACCESS_KEY_ID: 'AKIAOFTHECONFIGITSEL' },
      { AWS_SECRET_ACCESS_KEY: 'of-the-config-itself-and-long-enough' },
      { AWS_SESSION_TOKEN: 'of-the-config-itself-and-long-enough' },
    ];
    for (const half of halves) {
      const report = await world.checked(
        world.eks({ ...half, AWS_ENDPOINT_URL: 'https://evil.test', AWS_ENDPOINT_URL_S3: 'https://evil.test' }),
        { ...world.estate.eks.environment, ...world.keys(), ...world.way() },
      );
      expect(withheldAt(report)).toEqual(['evil.test']);
      expectHome(world.stranger.heard(), CANARIES);
    }
    world.stranger.proxy.asked.splice(0);
  });
});
