/** What is left over from a template, and what only looks like it. */
import { expect, test } from 'vitest';
import { configuration } from '../../checks/configuration/index.ts';
import type { VariableName } from '../../src/config/contract.ts';
import type { Entry } from '../../src/config/entry.ts';
import { isPlaceholder } from '../../src/config/placeholders.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { judgeValue } from '../../src/config/values.ts';
import { preflight } from '../support/preflight.ts';

const url = (password: string, more = '') => `postgres://spacelift:${password}@db.corp.io/spacelift${more}`;

test.each<[string, string]>([
  ['ADMIN_PASSWORD', 'a***'],
  ['ADMIN_PASSWORD', 'hidden'],
  ['ADMIN_PASSWORD', 'a${b}c'],
  ['ADMIN_PASSWORD', 'x{{y}}'],
  ['ADMIN_PASSWORD', '$(A)1'],
  ['ADMIN_PASSWORD', '{{y}} '.repeat(2)],
  ['ADMIN_PASSWORD', 'changeme2'],
  ['ADMIN_USERNAME', 'admin{{1}}'],
  ['OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY', 'abc<def>ghi'],
  ['OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY', '$${b}'],
  ['SLACK_SECRET', '${a b}'],
  ['DATABASE_URL', url('pa${b}word')],
  ['DATABASE_URL', url('{{y}}z')],
  ['DATABASE_URL', url('x<b>y')],
  ['DATABASE_URL', url('a@${b}/?#:')],
  ['DATABASE_URL', url('dont-change-me-please')],
  ['DATABASE_URL', 'postgres://db.corp.io/spacelift?user=spacelift&password=pa${b}word'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'api-key=a${b}c'],
])('%s=%s is a value', (name, value) => {
  expect(isPlaceholder(name, value)).toBe(false);
});

test.each<[string, string]>([
  ['ADMIN_PASSWORD', '${b}'],
  ['ADMIN_PASSWORD', ' {{ .Values.password }}\n'],
  ['ADMIN_PASSWORD', '${A}${B}'],
  ['ADMIN_PASSWORD', '${{ secrets.ADMIN_PASSWORD }}'],
  ['ADMIN_PASSWORD', '$(ADMIN_PASSWORD)'],
  ['ADMIN_PASSWORD', 'change-me'],
  ['ADMIN_USERNAME', '<user>'],
  ['DATABASE_URL', '${DATABASE_URL}'],
  ['DATABASE_URL', url('${DB_PASSWORD}')],
  ['DATABASE_URL', url('<password>')],
  ['DATABASE_URL', url('CHANGEME')],
  ['DATABASE_URL', 'postgres://{{user}}:secret@db.corp.io/spacelift'],
  ['DATABASE_URL', 'postgres://spacelift:secret@${DB_HOST}:5432/spacelift'],
  ['DATABASE_URL', 'postgres://spacelift:secret@prefix-${DB_HOST}/spacelift'],
  ['DATABASE_URL', 'postgres://db.corp.io/spacelift?user=spacelift&password=${PASSWORD}'],
  ['DATABASE_URL', url('secret', '?sslmode=${SSL_MODE}')],
  ['OBJECT_STORAGE_BUCKET_STATES', 'spacelift-${ENV}-states'],
  ['OBJECT_STORAGE_MINIO_ENDPOINT', '{{ host }}:9000'],
  ['WEBHOOKS_ENDPOINT', 'https://<domain>/webhooks'],
  ['LAUNCHER_IMAGE', '${REGISTRY}/launcher'],
  ['MQTT_BROKER_ENDPOINT', '${MQTT_HOST}:1984'],
  ['SERVER_DOMAIN', 'Example.com'],
  ['ADMIN_PASSWORD', '********'],
  ['ADMIN_PASSWORD', '++++++++'],
  ['ADMIN_PASSWORD', '[REDACTED]'],
  ['ADMIN_PASSWORD', '(sensitive value)'],
  ['DATABASE_URL', url('***')],
])('%s=%s is a placeholder', (name, value) => {
  expect(isPlaceholder(name, value)).toBe(true);
});

const container = { file: 'spacelift.yaml', kind: 'Deployment', name: 'spacelift-server', container: 'server' };

test.each<[string, string, object | undefined, RegExp]>([
  ['SERVER_DOMAIN', '$(DOMAIN)', container, /^SERVER_DOMAIN contains \$\(DOMAIN\), which Kubernetes does not replace$/],
  ['DATABASE_URL', url('$(PW)'), container, /^DATABASE_URL contains \$\(PW\), which Kubernetes does not replace$/],
  ['SERVER_DOMAIN', '$(DOMAIN)', undefined, /^SERVER_DOMAIN still contains a placeholder$/],
  ['SERVER_DOMAIN', '${DOMAIN}', container, /^SERVER_DOMAIN still contains a placeholder$/],
])('%s=%s', (name, value, location, says) => {
  const origin = 'spacelift.yaml (Deployment spacelift-server, container server)';
  const entry = { name, kind: 'known', value, service: 'server', origin, ...(location && { location }) } as Entry;
  expect(judgeValue(name as VariableName, entry)?.outcome.title).toMatch(says);
});

test.each(['++++++++', '<redacted>', '********'])(
  'the data of a Secret that a program has masked is no base64: %s',
  async (mask) => {
    const object = `kind: Secret\nmetadata: {name: s}\ndata:\n  SERVER_DOMAIN: YS5i\n  DATABASE_URL: "${mask}"\n`;
    const { findings } = await preflight([configuration], [await parseSource('x.yaml', object)]);
    expect(findings.filter(({ variable, status }) => variable === 'DATABASE_URL' && status === 'fail')).toMatchObject([
      {
        id: 'configuration/placeholder[DATABASE_URL]',
        title: 'DATABASE_URL is masked',
        fix: 'pass the config with the value of DATABASE_URL, which is masked in x.yaml (Secret s), line 5',
      },
    ]);
  },
);
