/** Credentials stay home: a proxy and an authority of the config do not carry those of the caller, nor do resolved secrets leave. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { exitCode, type PreflightOptions, preflight, type Report } from '../../../src/app/preflight.ts';
import { makeCa } from '../../services/tls.ts';
import { AKS, GKE, ONPREM } from '../../support/estate.ts';
import { expectHome, expectUnseen, SIGNED, type Stranger, startStranger } from '../stranger.ts';
import { failures, findingsOf, withheldAt } from './withheld.ts';
import { CANARIES, useWorld, type Variables, without } from './world.ts';

const world = useWorld();

describe('a proxy and an authority of the config', () => {
  /** A proxy that opens what passes, as the config's authority lets it. */
  let middle: Stranger;
  beforeAll(async () => {
    const ca = await makeCa({ name: 'The config’s own' });
    const names = [
      'storage.googleapis.com',
      'oauth2.googleapis.com',
      'login.microsoftonline.com',
      'management.azure.com',
      'preflighttest.blob.core.windows.net',
      'kms.eu-central-1.amazonaws.com',
    ];
    middle = await startStranger(() => middle.httpsPort, {
      ...ca,
      issue: (options) => ca.issue({ ...options, names: [...options.names, ...names] }),
    });
  });
  afterAll(() => middle?.close());

  const theirs = (): Variables => ({
    HTTPS_PROXY: middle.proxy.url,
    https_proxy: middle.proxy.url,
    HTTP_PROXY: middle.proxy.url,
    ALL_PROXY: middle.proxy.url,
    NO_PROXY: 'nothing.test',
    ADDITIONAL_ROOT_CAS: Buffer.from(
      JSON.stringify({ caCertificates: [Buffer.from(middle.caPem).toString('base64')] }),
    ).toString('base64'),
  });

  test.each([
    ['Google Cloud', GKE],
    ['Azure', AKS],
  ] as const)('%s: the process’s own are used, it is said so, and nothing is skipped', async (_, choice) => {
    const variables = { ...world.estate.variables(choice), ...theirs() };
    const environment = world.estate.environment(choice);
    const report = await world.checked(variables, environment, { authorities: undefined });
    expect(failures(report)).toEqual([]);
    expect(report.verdict).toBe('ready');
    expect(withheldAt(report)).toEqual([]);
    const [as] = findingsOf(report).filter(({ id }) => id === 'identity/tested-as');
    expect(as?.title).toMatch(/^tested as .*, not as the deployment$/);
    expect(as?.detail).toContain('--ca-file');
    expectHome(middle.heard(), CANARIES);
  });

  it('AWS: a service that only the process’s proxy reaches is not asked by another', async () => {
    const environment = { ...world.estate.eks.environment, ...world.keys() };
    const real = { AWS_ENDPOINT_URL_KMS: 'https://kms.eu-central-1.amazonaws.com' };
    await world.checked(
      world.eks({ ...theirs(), ...real }),
      { ...environment, ...world.way() },
      { only: ['encryption/*'] },
    );
    expect(world.stranger.proxy.asked.splice(0)).toContain('kms.eu-central-1.amazonaws.com:443');
    expect(middle.proxy.asked.splice(0)).toEqual([]);
    expectHome(middle.heard(), CANARIES);
  });

  it('AWS: where the config’s authority would be trusted, the failure says how to trust it', async () => {
    const named = { ...theirs(), HTTPS_PROXY: '', https_proxy: '', HTTP_PROXY: '', ALL_PROXY: '' };
    const at = `https://127.0.0.1:${middle.httpsPort}`;
    const report = await world.checked(
      world.eks({ ...named, AWS_ENDPOINT_URL_KMS: at }),
      { ...world.estate.eks.environment, ...world.keys() },
      { only: ['encryption/*'], allowCredentialsTo: [new URL(at).host], authorities: undefined },
    );
    const [failure] = findingsOf(report).filter(({ status }) => status === 'fail');
    expect(failure?.fix).toContain('--ca-file');
    expect(middle.heard()).toEqual([]);
  });

  it('keys of the config’s own pass through both', async () => {
    const own = {
      AWS_ACCESS_KEY_ID: 'AKIAOFTHECONFIGITSEL',
      AWS_SECRET_ACCESS_KEY: 'of-the-config-itself-and-long-enough',
    };
    const real = { AWS_ENDPOINT_URL_KMS: 'https://kms.eu-central-1.amazonaws.com' };
    await world.checked(
      world.eks({ ...theirs(), ...real, ...own }),
      { ...world.estate.eks.environment, ...world.keys() },
      { only: ['encryption/*'] },
    );
    const heard = middle.heard().join('\n');
    expect(heard).toContain('AKIAOFTHECONFIGITSEL');
    expectUnseen(heard, CANARIES);
    middle.proxy.asked.splice(0);
  });

  describe('with --resolve-secrets', () => {
    /** A task definition that keeps some of it behind `valueFrom`. */
    const taskOf = async (variables: Variables, secrets: Variables): Promise<string> => {
      const container = {
        name: 'spacelift-server',
        environment: Object.entries(
          without(variables, ...Object.keys(secrets).map((name) => new RegExp(`^${name}$`))),
        ).map(([name, value]) => ({ name, value })),
        secrets: Object.entries(secrets).map(([name, valueFrom]) => ({ name, valueFrom })),
      };
      const path = join(await mkdtemp(join(world.folder, 'task-')), 'task.json');
      await writeFile(path, JSON.stringify({ containerDefinitions: [container] }));
      return path;
    };
    const kept = (name: string, value: string) => world.estate.eks.aws.secrets.put(`attack/${name}`, value).arn;
    const { AWS_REGION = 'eu-central-1', AWS_ACCOUNT_ID = '123456789012' } = {};
    const resolved = async (
      variables: Variables,
      secrets: Variables,
      options: PreflightOptions = {},
    ): Promise<Report> => {
      const file = await taskOf({ AWS_REGION, AWS_ACCOUNT_ID, ...variables }, secrets);
      const environment = { ...world.estate.eks.environment, ...world.keys(), ...world.way() };
      return preflight(
        { files: [file], environment, resolveSecrets: true },
        { authorities: world.stranger.caPem, timeoutMs: 30_000, ...options },
      );
    };
    const onprem = (more: Variables) => ({ ...world.estate.variables(ONPREM), ...more });
    const secret = CANARIES['the resolved secret'];

    it('keys of MinIO go where the config says only when that is allowed, by the caller’s way, to who proves it', async () => {
      const secrets = { OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: kept('minio', secret) };
      const at = (endpoint: string, secure: boolean): Variables =>
        onprem({
          ...theirs(),
          OBJECT_STORAGE_MINIO_ENDPOINT: endpoint,
          OBJECT_STORAGE_MINIO_USE_SSL: String(secure),
          OBJECT_STORAGE_MINIO_ALLOW_INSECURE: 'true',
          OBJECT_STORAGE_BUCKET_UPLOADS_URL: `https://${endpoint}`,
        });
      const only = { only: ['object-storage/*'] };
      for (const secure of [true, false]) {
        const report = await resolved(at('store.evil.test', secure), secrets, only);
        expect(withheldAt(report)).toEqual(['store.evil.test']);
        expect(exitCode(report, { strict: true, require: [] }).code).toBe(1);
      }
      expectHome([...world.stranger.heard(), ...middle.heard()], CANARIES);
      world.stranger.proxy.asked.splice(0);
      middle.proxy.asked.splice(0);

      const allowed = { ...only, allowCredentialsTo: ['store.evil.test'] };
      await resolved(at('store.evil.test', true), secrets, allowed);
      expect(world.stranger.heard().some((one) => SIGNED.test(one))).toBe(true);
      expect(middle.proxy.asked.splice(0)).toEqual([]);

      // Whoever answers must prove to be that host, whatever the config says.
      await resolved(at('store.evil.test', true), secrets, { ...allowed, authorities: undefined });
      expectHome([...world.stranger.heard(), ...middle.heard()], CANARIES);
      world.stranger.proxy.asked.splice(0);
    });

    it('headers of telemetry neither', async () => {
      const secrets = { OTEL_EXPORTER_OTLP_HEADERS: kept('otel', `authorization=Bearer%20${secret}`) };
      const at = (endpoint: string): Variables =>
        without(
          onprem({ ...theirs(), OBSERVABILITY_VENDOR: 'OpenTelemetry', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
          /TRACES_HEADERS/,
        );
      const only = { only: ['observability/*'] };
      for (const url of [
        'https://otel.evil.test',
        'http://otel.evil.test:4317',
        'https://otel.evil.test\\.evil.test',
      ]) {
        const report = await resolved(at(url), secrets, only);
        expect(withheldAt(report).length + failures(report).length).toBe(1);
        expectHome([...world.stranger.heard(), ...middle.heard()], CANARIES);
      }
      expect([...world.stranger.proxy.asked.splice(0), ...middle.proxy.asked.splice(0)]).toEqual([]);
      await resolved(at('https://otel.evil.test'), secrets, { ...only, allowCredentialsTo: ['otel.evil.test'] });
      expect(world.stranger.proxy.asked.splice(0)).toContain('otel.evil.test:443');
      expect(middle.proxy.asked.splice(0)).toEqual([]);
      expectHome(middle.heard(), CANARIES);
    });

    it('the region of an ARN becomes no host, and what is no secret is not read', async () => {
      world.estate.eks.aws.requests.splice(0);
      const arn = (region: string) => `arn:aws:secretsmanager:${region}:123456789012:secret:attack-AbCdEf`;
      const secrets = {
        ADMIN_PASSWORD: arn('x.evil.test/#'),
        LICENSE_TOKEN: arn('evil.test'),
        SLACK_SECRET: arn('eu-central-1@evil.test'),
        SLACK_APP_CLIENT_SECRET: `arn:aws:ssm:x.evil.test/#:123456789012:parameter/attack`,
        SERVER_DOMAIN: kept('domain', secret),
        OBJECT_STORAGE_MINIO_ENDPOINT: kept('endpoint', `${secret}.evil.test`),
        AWS_ENDPOINT_URL: kept('url', `https://${secret}.evil.test`),
        HTTPS_PROXY: kept('proxy', `http://${secret}.evil.test`),
      };
      const report = await resolved(onprem({}), secrets, { only: ['configuration/*', 'license/*'] });
      expectUnseen(JSON.stringify(report), CANARIES);
      expect(world.stranger.proxy.asked.splice(0)).toEqual([]);
      expect(world.estate.eks.aws.requests.splice(0)).toEqual([]);
    });

    it('nor is it read at an endpoint of the config’s', async () => {
      const secrets = { ADMIN_PASSWORD: kept('password', secret) };
      const elsewhere = {
        AWS_ENDPOINT_URL_SECRETS_MANAGER: 'https://secrets.evil.test',
        AWS_ENDPOINT_URL_SSM: 'https://ssm.evil.test',
        AWS_ENDPOINT_URL_STS: 'https://sts.evil.test',
      };
      await resolved(onprem(elsewhere), secrets, { only: ['configuration/*'] });
      expect(world.stranger.proxy.asked.splice(0)).toEqual([]);
      expectHome(world.stranger.heard(), CANARIES);
    });
  });
});
