/** What an SDK reads is a secret, unless it is known for what may be seen. */
import { describe, expect, it } from 'vitest';
import { CONTRACT, isSecret, VARIABLES } from '../../src/config/contract.ts';
import { redactor } from '../../src/config/redact.ts';
import { secretsOf } from '../../src/config/secrets.ts';
import { source } from '../support/preflight.ts';
import { SECRET_VARIABLES } from '../support/sdk-variables.ts';

it.each(SECRET_VARIABLES)('%s is a secret', (name) => {
  expect(isSecret(name)).toBe(true);
  expect(secretsOf([source({ [name]: 'hunter22-hunter22' })])).toContain('hunter22-hunter22');
});

it.each([
  'AWS_REGION',
  'AWS_PROFILE',
  'AWS_ROLE_ARN',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL_SECRETS_MANAGER',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_USE_FIPS_ENDPOINT',
  'AZURE_TENANT_ID',
  'AZURE_CLIENT_ID',
  'AZURE_AUTHORITY_HOST',
  'AZURE_SUBSCRIPTION_ID',
  'AZURE_FEDERATED_TOKEN_FILE',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_CLOUD_PROJECT',
  'DD_ENV',
  'DD_VERSION',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  'NO_PROXY',
  'no_proxy',
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'FEATURE_FLAG_NEW_UI',
])('%s may be seen', (name) => {
  expect(isSecret(name)).toBe(false);
});

it('the contract says it of its own', () => {
  for (const name of VARIABLES) expect(isSecret(name)).toBe(CONTRACT[name].secret === true);
});

describe('what is no secret where it is seen anyway', () => {
  const config = {
    SERVER_DOMAIN: 'spacelift.corp.io',
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL: 'https://aws.corp.internal:4566',
    DATABASE_URL: 'postgres://spacelift:hunter22@database.corp.io:5432/spacelift_production',
  };
  const text = 'spacelift.corp.io in eu-central-1, with spacelift_production at database.corp.io and aws.corp.internal';

  it('a variable of one’s own that repeats a public value, or a part of it', () => {
    const own = {
      HOSTNAME_OF_US: 'spacelift.corp.io',
      REGION: 'eu-central-1',
      AWS_OF_NEXT_YEAR: 'eu-central-1',
      PROXIED: 'aws.corp.internal',
      DB_HOST: 'database.corp.io',
      DB_NAME: 'spacelift_production',
      ISSUER_HOST: 'spacelift.corp.io',
      KEYCLOAK_HOST: 'spacelift.corp.io',
      TOKEN_ISSUER: 'spacelift.corp.io',
      SECRETS_REGION: 'eu-central-1',
    };
    expect(redactor(secretsOf([source({ ...config, ...own })]))(text)).toBe(text);
  });

  it('but not one that is called a secret', () => {
    const own = {
      MY_PASSWORD: 'spacelift.corp.io',
      AZURE_STORAGE_SAS: 'eu-central-1',
      ADMIN_PASSWORD: 'spacelift_prod',
    };
    const clean = redactor(secretsOf([source({ ...config, ...own })]))(text);
    expect(clean).toContain('‹redacted› in ‹redacted›, with ‹redacted›uction at');
  });

  it('nor a location that is not public elsewhere', () => {
    const clean = redactor(secretsOf([source({ ...config, KEYCLOAK_HOST: 'sso.corp.internal' })]));
    expect(clean('sso.corp.internal')).toBe('‹redacted›');
  });

  it('nor what only stands in another secret', () => {
    expect(redactor(secretsOf([source({ ...config, OWN: 'hunter22' })]))('hunter22')).toBe('‹redacted›');
  });
});

it('a token in a public variable is a secret all the same', () => {
  const jwt = `eyJhbGciOiJSUzI1NiJ9.${'a1'.repeat(40)}.x`;
  expect(secretsOf([source({ AWS_WEB_IDENTITY_TOKEN_FILE: jwt, AZURE_CLIENT_ID: jwt })])).toContain(jwt);
});
