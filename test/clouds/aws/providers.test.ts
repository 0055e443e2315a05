import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
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

const STS = 'http://127.0.0.1:9';
const profile = (text: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'preflight-roles-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'config'), text);
  return { AWS_CONFIG_FILE: join(folder, 'config') };
};
const SERVICES = `[default]\nservices = local\nendpoint_url = http://127.0.0.1:8\n[services local]\nsts =\n  endpoint_url = ${STS}\n`;

/** As `resolve_credentials.go` and `service/sts/endpoints.go` of aws-sdk-go-v2 have it. */
test.each<[string, () => Record<string, string>, string | undefined]>([
  ['no address', () => ({}), undefined],
  ['its own address', () => ({ AWS_ENDPOINT_URL_STS: STS, AWS_ENDPOINT_URL: 'http://127.0.0.1:8' }), `${STS}/`],
  ['the address of all services', () => ({ AWS_ENDPOINT_URL: STS }), undefined],
  ['the address of all services in the profile', () => profile(`[default]\nendpoint_url = ${STS}\n`), undefined],
  ['its own address in the profile', () => profile(SERVICES), `${STS}/`],
  ['both', () => ({ ...profile(SERVICES), AWS_ENDPOINT_URL: 'http://127.0.0.1:8' }), undefined],
  [
    'addresses that are ignored',
    () => ({ ...profile(SERVICES), AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }),
    undefined,
  ],
])('the STS that assumes a role, with %s', (_, environment, endpoint) => {
  expect(settings(environment()).endpoint).toBe(endpoint);
});

test('a role is assumed at the kind of endpoint that every other request uses', () => {
  expect(settings({})).toMatchObject({ region: 'eu-west-1', useFipsEndpoint: false, useDualstackEndpoint: false });
  expect(settings({ AWS_USE_FIPS_ENDPOINT: 'true' })).toMatchObject({ useFipsEndpoint: true });
  expect(settings({ AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' })).toMatchObject({
    endpoint: 'http://127.0.0.1:9/',
    useFipsEndpoint: false,
  });
});
