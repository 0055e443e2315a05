import { describe, expect, test } from 'vitest';
import { type Deployment, makeDeployment } from '../../src/config/deployment.ts';
import type { Entry, Source } from '../../src/config/entry.ts';
import type { Perspective } from '../../src/config/options.ts';

const entry = (service: Entry['service'], name: string, value: string, more: Partial<Entry> = {}): Entry => ({
  name,
  kind: 'known',
  value,
  service,
  origin: `config.yaml (Secret spacelift-${service})`,
  ...more,
});
const file = (...entries: readonly Entry[]): Source => ({ entries, incomplete: false, process: false });
const SHARED = entry('all', 'SERVER_DOMAIN', 'spacelift.corp.io');
const SERVER = entry('server', 'ENVIRONMENT', 'prod');
const OWN = [entry('vcs-gateway', 'ENVIRONMENT', 'gateway'), entry('vcs-gateway', 'GATEWAY_GRPC_PORT', '1984')];

const read = (sources: readonly Source[], service?: Perspective): Deployment =>
  makeDeployment(sources, { service, environment: {} });
const inForce = ({ lookup }: Deployment) => {
  const found = lookup('ENVIRONMENT');
  return 'value' in found ? found.value : found.state;
};

describe('the VCS gateway’s own values', () => {
  test.each<[string, Source[], string]>([
    ['beside shared ones in a file', [file(SHARED, ...OWN)], 'unset'],
    ['beside another service’s in a file', [file(SHARED, SERVER, ...OWN)], 'prod'],
    ['in a file of their own, beside another service’s', [file(SHARED, SERVER), file(...OWN)], 'prod'],
  ])('%s are ignored with a note', (_, sources, environment) => {
    const deployment = read(sources);
    expect(deployment.service).not.toBe('vcs-gateway');
    expect(inForce(deployment)).toBe(environment);
    expect(deployment.set).not.toContain('GATEWAY_GRPC_PORT');
    expect(deployment.origins.map(({ service }) => service)).not.toContain('vcs-gateway');
    expect(deployment.notes).toEqual([
      'config.yaml (Secret spacelift-vcs-gateway) is ignored: it belongs to the VCS gateway alone; to check the gateway, add --service vcs-gateway',
    ]);
  });

  test('are ignored with a note that leaves out what other services read too', () => {
    const shared = (service: Entry['service']) => entry(service, 'DATABASE_URL', 'x', { origin: SHARED.origin });
    expect(read([file(shared('server'), shared('vcs-gateway'), ...OWN)]).notes).toEqual([
      expect.stringContaining('(Secret spacelift-vcs-gateway) is ignored'),
    ]);
  });

  test.each<[string, Source[]]>([
    ['alone', [file(...OWN)]],
    ['in a file of their own, beside shared ones', [file(SHARED), file(...OWN)]],
  ])('%s, they are the config', (_, sources) => {
    const deployment = read(sources);
    expect(deployment).toMatchObject({ service: 'vcs-gateway', notes: [] });
    expect(inForce(deployment)).toBe('gateway');
  });

  test('are used if it is selected, with the shared ones and no other service’s', () => {
    const deployment = read([file(SHARED, SERVER, ...OWN)], 'vcs-gateway');
    expect(deployment.notes).toEqual([]);
    expect(inForce(deployment)).toBe('gateway');
    expect(deployment.set).toEqual(['SERVER_DOMAIN', 'ENVIRONMENT', 'GATEWAY_GRPC_PORT']);
  });

  test.each<Perspective>(['server', 'worker'])('are no values of the %s', (service) => {
    const deployment = read([file(SHARED, ...OWN)], service);
    expect(deployment.notes).toEqual([]);
    expect(inForce(deployment)).toBe('unset');
  });

  test('if the API rejects one of them, it rejects the object, whoever is checked', () => {
    const number = entry('vcs-gateway', 'GATEWAY_HTTP_PORT', 'number', { kind: 'not-a-string' });
    const { configuration } = read([file(SHARED, SERVER, number)]);
    expect(configuration.filter(({ rule }) => rule === 'type').map(({ variable }) => variable)).toEqual([
      'GATEWAY_HTTP_PORT',
    ]);
  });

  test('only for it, unknown environment files make a missing variable a skip', () => {
    const source = { ...file(SHARED, SERVER, ...OWN), incompleteGateway: true as const };
    const statusOf = (service?: Perspective) =>
      read([source], service).configuration.find(({ variable }) => variable === 'DATABASE_URL')?.outcome.status;
    expect([statusOf(), statusOf('vcs-gateway')]).toEqual(['fail', 'skip']);
  });
});
