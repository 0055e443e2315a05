import { describe, expect, test } from 'vitest';
import { makeDeployment } from '../../src/config/deployment.ts';
import type { Perspective } from '../../src/config/options.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { poolSecretIn } from '../../src/config/worker-pool.ts';
import { source, type Variables } from '../support/preflight.ts';

const SECRET = { token: 'dG9rZW4=', privateKey: 'a2V5' };
const LAUNCHER = { SPACELIFT_TOKEN: 'dG9rZW4=', SPACELIFT_POOL_PRIVATE_KEY: 'a2V5' };
const read = (variables: Variables, service?: Perspective) =>
  makeDeployment([source(variables)], { service, environment: {} });

describe('a worker pool’s credentials alone', () => {
  test.each<[string, Variables, Perspective?]>([
    ['in its Secret', SECRET],
    ['in the launcher’s variables', LAUNCHER],
    [
      'beside a region and a proxy',
      { ...LAUNCHER, AWS_REGION: 'eu-west-1', HTTPS_PROXY: 'http://proxy:3128', HOME: '/' },
    ],
    ['half of them, for a worker', { token: SECRET.token }, 'worker'],
  ])('%s: a worker’s config, and what it lacks is in the shared one', (_, variables, service) => {
    const deployment = read(variables, service);
    expect(deployment).toMatchObject({ service: 'worker', incomplete: true });
    const required = deployment.configuration.filter(({ rule }) => rule === 'required');
    expect(required.map(({ variable, outcome }) => [variable, outcome.status])).toEqual([
      ['SERVER_DOMAIN', 'skip'],
      ['OBJECT_STORAGE_BUCKET_UPLOADS_URL', 'skip'],
      ['MQTT_BROKER_ENDPOINT', 'skip'],
    ]);
    expect(required[0]?.outcome.title).toBe(
      'SERVER_DOMAIN may be set in the shared config, which is not part of the input: pass it too, with -f',
    );
  });

  test.each<[string, Variables, Perspective?]>([
    ['beside the shared config', { ...LAUNCHER, SERVER_DOMAIN: 'spacelift.corp.io' }],
    ['for another service', SECRET, 'server'],
  ])('%s: what is not set is missing', (_, variables, service) => {
    const { service: checked, configuration } = read(variables, service);
    expect(checked).toBe(service);
    const statuses = configuration.filter(({ rule }) => rule === 'required').map(({ outcome }) => outcome.status);
    expect(new Set(statuses)).toEqual(new Set(['fail']));
  });
});

describe('a worker pool’s Secret', () => {
  test('with an empty key lacks it', () => {
    expect(poolSecretIn([source({ ...SECRET, privateKey: '' })], undefined)).toMatchObject({
      token: { name: 'token' },
      key: undefined,
    });
  });

  test.each([['private_key'], ['PrivateKey'], ['private.key'], ['key']])(
    'may have its key under the name %s',
    (name) => {
      expect(poolSecretIn([source({ token: SECRET.token, [name]: 'a2V5' })], 'worker')?.near.key?.name).toBe(name);
    },
  );

  test('of which there is a half is one only for a worker', async () => {
    expect(poolSecretIn([source({ token: SECRET.token })], undefined)).toBeUndefined();
    await expect(parseSource('half.env', 'token=dG9rZW4=')).rejects.toThrow('contains no Spacelift variable');
  });
});
