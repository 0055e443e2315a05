import { expect, test } from 'vitest';
import { stsOf } from '../../../src/clouds/aws/providers.ts';
import { makeDeployment } from '../../../src/config/deployment.ts';
import { DEFAULTS } from '../../../src/config/options.ts';
import { Cleanup } from '../../../src/engine/cleanup.ts';
import { makeRun } from '../../../src/engine/run.ts';
import { networkContext } from '../../../src/net/ca-store.ts';
import { source } from '../../support/preflight.ts';

const settings = (more: Readonly<Record<string, string>>) => {
  const environment = { AWS_REGION: 'eu-west-1', ...more };
  const deployment = makeDeployment([source(environment, 'all', { process: true })], { environment });
  const network = networkContext(deployment, undefined);
  return stsOf(makeRun(deployment, DEFAULTS, network, new AbortController().signal, new Cleanup()));
};

test('a role is assumed at the kind of endpoint that every other request uses', () => {
  expect(settings({})).toMatchObject({ region: 'eu-west-1', useFipsEndpoint: false, useDualstackEndpoint: false });
  expect(settings({ AWS_USE_FIPS_ENDPOINT: 'true' })).toMatchObject({ useFipsEndpoint: true });
  expect(settings({ AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' })).toMatchObject({
    endpoint: 'http://127.0.0.1:9/',
    useFipsEndpoint: false,
  });
});
