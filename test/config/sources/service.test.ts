/** Which service a container runs for certain. */
import { describe, expect, test } from 'vitest';
import { serviceRun } from '../../../src/config/sources/service.ts';

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
