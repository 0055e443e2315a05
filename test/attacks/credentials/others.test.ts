/** Credentials stay home: those of Azure and Google Cloud, by the command line, and from code. */
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { preflight } from '../../../src/app/preflight.ts';
import { run } from '../../cli/spawned.ts';
import { AKS, type Environment, GKE } from '../../support/estate.ts';
import { expectHome, expectUnseen, SIGNED } from '../stranger.ts';
import { each, expectInconclusive, failures, findingsOf, withheldAt } from './withheld.ts';
import { CANARIES, useWorld, type Variables, without } from './world.ts';

const world = useWorld();

describe('Azure: an identity of the process', () => {
  const aks = (more: Variables): Variables => ({ ...without(world.estate.variables(AKS), /^AZURE_/), ...more });
  const identity = (more: Environment = {}): Environment => {
    const { AZURE_TENANT_ID, AZURE_CLIENT_ID } = world.estate.environment(AKS);
    return { AZURE_TENANT_ID, AZURE_CLIENT_ID, ...more, ...world.way() };
  };
  const IDENTITIES: Readonly<Record<string, () => Environment>> = {
    'a secret': () => identity({ AZURE_CLIENT_SECRET: CANARIES.AZURE_CLIENT_SECRET }),
    'a federated token': () => identity({ AZURE_FEDERATED_TOKEN_FILE: world.tokens.federated }),
  };
  const URL_OF = 'OBJECT_STORAGE_AZURE_ACCOUNT_URL';
  const ELSEWHERE: Readonly<Record<string, () => readonly [variables: Variables, host: string]>> = {
    'an account elsewhere': () => [{ [URL_OF]: 'https://account.evil.test' }, 'account.evil.test'],
    'an account that looks like Azure’s': () => [
      { [URL_OF]: 'https://spacelift.blob.core.windows.net.evil.test' },
      'spacelift.blob.core.windows.net.evil.test',
    ],
    'an account of this machine': () => [
      { [URL_OF]: `https://127.0.0.1:${world.stranger.httpsPort}/account` },
      `127.0.0.1:${world.stranger.httpsPort}`,
    ],
    'an authority elsewhere': () => [{ AZURE_AUTHORITY_HOST: 'https://login.evil.test' }, 'login.evil.test'],
    'an authority without a scheme': () => [{ AZURE_AUTHORITY_HOST: 'login.evil.test' }, 'login.evil.test'],
    'an authority that looks like Microsoft’s': () => [
      { AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com.evil.test/' },
      'login.microsoftonline.com.evil.test',
    ],
  };

  describe.each(Object.keys(IDENTITIES))('%s', (name) => {
    test.each(Object.keys(ELSEWHERE))('%s', async (where) => {
      const [more, host] = ELSEWHERE[where]?.() ?? [{}, ''];
      const report = await world.checked(aks(more), IDENTITIES[name]?.() ?? {});
      expectInconclusive(report, [host]);
      expect(world.stranger.proxy.asked.splice(0).filter((asked) => /evil/.test(asked))).toEqual([]);
      expectHome(world.stranger.heard(), CANARIES);
    });
  });

  test.each([
    { AZURE_AUTHORITY_HOST: 'http://login.microsoftonline.com' },
    { AZURE_AUTHORITY_HOST: 'http://login.evil.test' },
    { AZURE_AUTHORITY_HOST: 'ftp://login.evil.test' },
    { AZURE_AUTHORITY_HOST: '//' },
    { AZURE_TENANT_ID: '../../evil' },
    { AZURE_TENANT_ID: 'evil.test#' },
  ])('%j is a failure with a way out, whosoever the credentials', async (malformed) => {
    const own = {
      AZURE_TENANT_ID: '11111111-2222-3333-4444-555555555555',
      AZURE_CLIENT_ID: '66666666-7777-8888-9999-000000000000',
      AZURE_CLIENT_SECRET: 'of-the-config-itself-and-long-enough',
    };
    const options = { only: ['object-storage/*'] };
    const reports = [await world.checked(aks({ ...own, ...malformed }), world.way(), options)];
    if ('AZURE_AUTHORITY_HOST' in malformed) {
      reports.push(await world.checked(aks(malformed), IDENTITIES['a secret']?.() ?? {}, options));
    }
    for (const report of reports) {
      const [failure, ...more] = findingsOf(report).filter(({ status }) => status === 'fail');
      expect(more).toEqual([]);
      expect(failure).toMatchObject({
        title: expect.stringMatching(new RegExp(`^${Object.keys(malformed)[0]} is no`)),
        fix: expect.any(String),
      });
    }
    expect(world.stranger.proxy.asked.filter((asked) => /evil|login/.test(asked))).toEqual([]);
    expectHome(world.stranger.heard(), CANARIES);
  });

  it('a file that is supplied for the config goes to no authority of the config’s, whatever else is in it', async () => {
    const complete = {
      AZURE_TENANT_ID: '11111111-2222-3333-4444-555555555555',
      AZURE_CLIENT_ID: '66666666-7777-8888-9999-000000000000',
      AZURE_FEDERATED_TOKEN_FILE: '/var/run/secrets/azure/tokens/azure-identity-token',
      AZURE_AUTHORITY_HOST: 'https://login.evil.test',
    };
    const options = { credentialsFiles: { AZURE_FEDERATED_TOKEN_FILE: world.tokens.federated } };
    for (const more of [{}, { AZURE_CLIENT_SECRET: 'of-the-config-itself-and-long-enough' }]) {
      const report = await world.checked(aks({ ...complete, ...more }), world.way(), options);
      expectInconclusive(report, ['login.evil.test']);
      expect(world.stranger.proxy.asked.splice(0).filter((asked) => /evil/.test(asked))).toEqual([]);
      expectHome(world.stranger.heard(), CANARIES);
    }
  });

  it('an allowed host is asked', async () => {
    const more = { [URL_OF]: 'https://account.evil.test', AZURE_AUTHORITY_HOST: 'https://login.evil.test' };
    const options = { allowCredentialsTo: ['login.evil.test', 'account.evil.test'] };
    expect(withheldAt(await world.checked(aks(more), IDENTITIES['a secret']?.() ?? {}, options))).toEqual([]);
    // An authority that Microsoft doesn't know is looked up at Microsoft's first.
    expect(world.stranger.proxy.asked.splice(0)).toContain('account.evil.test:443');
  });
});

describe('Google Cloud: a key file of the process', () => {
  it('nothing of a config says where its tokens go', async () => {
    const evil = 'https://evil.test';
    const variables = {
      ...world.estate.variables(GKE),
      GOOGLE_API_USE_CLIENT_CERTIFICATE: 'true',
      GOOGLE_CLOUD_QUOTA_PROJECT: 'evil.test',
      GOOGLE_STORAGE_ENDPOINT: evil,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: evil,
      CLOUDSDK_AUTH_TOKEN_HOST: evil,
      GCE_METADATA_HOST: 'evil.test',
      GCE_METADATA_IP: 'evil.test',
      METADATA_SERVER_DETECTION: 'assume-present',
      GCP_PROJECT: world.estate.gcp.gcs.projectId,
    };
    const report = await world.checked(variables, world.estate.environment(GKE), { authorities: undefined });
    expect(failures(report).filter((one) => !one.startsWith('configuration/'))).toEqual([]);
    expect(withheldAt(report)).toEqual([]);
    expect(world.estate.gcp.gcs.proxy.asked.splice(0).filter((host) => /evil/.test(host))).toEqual([]);
  });

  it.each([
    ['STORAGE_EMULATOR_HOST', 'https://evil.test'],
    ['STORAGE_EMULATOR_HOST', 'evil.test:80'],
    ['GOOGLE_CLOUD_UNIVERSE_DOMAIN', 'evil.test'],
  ])('%s=%s is where Spacelift would go, and is not asked', async (name, value) => {
    const report = await world.checked(
      { ...world.estate.variables(GKE), [name]: value },
      world.estate.environment(GKE),
      {
        authorities: undefined,
      },
    );
    expect(failures(report)).toEqual([]);
    expect(withheldAt(report)).toHaveLength(1);
    expect(report.verdict).toBe('inconclusive');
    expect(world.estate.gcp.gcs.proxy.asked.splice(0).filter((host) => /evil|googleapis/.test(host))).toEqual([]);
  });
});

describe('by the command line', () => {
  const environment = () =>
    Object.fromEntries(
      Object.entries({ ...world.estate.eks.environment, ...world.keys(), ...world.way(), HOME: world.folder }).flatMap(
        ([name, value]) => (value === undefined ? [] : [[name, value]]),
      ),
    );
  const attacked = () => world.eks(each((name) => `https://${name}.evil.test`));

  it('run: inconclusive, exit 0, 1 with --strict; the option lets them go', async () => {
    const config = await world.configOf(attacked());
    const args = ['-f', config, '-o', 'json', '--ca-file', join(world.folder, 'ca.pem')];
    const plain = await run(args, { env: environment() });
    expect(plain.code).toBe(0);
    expect(JSON.parse(plain.stdout)).toMatchObject({ verdict: 'inconclusive', leftovers: [] });
    expectUnseen(plain.stdout + plain.stderr, CANARIES);
    expectHome(world.stranger.heard(), CANARIES);
    expect((await run([...args, '--strict'], { env: environment() })).code).toBe(1);
    expectHome(world.stranger.heard(), CANARIES);
    const allowed = await run([...args, '--allow-credentials-to', 'kms.evil.test', '--only', 'encryption/*'], {
      env: environment(),
    });
    expect(world.stranger.heard().some((one) => SIGNED.test(one))).toBe(true);
    expectUnseen(allowed.stdout + allowed.stderr, CANARIES);
    world.stranger.proxy.asked.splice(0);
  });

  it('cleanup: nothing is sent, nothing removed, and it is said', async () => {
    const config = await world.configOf(attacked());
    const before = world.estate.eks.s3.snapshot();
    const { code, stdout, stderr } = await run(['cleanup', '-f', config, '-o', 'json'], { env: environment() });
    expect(code).toBe(0);
    const { places } = JSON.parse(stdout) as { places: { status: string; problem: { title: string } | null }[] };
    expect(places.map(({ status }) => status)).not.toContain('pass');
    expect(places.map(({ problem }) => problem?.title).join('\n')).toContain(
      'your credentials were not sent to s3.evil.test',
    );
    expectUnseen(stdout + stderr, CANARIES);
    expect(world.stranger.proxy.asked.splice(0)).toEqual([]);
    expectHome(world.stranger.heard(), CANARIES);
    expect(world.estate.eks.s3.snapshot()).toEqual(before);
  });

  it('plan: nobody is asked', async () => {
    const config = await world.configOf(attacked());
    const { code, stdout, stderr } = await run(['plan', '-f', config, '-o', 'json'], { env: environment() });
    expect(code).toBe(0);
    expectUnseen(stdout + stderr, CANARIES);
    expect(world.stranger.proxy.asked.splice(0)).toEqual([]);
    expect(world.stranger.heard()).toEqual([]);
  });
});

describe('from code', () => {
  const at = (trust?: 'config' | 'process') => async () => {
    const file = await world.configOf(world.eks({ AWS_ENDPOINT_URL_KMS: 'https://kms.evil.test' }));
    const environment = { ...world.estate.eks.environment, ...world.keys(), ...world.way() };
    const report = await preflight(
      { files: [file], environment, trust },
      { authorities: world.stranger.caPem, only: ['encryption/*'] },
    );
    return { withheld: withheldAt(report), signed: world.stranger.heard().some((one) => SIGNED.test(one)) };
  };

  it('files are the config’s, unless they are said to be the caller’s', async () => {
    expect(await at()()).toEqual({ withheld: ['kms.evil.test'], signed: false });
    expect(await at('config')()).toEqual({ withheld: ['kms.evil.test'], signed: false });
    expect(await at('process')()).toEqual({ withheld: [], signed: true });
    world.stranger.proxy.asked.splice(0);
  });

  it('a host that is allowed must be one', async () => {
    const source = { files: [await world.configOf({})], environment: {} };
    await expect(preflight(source, { allowCredentialsTo: ['https://evil.test/'] })).rejects.toThrow(
      'allowCredentialsTo',
    );
  });
});
