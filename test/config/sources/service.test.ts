/** Which service a container runs for certain, and what its command sets before. */
import { describe, expect, test } from 'vitest';
import { parseSource } from '../../../src/config/sources/index.ts';
import { serviceRun, setsVariables } from '../../../src/config/sources/service.ts';

describe('the service in a command', () => {
  test.each([
    [['spacelift', 'backend', 'server'], 'server'],
    [['spacelift', 'backend', 'drain-local'], 'drain'],
    [['spacelift', 'backend', 'drain'], 'drain'],
    [['spacelift', 'backend', 'vcs-gateway'], 'vcs-gateway'],
    [['spacelift', 'scheduler'], 'scheduler'],
    [['/usr/bin/spacelift', 'scheduler'], 'scheduler'],
    [['scheduler'], 'scheduler'],
    [['/usr/bin/tini', '--', 'spacelift', 'backend', 'server'], 'server'],
    [['/usr/bin/tini', '--', 'scheduler'], 'scheduler'],
    [['/entrypoint.sh', 'scheduler'], 'scheduler'],
    [['/entrypoint.sh', 'backend', 'server'], 'server'],
    [['airflow', 'scheduler'], undefined],
    [['kube-scheduler'], undefined],
    [['backend', 'serverless'], undefined],
    [['backend', 'drainage'], undefined],
    [['nginx', '-g', 'daemon off;'], undefined],
    [[], undefined],
  ])('%j runs %s', (words, service) => {
    expect(serviceRun(words)).toBe(service);
  });
});

describe('a command that sets variables', () => {
  const SOURCED = ['sh', '-c', '. /vault/secrets/config && exec spacelift backend server'];

  test.each([
    [SOURCED, true],
    [['bash', '-c', 'set -a; source "/run/secrets/env"; exec spacelift backend server'], true],
    [['chamber', 'exec', 'spacelift', '--', 'spacelift', 'backend', 'server'], true],
    [['op', 'run', '--', 'spacelift', 'backend', 'server'], true],
    [['/vault/vault-env', 'spacelift', 'backend', 'server'], true],
    [['spacelift', 'backend', 'server'], false],
    [['/usr/bin/tini', '--', 'spacelift', 'backend', 'server'], false],
    [['sh', '-c', 'exec ./spacelift backend server'], false],
    [['sh', '-c', 'cd . && exec spacelift backend server'], false],
  ])('%j: %s', (words, sets) => {
    expect(setsVariables([words])).toBe(sets);
  });

  const env = [{ name: 'SERVER_DOMAIN', value: 'a.b' }];
  test.each<[string, object]>([
    [
      'a Deployment',
      {
        kind: 'Deployment',
        metadata: { name: 'server' },
        spec: { template: { spec: { containers: [{ name: 'server', command: SOURCED, env }] } } },
      },
    ],
    ['a task definition', { containerDefinitions: [{ name: 'server', entryPoint: SOURCED, environment: env }] }],
    [
      'a Compose file',
      { services: { server: { image: 'x', entrypoint: SOURCED, environment: { SERVER_DOMAIN: 'a.b' } } } },
    ],
  ])('of %s: variables can be set that are not known here', async (_, document) => {
    const text = JSON.stringify(document);
    expect(await parseSource('x', text)).toMatchObject({ incomplete: true, unseen: 'command' });
    const plain = text.replace(SOURCED[2] ?? '', 'exec spacelift backend server');
    expect(await parseSource('x', plain)).toMatchObject({ incomplete: false });
  });
});
