/** The servers that others wrote: which version of each is tried, and how it is had. */
import { collector, debian, erlang, go, goParts, goSources, npm, python, type Way } from './ways.ts';

const OTEL = 'v0.160.0';

/** In the order in which they are built; the longest first. */
export const PEERS = {
  minio: go('github.com/minio/minio', 'v0.0.0-20260212201848-7aac2a2c5b7c'),
  versitygw: go('github.com/versity/versitygw/cmd/versitygw', 'v1.8.0'),
  registry: go('github.com/distribution/distribution/v3/cmd/registry', 'v3.1.2'),
  mc: go('github.com/minio/mc', 'v0.0.0-20250313080218-cf909e1063a9'),
  rclone: goParts('github.com/rclone/rclone', 'v1.76.0', {
    packages: ['backend/local', 'cmd/serve', 'cmd/serve/s3'],
    main: 'cmd',
  }),
  'fake-gcs-server': go('github.com/fsouza/fake-gcs-server', 'v1.56.1'),
  helm: go('helm.sh/helm/v4/cmd/helm', 'v4.3.2'),
  otelcol: collector(OTEL, [
    ['receivers', 'go.opentelemetry.io/collector/receiver/otlpreceiver'],
    ['exporters', 'go.opentelemetry.io/collector/exporter/debugexporter'],
  ]),
  kubernetes: goSources(new URL('../oracles/kubernetes/', import.meta.url)),
  promlint: goSources(new URL('promlint/', import.meta.url)),
  moto: python('moto[server,s3,sqs,kms,sts,iot,secretsmanager,ssm]', '5.2.5', 'moto.server'),
  aws: python('awscli', '1.46.3', 'awscli.clidriver'),
  'ddapm-test-agent': python('ddapm-test-agent', '1.69.1', 'ddapm_test_agent.agent'),
  'check-jsonschema': python('check-jsonschema', '0.39.0', 'check_jsonschema'),
  'sarif-tools': python('sarif-tools', '3.0.5', 'sarif.cmdline.main'),
  'sarif-multitool': npm('@microsoft/sarif-multitool-linux', '5.7.0', 'Sarif.Multitool', {
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1',
  }),
  mosquitto: debian('mosquitto', 'mosquitto'),
  nginx: debian('nginx-light', 'nginx'),
  pgbouncer: debian('pgbouncer', 'pgbouncer'),
  haproxy: debian('haproxy', 'haproxy'),
  psql: debian('postgresql-client', 'psql', 'usr/lib/postgresql/*/bin/psql'),
  redis: debian('redis-server', 'redis-server'),
  rabbitmq: erlang('rabbitmq-server', 'usr/lib/rabbitmq/lib/*/plugins'),
  chromium: debian('chromium', 'chromium', 'usr/lib/chromium/chromium'),
  shellcheck: debian('shellcheck', 'shellcheck'),
  zsh: debian('zsh', 'zsh'),
  fish: debian('fish', 'fish'),
} as const satisfies Record<string, Way>;

export type Peer = keyof typeof PEERS;
