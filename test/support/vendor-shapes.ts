/** A vendor's config in each shape in which users hold it. */
import { ownOf, SERVICES_OF, type VendorConfig, type VendorService } from './vendor.ts';

type Variables = Readonly<Record<string, string>>;

const pairs = (variables: Variables) => Object.entries(variables).map(([name, value]) => ({ name, value }));
const all = (config: VendorConfig): Variables => ({
  ...config.shared,
  ...config.secrets,
  ...config.server,
  ...config.drain,
});

const metadata = (name: string) => ({ name, namespace: 'spacelift' });
const secret = (name: string, stringData: Variables) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: metadata(name),
  type: 'Opaque',
  stringData,
});
const secrets = (config: VendorConfig) => [
  secret('spacelift-shared', { ...config.shared, ...config.secrets }),
  secret('spacelift-server', config.server),
  secret('spacelift-drain', config.drain),
];
/** As the templates write it. */
const documents = (objects: readonly ReturnType<typeof secret>[]): string =>
  objects
    .map(({ metadata: { name, namespace }, stringData }) => {
      const lines = Object.entries(stringData).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
      const head = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\ntype: Opaque\n`;
      return `${head}stringData:${lines.length === 0 ? ' {}' : ''}\n${lines.join('')}`;
    })
    .join('---\n');

/** As the chart makes it. */
const deployment = (service: VendorService) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metadata(`spacelift-${service}`),
  spec: {
    template: {
      spec: {
        initContainers: [{ name: 'cloud-sql-proxy', image: 'proxy', restartPolicy: 'Always' }],
        containers: [
          {
            name: service,
            image: 'spacelift',
            command: ['spacelift', ...(service === 'scheduler' ? [] : ['backend']), service],
            envFrom: [
              { secretRef: { name: 'spacelift-shared' } },
              ...(['server', 'drain'].includes(service) ? [{ secretRef: { name: `spacelift-${service}` } }] : []),
            ],
          },
        ],
      },
    },
  },
});

const ARN = 'arn:aws:secretsmanager:eu-west-1:012345678901:secret:spacelift/db-k3x9q-AbCdEf';
const container = (config: VendorConfig, service: VendorService) => ({
  name: service,
  command: ['spacelift', ...(service === 'scheduler' ? [] : ['backend']), service],
  essential: true,
  image: 'spacelift:v4.3.0',
  environment: pairs({ ...config.shared, ...ownOf(config, service) }),
  secrets: Object.keys(config.secrets ?? {}).map((name) => ({ name, valueFrom: `${ARN}:${name}::` })),
});
const sidecar = { name: 'datadog-agent', image: 'agent', environment: [{ name: 'DD_SITE', value: 'datadoghq.eu' }] };

const MODULE = 'module.spacelift_services.module.ecs';
const taskAddress = (service: VendorService) => `${MODULE}.aws_ecs_task_definition.${service.replace('-', '_')}`;
const taskValues = (config: VendorConfig, service: VendorService) => ({
  family: `${service}-k3x9q`,
  cpu: '1024',
  container_definitions: JSON.stringify([container(config, service), sidecar]),
  network_mode: 'awsvpc',
});
const secretAddress = (name: string) => `kubernetes_secret.${name.replace('spacelift-', '')}`;
const secretValues = (object: ReturnType<typeof secret>) => ({
  metadata: [{ ...object.metadata, annotations: null, labels: null }],
  data: object.stringData,
  binary_data: null,
  type: 'Opaque',
});

interface Planned {
  readonly address: string;
  readonly type: string;
  readonly values: object;
}
const tasks = (config: VendorConfig): Planned[] =>
  SERVICES_OF.map((service) => ({
    address: taskAddress(service),
    type: 'aws_ecs_task_definition',
    values: taskValues(config, service),
  }));
const kubernetesSecrets = (config: VendorConfig): Planned[] =>
  secrets(config).map((one) => ({
    address: secretAddress(one.metadata.name),
    type: 'kubernetes_secret',
    values: secretValues(one),
  }));
const nameIn = (address: string) => address.split('.').at(-1);
const moduleIn = (address: string) => (address.startsWith('module.') ? MODULE : undefined);

const plan = (resources: readonly Planned[], outputs: object = {}) =>
  JSON.stringify({
    format_version: '1.2',
    terraform_version: '1.10.0',
    planned_values: { outputs, root_module: {} },
    resource_changes: resources.map(({ address, type, values }) => ({
      address,
      module_address: moduleIn(address),
      mode: 'managed',
      type,
      name: nameIn(address),
      provider_name: 'registry.opentofu.org/hashicorp/aws',
      change: { actions: ['create'], before: null, after: values, after_unknown: { id: true }, after_sensitive: {} },
    })),
    prior_state: {},
    configuration: {},
  });
const shown = (resources: readonly Planned[], outputs: object = {}) =>
  JSON.stringify({
    format_version: '1.0',
    terraform_version: '1.10.0',
    values: {
      outputs,
      root_module: {
        resources: resources
          .filter(({ address }) => moduleIn(address) === undefined)
          .map((one) => ({ ...one, mode: 'managed', name: nameIn(one.address) })),
        child_modules: [
          {
            address: 'module.spacelift_services',
            child_modules: [
              {
                address: MODULE,
                resources: resources
                  .filter(({ address }) => moduleIn(address) !== undefined)
                  .map((one) => ({ ...one, mode: 'managed', name: nameIn(one.address) })),
              },
            ],
          },
        ],
      },
    },
  });
const stateFile = (resources: readonly Planned[]) =>
  JSON.stringify(
    {
      version: 4,
      terraform_version: '1.10.0',
      serial: 3,
      lineage: '5b7a2c11-7d0c-4f0e-9a51-0d9f5b7a2c11',
      outputs: {},
      resources: resources.map(({ address, type, values }) => ({
        module: moduleIn(address),
        mode: 'managed',
        type,
        name: nameIn(address),
        instances: [{ schema_version: 1, attributes: values, sensitive_attributes: [] }],
      })),
    },
    null,
    2,
  );
const outputs = (config: VendorConfig) => ({
  shell: {
    sensitive: true,
    type: 'string',
    value:
      'export AWS_ACCOUNT_ID=012345678901\nexport SERVER_DOMAIN=spacelift.acme.io\nexport K8S_NAMESPACE=spacelift\n',
  },
  helm_values: {
    sensitive: false,
    type: 'string',
    value: 'shared:\n  serverHostname: "spacelift.acme.io"\n  secretRef: "spacelift-shared"\n',
  },
  kubernetes_secrets: { sensitive: true, type: 'string', value: documents(secrets(config)) },
  rds_password: { sensitive: true, type: 'string', value: 'rose-tin-lantern' },
  availability_zones: { sensitive: false, type: ['list', 'string'], value: ['eu-west-1a'] },
  vpc_id: { sensitive: false, type: 'string', value: 'vpc-1' },
});

const variablesOf = (config: VendorConfig, service: VendorService): Variables => ({
  ...config.shared,
  ...config.secrets,
  ...ownOf(config, service),
});
const words = (config: VendorConfig, service: VendorService): string[] =>
  Object.entries(variablesOf(config, service)).map(([name, value]) => `${name}=${value}`);

const compose = (config: VendorConfig, asList: boolean) =>
  JSON.stringify({
    name: 'spacelift',
    services: {
      db: { image: 'postgres:16', environment: { POSTGRES_PASSWORD: 'rose-tin-lantern' } },
      ...Object.fromEntries(
        SERVICES_OF.map((service) => {
          const written = Object.entries(variablesOf(config, service)).map(
            ([name, value]) => [name, value.replaceAll('$', '$$$$')] as const,
          );
          return [
            service,
            {
              image: 'spacelift',
              command: `backend ${service}`,
              environment: asList ? written.map(([name, value]) => `${name}=${value}`) : Object.fromEntries(written),
            },
          ];
        }),
      ),
    },
  });

const unit = (variables: Variables) =>
  `[Unit]\nDescription=Spacelift\n\n[Service]\n; the config\n${Object.entries(variables)
    .map(
      ([name, value]) =>
        `Environment="${name}=${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"\n`,
    )
    .join('')}ExecStart=/usr/bin/spacelift-all\n`;

/** All variables of the installation are in each. */
export const SHAPES: Readonly<Record<string, (config: VendorConfig) => string>> = {
  'tofu output -raw kubernetes_secrets': (config) => documents(secrets(config)),
  'tofu output -json': (config) => JSON.stringify(outputs(config)),
  'tofu output -json NAME': (config) => JSON.stringify(documents(secrets(config))),
  'kubectl get secrets -o json': (config) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: secrets(config), metadata: { resourceVersion: '' } }),
  'kubectl get deployments,secrets -o json': (config) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...SERVICES_OF.map(deployment), ...secrets(config)] }),
  'a state of Kubernetes Secrets': (config) => shown(kubernetesSecrets(config)),
  'a state file of Kubernetes Secrets': (config) => stateFile(kubernetesSecrets(config)),
  'a plan of Kubernetes Secrets': (config) => plan(kubernetesSecrets(config)),
  'a plan with outputs': (config) => plan([], outputs(config)),
  'a state with outputs and Secrets': (config) => shown(kubernetesSecrets(config), outputs(config)),
  'a state of task definitions': (config) => shown(tasks(config)),
  'a state file of task definitions': (config) => stateFile(tasks(config)),
  'a plan of task definitions': (config) => plan(tasks(config)),
  'aws ecs describe-task-definition, one after the other': (config) =>
    SERVICES_OF.map((service) =>
      JSON.stringify({
        taskDefinition: { family: `${service}-k3x9q`, containerDefinitions: [container(config, service), sidecar] },
      }),
    ).join('\n'),
  'vault kv get -format=json, version 2': (config) =>
    JSON.stringify({ request_id: 'x', lease_id: '', data: { data: all(config), metadata: { version: 3 } } }),
  'vault kv get -format=json, version 1': (config) => JSON.stringify({ request_id: 'x', data: all(config) }),
  'aws secretsmanager get-secret-value': (config) =>
    JSON.stringify({ ARN, Name: 'spacelift/config', VersionId: 'x', SecretString: JSON.stringify(all(config)) }),
  'op item get --format json': (config) =>
    JSON.stringify({
      id: 'x',
      title: 'Spacelift',
      fields: [
        { id: 'notesPlain', type: 'STRING', purpose: 'NOTES', label: 'notesPlain' },
        ...Object.entries(all(config)).map(([label, value]) => ({ id: label, type: 'CONCEALED', label, value })),
      ],
    }),
  'doppler secrets download --format json': (config) =>
    JSON.stringify({ ...all(config), DOPPLER_PROJECT: 'spacelift', DOPPLER_CONFIG: 'prd' }),
  'doppler secrets --json': (config) =>
    JSON.stringify(
      Object.fromEntries(Object.entries(all(config)).map(([name, raw]) => [name, { computed: raw, raw, note: '' }])),
    ),
  'doppler secrets --json, computed values alone': (config) =>
    JSON.stringify(Object.fromEntries(Object.entries(all(config)).map(([name, computed]) => [name, { computed }]))),
  'JSON documents between lines of dashes': (config) =>
    secrets(config)
      .map((one) => `${JSON.stringify(one, null, 2)}\n`)
      .join('---\n'),
  'JSON and YAML documents': (config) => {
    const [first, ...others] = secrets(config);
    return `${JSON.stringify(first, null, 2)}\n---\n${documents(others)}`;
  },
  'JSON documents in one array': (config) => JSON.stringify([...SERVICES_OF.map(deployment), ...secrets(config)]),
  'task definitions in one array': (config) =>
    JSON.stringify(
      SERVICES_OF.map((service) => ({
        family: `${service}-k3x9q`,
        containerDefinitions: [container(config, service), sidecar],
      })),
    ),
  'aws ecs describe-task-definition, in one array': (config) =>
    JSON.stringify(
      SERVICES_OF.map((service) => ({
        taskDefinition: { containerDefinitions: [container(config, service)] },
        tags: [],
      })),
    ),
  'aws ssm get-parameters-by-path': (config) =>
    JSON.stringify({
      Parameters: Object.entries(all(config)).map(([name, Value]) => ({
        Name: `/spacelift/${name.toLowerCase().replaceAll('_', '-')}`,
        Type: 'SecureString',
        Value,
      })),
    }),
  'gcloud secrets versions access --format=json': (config) => {
    const text = Object.entries(all(config)).map(([name, value]) => `${name}=${value}\n`);
    const data = Buffer.from(text.join('')).toString('base64');
    return JSON.stringify({ name: 'projects/1/secrets/spacelift/versions/1', payload: { data, dataCrc32c: '1' } });
  },
  'az keyvault secret show': (config) =>
    JSON.stringify({
      attributes: { enabled: true },
      id: 'https://acme.vault.azure.net/secrets/spacelift/0123',
      name: 'spacelift',
      value: JSON.stringify(all(config)),
    }),
  'az keyvault secret show, one for each variable': (config) =>
    JSON.stringify(
      Object.entries(all(config)).map(([name, value]) => {
        const shown = name.replaceAll('_', '-');
        return { id: `https://acme.vault.azure.net/secrets/${shown}/0123`, name: shown, value };
      }),
    ),
  'bw get item': (config) =>
    JSON.stringify({
      object: 'item',
      name: 'spacelift',
      notes: Object.entries(all(config))
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
      login: null,
    }),
  'docker inspect': (config) =>
    JSON.stringify(
      SERVICES_OF.map((service) => ({
        Id: '0123',
        Name: `/spacelift-${service}-1`,
        Config: { Env: ['PATH=/bin', ...words(config, service)], Cmd: ['backend', service] },
      })),
    ),
  'docker service inspect': (config) =>
    JSON.stringify(
      SERVICES_OF.map((service) => ({
        ID: '0123',
        Spec: {
          Name: `spacelift_${service}`,
          TaskTemplate: { ContainerSpec: { Image: 'spacelift', Env: words(config, service) } },
        },
      })),
    ),
  'az containerapp show': (config) =>
    SERVICES_OF.map((service) =>
      JSON.stringify({
        name: `spacelift-${service}`,
        type: 'Microsoft.App/containerApps',
        properties: { template: { containers: [{ name: 'main', env: pairs(variablesOf(config, service)) }] } },
      }),
    ).join('\n'),
  'az container show': (config) =>
    JSON.stringify({
      name: 'spacelift',
      type: 'Microsoft.ContainerInstance/containerGroups',
      containers: SERVICES_OF.map((service) => ({
        name: service,
        environmentVariables: pairs(variablesOf(config, service)),
      })),
    }),
  'nomad job inspect': (config) =>
    JSON.stringify({
      Job: {
        ID: 'spacelift',
        TaskGroups: SERVICES_OF.map((service) => ({
          Name: service,
          Tasks: [{ Name: 'main', Driver: 'docker', Config: { image: 'x' }, Env: variablesOf(config, service) }],
        })),
      },
    }),
  'a bare environment': (config) => JSON.stringify(pairs(all(config))),
  'docker compose, a map': (config) => compose(config, false),
  'docker compose, a list': (config) => compose(config, true),
  'a systemd unit': (config) => unit(all(config)),
  'an EnvironmentFile': (config) =>
    `; of systemd\n${Object.entries(all(config))
      .map(([name, value]) => `${name}=${value}\n`)
      .join('')}`,
};
