/** Files that say something else than was meant, and services that differ. */
import { manifest } from '../../../demo/deployment.ts';
import { parseSource } from '../../../src/config/sources/index.ts';
import { EKS } from '../../support/estate.ts';
import { source } from '../../support/preflight.ts';
import type { Arrange, Fault } from '../fault.ts';

/** The config as a Kubernetes Secret, with something wrong in the file. */
const secret =
  (change: (yaml: string) => string): Arrange =>
  async ({ variables }) => ({ sources: [await parseSource('shared.yaml', change(manifest(variables)))] });

/** The config as an env file, with some lines written in another way. */
const envFile =
  (write: (name: string, value: string) => string): Arrange =>
  async ({ variables }) => {
    const lines = Object.entries(variables).map(([name, value]) => write(name, value));
    return { sources: [await parseSource('.env', `${lines.join('\n')}\n`)] };
  };
/** The line of one variable. */
const line =
  (of: string, written: string) =>
  (name: string, value: string): string =>
    name === of ? written : `${name}=${value}`;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The config as an ECS task definition of the server. */
const task =
  (change: (environment: { name: string; value: unknown }[]) => unknown): Arrange =>
  async ({ variables }) => {
    const environment = Object.entries(variables).map(([name, value]) => ({ name, value }));
    const containerDefinitions = [{ name: 'server', image: 'spacelift', environment: change(environment) }];
    return { sources: [await parseSource('task.json', JSON.stringify({ containerDefinitions }))] };
  };

/** The config as an ECS task definition for each of some services. */
const tasks =
  (services: readonly string[], more: Readonly<Record<string, string>>): Arrange =>
  async ({ variables }) => {
    const environment = Object.entries({ ...variables, ...more }).map(([name, value]) => ({ name, value }));
    const files = services.map((name) => [
      `${name}.json`,
      JSON.stringify({ containerDefinitions: [{ name, image: 'spacelift', environment }] }),
    ]);
    return { sources: await Promise.all(files.map(([name = '', text = '']) => parseSource(name, text))) };
  };

/** The config as a Secret beside the Deployments that read it, by the number of their replicas. */
const deployments =
  (replicas: Readonly<Record<string, number>>, more: Readonly<Record<string, string>>): Arrange =>
  async ({ variables }) => {
    const secrets = { kind: 'Secret', metadata: { name: 'shared' }, stringData: { ...variables, ...more } };
    const workloads = Object.entries(replicas).map(([name, count]) => {
      const containers = [{ name, envFrom: [{ secretRef: { name: 'shared' } }] }];
      return {
        kind: 'Deployment',
        metadata: { name: `spacelift-${name}` },
        spec: { replicas: count, template: { spec: { containers } } },
      };
    });
    const text = JSON.stringify({ kind: 'List', items: [secrets, ...workloads] });
    return { sources: [await parseSource('all.json', text)] };
  };

/** The config as a Kubernetes Secret, with the workloads of the services that read it. */
const workloads =
  (envFrom: Readonly<Record<string, string>>): Arrange =>
  async ({ variables }) => {
    const objects = Object.entries(envFrom).map(
      ([name, refs]) =>
        `kind: Deployment\nmetadata: {name: spacelift-${name}, namespace: spacelift}\nspec: {template: {spec: {containers: [{name: ${name}, envFrom: [${refs}], env: [{name: ENVIRONMENT, value: prod}]}]}}}\n`,
    );
    return { sources: [await parseSource('all.yaml', [manifest(variables), ...objects].join('---\n'))] };
  };
const SHARED = '{secretRef: {name: spacelift-shared}}';

/** One service has values of its own beside those that all share. */
const own = (service: 'server' | 'drain', change: (value: string) => string, name: string): Arrange => {
  const other = service === 'server' ? 'drain' : 'server';
  return ({ variables }) => ({
    sources: [
      source(variables),
      source({ [name]: variables[name] }, other),
      source({ [name]: change(variables[name] ?? '') }, service),
    ],
  });
};

