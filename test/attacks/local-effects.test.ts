/** No local effects of a config: no path of its is looked at, no program started, no profile used, no address of metadata asked. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { manifest } from '../../demo/deployment.ts';
import { makeDeployment } from '../../src/config/deployment.ts';
import { AKS, type Choice, EKS, type Environment, type Estate, GKE, ONPREM, startEstate } from '../support/estate.ts';
import { source } from '../support/preflight.ts';
import { BAITED, layBait, type Machine } from './bait.ts';
import { expectUnseen } from './stranger.ts';
import { AWS_GROUPS, AZURE_GROUPS, COMMON, everyVariable, GOOGLE_GROUPS } from './variables.ts';
import { type Watched, watchedIn } from './watched.ts';

let folder: string;
let estate: Estate;
let machine: Machine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-effects-'));
  [estate, machine] = await Promise.all([startEstate(), layBait(await mkdtemp(join(folder, 'machine-')))]);
});
afterAll(async () => {
  await Promise.all([estate?.stop(), machine?.close()]);
  await rm(folder, { recursive: true });
});
afterEach(async () => {
  machine.heard();
  await machine.started();
});

type Variables = Readonly<Record<string, string>>;
const without = <T extends string | undefined>(
  variables: Readonly<Record<string, T>>,
  names: RegExp,
): Readonly<Record<string, T>> => Object.fromEntries(Object.entries(variables).filter(([name]) => !names.test(name)));

const IDENTITIES =
  /^(AWS_(ACCESS|SECRET|SESSION)\w*|AZURE_(CLIENT|TENANT|FEDERATED|USERNAME|PASSWORD)\w*|GOOGLE_APPLICATION_CREDENTIALS)$/;

/** One config, with no credentials of a cloud. */
async function configOf(choice: Choice, attack: Variables): Promise<string> {
  const path = join(await mkdtemp(join(folder, 'config-')), 'config.yaml');
  await writeFile(path, manifest({ ...without(estate.variables(choice), IDENTITIES), ...attack }));
  return path;
}

