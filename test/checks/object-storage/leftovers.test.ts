/** What is left in the cloud stores is found and removed with all its versions, as on S3 and MinIO (`test/cli/cleanup.test.ts`). */

import { afterAll, describe, expect, test } from 'vitest';
import { azure } from '../../../checks/object-storage/azure/store.ts';
import { gcp } from '../../../checks/object-storage/gcp/store.ts';
import { objectStorage } from '../../../checks/object-storage/index.ts';
import type { Store } from '../../../checks/object-storage/store.ts';
import { removeAllLeftovers } from '../../../src/app/leftovers.ts';
import { type Deployment, makeDeployment } from '../../../src/config/deployment.ts';
import { DEFAULTS, type Service } from '../../../src/config/options.ts';
import type { Run } from '../../../src/engine/check.ts';
import { Cleanup } from '../../../src/engine/cleanup.ts';
import { makeRun } from '../../../src/engine/run.ts';
import { networkContext } from '../../../src/net/ca-store.ts';
import { Fix } from '../../../src/outcome/fix.ts';
import { source, type Variables } from '../../support/preflight.ts';
import { startAzureStorage } from './azure-storage.ts';
import { startGcp } from './gcp-storage.ts';
import { real } from './storage.ts';

const ID = '0b7d4d1e-5a1c-4c1e-9d57-0f5a7c8e9b21';
const KEPT = 'spacelift-preflight/probe';
const never = () => new AbortController().signal;

interface Place {
  readonly variables: Variables;
  readonly environment: (as: 'operator' | 'service') => Record<string, string>;
  readonly open: (run: Run) => Promise<Store>;
  readonly snapshot: () => object;
  /** Whether a service's role may remove versions. */
  readonly servicesMay: boolean;
}

const closers: (() => unknown)[] = [];
afterAll(() => Promise.all(closers.map((close) => close())));

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'Google Cloud Storage': async () => {
    const { gcs, variables, keyFiles } = await startGcp();
    closers.push(() => gcs.close());
    return {
      variables,
      environment: (as) => gcs.proxyEnvironment(as === 'operator' ? keyFiles.operator : keyFiles.spacelift),
      open: gcp,
      snapshot: () => gcs.snapshot(),
      servicesMay: true,
    };
  },
  'Azure Blob Storage': async () => {
    const { azure: server, variables, operator, contributor } = await startAzureStorage();
    closers.push(() => server.close());
    return {
      variables,
      environment: (as) =>
        server.proxyEnvironment(as === 'operator' ? operator : contributor) as Record<string, string>,
      open: azure,
      snapshot: () => server.snapshot(),
      servicesMay: false,
    };
  },
};

describe.each(Object.entries(PLACES))('%s', (_, start) => {
  const deploymentOf = ({ variables, environment }: Place, as: 'operator' | 'service', service?: Service): Deployment =>
    makeDeployment([source(variables)], { service, environment: environment(as) });

  /** Leaves what a killed run would, twice over, beside what is not a run's. */
  async function leave(place: Place, bucket: string, keys: readonly string[]): Promise<void> {
    const cleanup = new Cleanup();
    const run = makeRun(
      deploymentOf(place, 'operator'),
      DEFAULTS,
      networkContext(deploymentOf(place, 'operator'), undefined),
      never(),
      cleanup,
    );
    const store = await place.open(run);
    for (const key of keys) await store.put(bucket, key, Buffer.from('left'), { ifAbsent: false }, never());
    await cleanup.end();
  }
  const swept = async (place: Place, as: 'operator' | 'service', service?: Service) => {
    const [found] = await removeAllLeftovers([objectStorage], deploymentOf(place, as, service), DEFAULTS, never());
    return found?.places.find(({ place: bucket }) => bucket === real('states'));
  };

  test('an operator removes it, and nothing else; a service as far as it may', async () => {
    const place = await start();
    await leave(place, real('states'), [KEPT, 'spacelift-preflight/notes', 'a-state']);
    const before = JSON.stringify(place.snapshot());
    const left = [`spacelift-preflight/${ID}/a`, `spacelift-preflight/${ID}/a`, `spacelift-preflight/${ID}/b`];

    await leave(place, real('states'), left);
    const byService = await swept(place, 'service', 'server');
    if (place.servicesMay) expect(byService).toMatchObject({ removed: [`2 objects from run ${ID}`] });
    else expect(byService).toMatchObject({ removed: [], issue: { status: 'fail', fix: expect.any(Fix) } });

    await leave(place, real('states'), left);
    expect(await swept(place, 'operator')).toEqual({
      place: real('states'),
      removed: [`2 objects from run ${ID}`],
      kept: expect.stringContaining(KEPT),
    });
    expect(JSON.stringify(place.snapshot())).toBe(before);
  });
});