export const FILES: readonly Fault[] = [
  {
    name: 'a boolean without quotes in a Secret',
    arrange: secret((yaml) => yaml.replace(/(MINIO_USE_SSL: )"false"/, '$1false')),
    fail: ['configuration/type'],
    says: /^OBJECT_STORAGE_MINIO_USE_SSL is a boolean, not a string, in shared\.yaml \(Secret spacelift-shared\)$/m,
  },
  {
    name: 'an account id without quotes in a Secret',
    at: EKS,
    arrange: secret((yaml) => yaml.replace(/(AWS_ACCOUNT_ID: )"(\d+)"/, '$1$2')),
    fail: ['configuration/type'],
    says: /^AWS_ACCOUNT_ID is a number, not a string, in shared\.yaml \(Secret spacelift-shared\)$/m,
  },
  {
    name: 'an unused number without quotes in a Secret',
    arrange: secret((yaml) => yaml.replace(/^stringData:$/m, 'stringData:\n  REPLICAS: 3')),
    fail: ['configuration/type'],
    says: /^REPLICAS is a number, not a string, in shared\.yaml \(Secret spacelift-shared\)$/m,
  },
  {
    name: 'a number in a task definition',
    arrange: task((environment) => [...environment, { name: 'DRAIN_CONCURRENCY_ASYNC_JOBS', value: 15 }]),
    fail: ['configuration/type'],
    says: /^DRAIN_CONCURRENCY_ASYNC_JOBS is a number, not a string, in task\.json \(container server\)$/m,
    leaves: true,
  },
  {
    name: 'a task definition with all of the config',
    arrange: task((environment) => environment),
    leaves: true,
  },
  {
    name: 'task definitions without a scheduler, in a release whose drain does not run it by itself',
    arrange: tasks(['server', 'drain'], { LAUNCHER_IMAGE_TAG: 'v6.3.0' }),
    warn: ['configuration/scheduler'],
    says: /^The config has the server and the drain but no scheduler, and the drain of release 6\.3\.0 runs it only with/m,
  },
  {
    name: 'task definitions without a scheduler, in a release whose drain runs it',
    arrange: tasks(['server', 'drain'], { LAUNCHER_IMAGE_TAG: 'v6.4.0' }),
  },
  {
    name: 'a scheduler without replicas, in a release whose drain does not run it by itself',
    arrange: deployments({ server: 2, drain: 1, scheduler: 0 }, { LAUNCHER_IMAGE_TAG: 'v6.3.0' }),
    warn: ['configuration/scheduler'],
    says: /^The config has the server and the drain but no scheduler/m,
  },
  {
    name: 'a scheduler with one replica, in a release whose drain does not run it by itself',
    arrange: deployments({ server: 2, drain: 1, scheduler: 1 }, { LAUNCHER_IMAGE_TAG: 'v6.3.0' }),
  },
  {
    name: 'a Secret with a reference that the platform resolves',
    arrange: secret((yaml) => yaml.replace(/(DATABASE_URL: ).*/, '$1"vault:kv/data/prod#pgdsn"')),
  },
  {
    name: 'an env file with a comment behind a value',
    arrange: envFile((name, value) => line('ENVIRONMENT', `ENVIRONMENT=${value} # of all services`)(name, value)),
    warn: ['configuration/env-file'],
    says: /^ENVIRONMENT is read differently by Docker Compose and docker run$/m,
  },
  {
    name: 'an env file with a password that a shell would change',
    arrange: envFile(line('ADMIN_PASSWORD', 'ADMIN_PASSWORD=cor$rect-horse')),
    warn: ['configuration/env-file'],
    says: /^ADMIN_PASSWORD is read differently by Docker Compose and docker run\nIn \.env: ADMIN_PASSWORD \(line \d+\): the \$ /,
  },
  {
    name: 'an env file with a # in a password',
    arrange: envFile(line('ADMIN_PASSWORD', 'ADMIN_PASSWORD=cor#rect-horse')),
  },
  {
    name: 'an env file in quotes, with comments',
    arrange: envFile((name, value) => `${name}="${value.replace(/["\\$`]/g, '\\$&')}" # ${name}`),
  },
  { name: 'an env file from Windows', arrange: envFile((name, value) => `${name}=${value}\r`) },
  { name: 'a Secret with all of the config', arrange: secret((yaml) => yaml) },
  {
    name: 'a Secret that was encoded twice',
    arrange: async ({ variables }) => ({
      sources: [
        await parseSource(
          'shared.yaml',
          JSON.stringify({
            kind: 'Secret',
            metadata: { name: 'spacelift-shared' },
            data: Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, base64(base64(value))])),
          }),
        ),
      ],
    }),
    fail: ['configuration/value'],
    says: /^\d+ values were encoded with base64 twice, in shared\.yaml \(Secret spacelift-shared\)$/m,
  },
  {
    name: 'workloads with all of the config',
    arrange: workloads({ server: SHARED, drain: SHARED, scheduler: SHARED }),
  },
  {
    name: 'a workload that does not refer to the Secret',
    arrange: workloads({ server: SHARED, drain: '', scheduler: SHARED }),
    fail: ['configuration/workload[drain]'],
    says: /^the drain does not have SERVER_DOMAIN and \d+ other variables$/m,
  },
  {
    name: 'a workload that refers to a misspelled Secret',
    arrange: workloads({ server: SHARED, drain: '{secretRef: {name: spacelift-shard}}', scheduler: SHARED }),
    warn: ['configuration/workload[spacelift-shard]'],
    says: /^Secret spacelift-shard is not in the input, did you mean spacelift-shared\?$/m,
  },
  {
    name: 'a database of the drain’s own',
    arrange: own('drain', (url) => `${url}?application_name=drain`, 'DATABASE_URL'),
    warn: ['configuration/conflict'],
    says: /^DATABASE_URL differs between server, drain\nSet in test \(server\) and test \(drain\)\.$/,
  },
  {
    name: 'two Secrets with a database each',
    arrange: secret((yaml) => `${manifest({ DATABASE_URL: 'postgres://a@other.invalid/b' })}---\n${yaml}`),
    warn: ['configuration/conflict[DATABASE_URL]'],
    says: /^DATABASE_URL has different values for the same service\nIt is set in shared\.yaml .*, document 1 and in shared\.yaml .*, document 2\./,
  },
  {
    name: 'an environment of the server’s own',
    arrange: own('server', () => 'staging', 'ENVIRONMENT'),
    warn: ['configuration/conflict'],
    says: /^ENVIRONMENT differs between server, drain$/m,
  },
  {
    name: 'services that repeat what they share',
    arrange: own('server', (value) => value, 'ENVIRONMENT'),
  },
];