/** What the process has: where the servers are, and its credentials or none. */
function processOf(choice: Choice, hasCredentials: boolean): Environment {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = estate.variables(EKS);
  const all = { ...estate.environment(choice), AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
  return {
    ...(hasCredentials ? all : without(all, IDENTITIES)),
    PATH: machine.path,
    CI_JOB_TOKEN: BAITED.environment,
    // What is at the end of every chain here, and takes seconds to find out.
    ...(!hasCredentials && { AWS_EC2_METADATA_DISABLED: 'true', METADATA_SERVER_DETECTION: 'none' }),
  };
}

async function attacked(
  choice: Choice,
  attack: Variables,
  hasCredentials: boolean,
  command: 'run' | 'plan' | 'cleanup' = 'run',
) {
  const config = await configOf(choice, attack);
  const args = [...(command === 'run' ? [] : [command]), '-f', config, '-o', 'json'];
  const timeout = command === 'plan' ? [] : ['--timeout', '30'];
  return watchedIn(folder, [...args, ...timeout], { env: processOf(choice, hasCredentials), home: machine.home });
}

/** What the vendors’ own libraries try, when the process has nothing else: its own sign-in. Nothing of a config is in it. */
const OWN_SIGN_IN: readonly string[] = ['az', 'azd', 'pwsh', 'powershell', 'powershell.exe', 'sh', 'cmd', 'cmd.exe'];

async function expectNoEffects(done: Watched, { ownSignIn = false } = {}): Promise<void> {
  const { code, stdout, stderr, effects } = done;
  expect(stderr).not.toContain('unexpected error');
  expect([0, 1]).toContain(code);
  const within = (path: string) => path.startsWith(machine.container);
  expect({ read: effects.read.filter(within), write: effects.write.filter(within) }).toEqual({ read: [], write: [] });
  expect(
    effects.read.filter((path) => /^\/proc\/self\/environ|\.pgpass|pg_service|\.postgresql|sso\/cache/.test(path)),
  ).toEqual([]);
  expect(effects.connect.filter((to) => to.startsWith('/'))).toEqual([]);
  expect(machine.heard()).toEqual([]);
  const started = await machine.started();
  if (ownSignIn) {
    expect(OWN_SIGN_IN).toEqual(expect.arrayContaining(started.map((line) => basename(line.split(' ')[0] ?? ''))));
    expect(
      started.filter(
        (line) => line.includes(machine.container) || /bait|6666|1111/.test(line.replaceAll(machine.path, '')),
      ),
    ).toEqual([]);
  } else {
    expect(started).toEqual([]);
    expect(effects.program).toEqual([]);
  }
  expectUnseen(stdout + stderr, BAITED);
}

/** Some of each library’s, and all that no library here is known to read. */
const common = (): Variables => ({ ...everyVariable(machine.bait), ...COMMON(machine.bait) });

const PROVIDERS = {
  'on premises': { choice: { ...ONPREM, vendor: 'Datadog' }, groups: {} },
  AWS: { choice: EKS, groups: AWS_GROUPS },
  'Google Cloud': { choice: GKE, groups: GOOGLE_GROUPS },
  Azure: { choice: AKS, groups: AZURE_GROUPS },
} as const satisfies Record<string, { choice: Choice; groups: typeof AWS_GROUPS }>;
type Provider = keyof typeof PROVIDERS;

const skipsOf = ({ stdout }: Watched): readonly { title: string; fix?: string; evidence: Record<string, unknown> }[] =>
  JSON.parse(stdout).checks.flatMap(({ findings }: { findings: { status: string }[] }) =>
    findings.filter(({ status }) => status === 'skip'),
  );

describe.each(Object.keys(PROVIDERS) as Provider[])('%s', (provider) => {
  const { choice, groups } = PROVIDERS[provider];
  const all = (): Variables =>
    Object.assign({}, common(), ...Object.values(groups as typeof AWS_GROUPS).map((group) => group(machine.bait)));

  test.each(['run', 'plan', 'cleanup'] as const)('%s: with credentials of the process', async (command) => {
    await expectNoEffects(await attacked(choice, all(), true, command));
  });

  it('with credentials of the process it is as ready as without any of it', async () => {
    const ready = ({ stdout }: Watched) => {
      const { summary, checks } = JSON.parse(stdout) as {
        summary: { fail: number };
        checks: { id: string; status: string }[];
      };
      return {
        fail: summary.fail,
        checks: checks.filter(({ id }) => id !== 'configuration').map(({ id, status }) => `${id} ${status}`),
      };
    };
    // Where these lead, Spacelift would go too: a skip of its own.
    const { STORAGE_EMULATOR_HOST: _, GOOGLE_CLOUD_UNIVERSE_DOMAIN: __, ...others } = all();
    // What an SDK refuses, such as a path as a mode, is a failure of its own.
    const { flaws } = makeDeployment([source({ ...others, OBJECT_STORAGE_TYPE: choice.storage })], { environment: {} });
    const refused = new Set(flaws.map(({ name }) => name));
    // The files that these name are the container's, and only there say how to log in: a skip of its own.
    const isForLogin = (name: string) => name.startsWith('PG');
    // A path is no certificate: a failure of its own, too.
    const isCertificate = (name: string) => name.startsWith('SAML_');
    const accepted = Object.fromEntries(
      Object.entries(others).filter(([name]) => !refused.has(name) && !isForLogin(name) && !isCertificate(name)),
    );
    expect(ready(await attacked(choice, accepted, true))).toEqual(ready(await attacked(choice, {}, true)));
  });

  const names = Object.keys(groups);
  if (names.length === 0) return;

  test.each(names)('without any: %s', async (name) => {
    const attack = (groups as typeof AWS_GROUPS)[name]?.(machine.bait) ?? {};
    await expectNoEffects(await attacked(choice, { ...common(), ...attack }, false), {
      ownSignIn: provider === 'Azure',
    });
    await expectNoEffects(await attacked(choice, attack, false, 'cleanup'), { ownSignIn: provider === 'Azure' });
  });
});

describe('sockets', () => {
  const SOCKETS: Readonly<Record<string, (socket: string) => Variables>> = {
    'DD_TRACE_AGENT_URL=unix:': (socket) => ({
      OBSERVABILITY_VENDOR: 'Datadog',
      DD_TRACE_AGENT_URL: `unix://${socket}`,
    }),
    'DD_TRACE_AGENT_URL=UNIX:': (socket) => ({ OBSERVABILITY_VENDOR: 'Datadog', DD_TRACE_AGENT_URL: `UNIX:${socket}` }),
    DD_AGENT_HOST: (socket) => ({ OBSERVABILITY_VENDOR: 'Datadog', DD_TRACE_AGENT_URL: '', DD_AGENT_HOST: socket }),
    OTEL_EXPORTER_OTLP_ENDPOINT: (socket) => ({
      OBSERVABILITY_VENDOR: 'OpenTelemetry',
      OTEL_EXPORTER_OTLP_ENDPOINT: `unix://${socket}`,
    }),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: (socket) => ({
      OBSERVABILITY_VENDOR: 'OpenTelemetry',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `unix:${socket}`,
    }),
    AWS_XRAY_DAEMON_ADDRESS: (socket) => ({ OBSERVABILITY_VENDOR: 'AWS', AWS_XRAY_DAEMON_ADDRESS: `${socket}:2000` }),
    MQTT_BROKER_ENDPOINT: (socket) => ({ MQTT_BROKER_ENDPOINT: `unix://${socket}` }),
    OBJECT_STORAGE_MINIO_ENDPOINT: (socket) => ({ OBJECT_STORAGE_MINIO_ENDPOINT: socket }),
    VCS_GATEWAY_ENDPOINT: (socket) => ({ VCS_GATEWAY_ENDPOINT: socket }),
    HTTPS_PROXY: (socket) => ({ HTTPS_PROXY: `unix://${socket}`, HTTP_PROXY: socket, ALL_PROXY: `socks5://${socket}` }),
    AWS_ENDPOINT_URL: (socket) => ({ AWS_ENDPOINT_URL: `unix://${socket}`, ENCRYPTION_TYPE: 'kms' }),
    'file: URLs': (socket) => ({
      AWS_ENDPOINT_URL: `file://${socket}`,
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: `file://${socket}`,
      WEBHOOKS_ENDPOINT: `file://${socket}`,
      SPACELIFT_PUBLIC_API: `file://${socket}`,
    }),
  };
  test.each(Object.keys(SOCKETS))('%s', async (name) => {
    const done = await attacked(ONPREM, SOCKETS[name]?.(machine.bait.socket) ?? {}, true);
    await expectNoEffects(done);
  });
});

describe('a config that is also something else', () => {
  /** Runs and cleans up with a file as the config that names itself. */
  const both = async (name: string, text: (path: string) => string, environment: Environment = {}) => {
    const path = join(await mkdtemp(join(folder, 'polyglot-')), name);
    await writeFile(path, text(path));
    const env = { ...processOf(name.endsWith('.env') ? EKS : GKE, false), ...environment };
    const [ran, cleaned] = [
      await watchedIn(folder, ['-f', path, '-o', 'json', '--timeout', '30'], { env, home: machine.home }),
      await watchedIn(folder, ['cleanup', '-f', path, '-o', 'json', '--timeout', '30'], { env, home: machine.home }),
    ];
    await expectNoEffects(ran);
    await expectNoEffects(cleaned);
    return ran;
  };
  const plain = (choice: Choice): Variables => without(estate.variables(choice), IDENTITIES);
  const dotenv = (variables: Variables) =>
    Object.entries(variables).map(([name, value]) => `${name}='${value.replaceAll("'", '')}'`);

  it('an AWS config file with a credential_process', async () => {
    const done = await both('config.env', (path) =>
      [
        ...dotenv(plain(EKS)),
        `AWS_CONFIG_FILE=${path}`,
        `AWS_SHARED_CREDENTIALS_FILE=${path}`,
        'AWS_PROFILE=bait',
        'AWS_SDK_LOAD_CONFIG=1',
        'NOTE="',
        '[default]',
        `credential_process = ${machine.bait.program} --of-the-config`,
        '[profile bait]',
        `credential_process = ${machine.bait.program} --of-the-config`,
        '[bait]',
        `credential_process = ${machine.bait.program} --of-the-config`,
        '"',
      ].join('\n'),
    );
    const [skipped] = skipsOf(done).filter(({ title }) => /Spacelift’s container/.test(title));
    expect(skipped?.title).toMatch(/^AWS_(PROFILE|CONFIG_FILE) points to credentials/);
  });

  it('an AWS config file with sources and services of its own', async () => {
    await both('config.env', (path) =>
      [
        ...dotenv(plain(EKS)),
        `AWS_CONFIG_FILE=${path}`,
        'AWS_PROFILE=bait',
        'NOTE="',
        '[profile bait]',
        'role_arn = arn:aws:iam::123456789012:role/bait',
        'credential_source = EcsContainer',
        `web_identity_token_file = ${machine.bait.file}`,
        'services = bait',
        '[services bait]',
        'sts =',
        `  endpoint_url = http://${machine.bait.server}`,
        's3 =',
        `  endpoint_url = http://${machine.bait.server}`,
        '"',
        `AWS_CONTAINER_CREDENTIALS_FULL_URI=http://${machine.bait.server}/credentials`,
      ].join('\n'),
    );
  });

  test.each(['/proc/self/environ', '/proc/1/environ', '/dev/stdin', '/dev/fd/0'])(
    'a web identity in %s, and an endpoint',
    async (path) => {
      const done = await both('config.env', () =>
        [
          ...dotenv(plain(EKS)),
          `AWS_WEB_IDENTITY_TOKEN_FILE=${path}`,
          'AWS_ROLE_ARN=arn:aws:iam::123456789012:role/bait',
          `AWS_ENDPOINT_URL_STS=http://${machine.bait.server}`,
        ].join('\n'),
      );
      expect(done.effects.read).not.toContain(path);
      const [skipped] = skipsOf(done).filter(({ evidence }) => evidence.variable === 'AWS_WEB_IDENTITY_TOKEN_FILE');
      expect(skipped?.fix).toContain('--credentials-file AWS_WEB_IDENTITY_TOKEN_FILE=');
    },
  );

  const SOURCES: Readonly<Record<string, (machine: Machine) => unknown>> = {
    'a file': ({ bait }) => ({ file: bait.file }),
    'the environment': () => ({ file: '/proc/self/environ' }),
    'a URL': ({ bait }) => ({ url: `http://${bait.server}/metadata`, headers: { 'Metadata-Flavor': 'Google' } }),
    'a program': ({ bait }) => ({ executable: { command: `${bait.program} --of-the-config`, timeout_millis: 5000 } }),
    'AWS’s metadata': ({ bait }) => ({
      environment_id: 'aws1',
      region_url: `http://${bait.server}/region`,
      url: `http://${bait.server}/credentials`,
      regional_cred_verification_url: `http://${bait.server}/{region}`,
    }),
    'a certificate': ({ bait }) => ({ certificate: { certificate_config_location: bait.file } }),
  };
  test.each(Object.keys(SOURCES))('a Google external_account whose source is %s', async (name) => {
    const done = await both('config.json', (path) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'spacelift-shared' },
        data: {
          ...plain(GKE),
          GOOGLE_APPLICATION_CREDENTIALS: path,
          GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1',
          CLOUDSDK_CONFIG: join(path, '..'),
        },
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/bait/providers/bait',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `http://${machine.bait.server}/token`,
        credential_source: SOURCES[name]?.(machine),
      }),
    );
    const [skipped] = skipsOf(done).filter(({ evidence }) => evidence.variable === 'GOOGLE_APPLICATION_CREDENTIALS');
    expect(skipped?.fix).toContain('--credentials-file GOOGLE_APPLICATION_CREDENTIALS=');
  });

  it('a key file of Google’s whose token_uri is elsewhere', async () => {
    await both('config.json', (path) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'spacelift-shared' },
        data: { ...plain(GKE), GOOGLE_APPLICATION_CREDENTIALS: path },
        type: 'service_account',
        client_email: 'bait@bait.iam.gserviceaccount.com',
        private_key: 'bait',
        token_uri: `http://${machine.bait.server}/token`,
      }),
    );
  });
});
