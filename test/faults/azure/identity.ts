/** Who Spacelift is to Azure: applications and their secrets, workload and managed identities, clocks. */
import { randomUUID } from 'node:crypto';
import { FIRST, SIGNED } from '../arrange.ts';
import { processEnvironment } from '../cloud.ts';
import type { Arrange, Fault } from '../fault.ts';
import { as, environment, isToken, onAks, refusing, refusingOnce, serving } from './arrange.ts';

const NOBODY = '00000000-0000-4000-8000-000000000001';
const GUID = '[0-9a-f-]{36}';

const entra = (number: number, status = 401) =>
  refusing(isToken, { status, code: `AADSTS${number}`, message: 'Refused.' });

/** No credentials but those of the machine, if it has an identity. */
const machine =
  (whose: 'operator' | undefined): Arrange =>
  ({ estate: { azure } }) => {
    azure.azure.attach(whose && azure[whose]);
    const { AZURE_POD_IDENTITY_AUTHORITY_HOST = '' } = azure.azure.proxyEnvironment();
    const restore = processEnvironment({ AZURE_POD_IDENTITY_AUTHORITY_HOST });
    return {
      environment: { AZURE_CLIENT_ID: '', AZURE_CLIENT_SECRET: '', AZURE_TENANT_ID: '' },
      undo: () => {
        azure.azure.attach(undefined);
        restore();
      },
    };
  };

export const IDENTITY: readonly Fault[] = onAks(
  ...(
    [
      ['AZURE_TENANT_ID', 'a line break', (held) => `${held}\n`, 'whitespace'],
      ['AZURE_CLIENT_ID', 'quotes', (held) => `"${held}"`, 'whitespace'],
      ['AZURE_CLIENT_SECRET', 'a line break', (held) => `${held}\r\n`, 'whitespace'],
      ['AZURE_TENANT_ID', 'a space', (held) => `${held.slice(0, 8)} ${held.slice(8)}`, 'value'],
      ['AZURE_CLIENT_ID', 'an umlaut', (held) => `${held}ä`, 'value'],
      ['AZURE_CLIENT_SECRET', 'a line break inside', (held) => `${held}\n${held}`, 'value'],
    ] satisfies [string, string, (held: string) => string, string][]
  ).map(
    ([name, what, spoil, rule]): Fault => ({
      name: `${name} with ${what}`,
      arrange: ({ environment: held }) => ({ environment: { [name]: spoil(held[name] ?? '') } }),
      fail: [`configuration/${rule}[${name}]`],
      says: new RegExp(`^${name} (ends with a newline|contains quotes|is not a)`),
    }),
  ),
  {
    name: 'no Azure credentials anywhere',
    arrange: machine(undefined),
    fail: [FIRST],
    says: /^no Azure credentials found\nSearched the config, the environment.*managed identity, and az login/,
  },
  {
    name: 'an Azure secret without its application and tenant',
    arrange: environment(() => ({ AZURE_TENANT_ID: '', AZURE_CLIENT_ID: '' })),
    fail: [FIRST],
    says: /\nAZURE_CLIENT_SECRET is set without AZURE_TENANT_ID and AZURE_CLIENT_ID/,
  },
  {
    name: 'a wrong Azure client secret',
    arrange: environment(() => ({ AZURE_CLIENT_SECRET: 'not-the-right-secret' })),
    fail: [FIRST],
    says: new RegExp(`^Microsoft Entra ID rejected AZURE_CLIENT_SECRET for ${GUID}`),
  },
  {
    name: 'an Azure client secret that has expired',
    arrange: as((azure, operator) => {
      const expired = { ...operator, clientId: randomUUID(), secretExpired: true };
      azure.principals.push(expired);
      return expired;
    }),
    fail: [FIRST],
    says: new RegExp(`^the secret of ${GUID} has expired`),
  },
  {
    name: 'an Azure application that does not exist',
    arrange: environment(() => ({ AZURE_CLIENT_ID: NOBODY })),
    fail: [FIRST],
    says: new RegExp(`^application ${NOBODY} does not exist in the tenant ${GUID}`),
  },
  {
    name: 'an Azure tenant that does not exist',
    arrange: environment(() => ({ AZURE_TENANT_ID: NOBODY })),
    fail: [FIRST],
    says: new RegExp(`^tenant ${NOBODY} does not exist\nA tenant in another cloud`),
  },
  {
    name: 'a disabled Azure application',
    arrange: entra(7000112),
    fail: [FIRST],
    says: new RegExp(`^the application ${GUID} is disabled`),
  },
  {
    name: 'an Azure policy of conditional access',
    arrange: entra(53003),
    fail: [FIRST],
    says: /^Microsoft Entra ID rejected the credentials: AADSTS53003/,
  },
  {
    name: 'a federated Azure token of another service account',
    arrange: environment(async ({ azure: { azure, contributor } }) => ({
      AZURE_CLIENT_SECRET: '',
      AZURE_FEDERATED_TOKEN_FILE: await azure.federatedTokenFile(contributor),
    })),
    fail: [FIRST],
    says: new RegExp(`^no federated credential of ${GUID} matches the token in AZURE_FEDERATED_TOKEN_FILE`),
  },
  {
    name: 'a federated Azure token file that is not there',
    arrange: environment(() => ({ AZURE_CLIENT_SECRET: '', AZURE_FEDERATED_TOKEN_FILE: '/no/such/azure-token' })),
    fail: [FIRST],
    says: /^AZURE_FEDERATED_TOKEN_FILE names a file that does not exist\n\/no\/such\/azure-token does not exist/,
  },
  {
    name: 'an Azure certificate file that is not there',
    arrange: environment(() => ({ AZURE_CLIENT_SECRET: '', AZURE_CLIENT_CERTIFICATE_PATH: '/no/such/azure.pem' })),
    fail: [FIRST],
    says: /^AZURE_CLIENT_CERTIFICATE_PATH names a file that does not exist\n\/no\/such\/azure\.pem does not exist/,
  },
  {
    name: 'an Azure certificate file that only the container has',
    arrange: () => ({
      variables: { AZURE_CLIENT_CERTIFICATE_PATH: '/var/run/secrets/azure/certificate.pem' },
      environment: { AZURE_CLIENT_SECRET: '' },
    }),
  },
  {
    name: 'a federated Azure token that is right',
    arrange: environment(async ({ azure: { azure, operator } }) => ({
      AZURE_CLIENT_SECRET: '',
      AZURE_FEDERATED_TOKEN_FILE: await azure.federatedTokenFile(operator),
    })),
  },
  {
    name: 'a federated Azure token that has run out',
    arrange: entra(700024),
    fail: [FIRST],
    says: /^the token or certificate that must prove the identity is not valid at this time\nIt has expired, or/,
  },
  { name: 'a managed identity of Azure', arrange: machine('operator') },
  {
    name: 'Azure tokens that were revoked',
    arrange: ({ estate: { azure } }) => {
      azure.azure.faults = {
        statusFor: ({ plane }) => {
          if (plane === 'blob') azure.azure.revokeTokens();
          return undefined;
        },
      };
      return {
        undo: () => {
          azure.azure.faults = {};
        },
      };
    },
    fail: [FIRST],
    says: /^the storage account preflighttest rejected the token/,
  },
  {
    name: 'Azure’s clock an hour ahead of this machine’s',
    arrange: serving({ clockOffsetMs: 3_600_000 }),
    fail: [SIGNED],
    says: /^the clocks of this machine and Azure Blob Storage differ by 60 min\nAzure Blob Storage’s clock is ahead/,
  },
  {
    name: 'Azure’s clock an hour behind this machine’s',
    arrange: serving({ clockOffsetMs: -3_600_000 }),
    fail: [SIGNED],
    says: /^the clocks of this machine and Azure Blob Storage differ by 60 min\nAzure Blob Storage’s clock is behind/,
  },
  { name: 'Azure’s clock three minutes off', arrange: serving({ clockOffsetMs: 180_000 }) },
  {
    name: 'Microsoft Entra ID that is busy for a moment',
    arrange: refusingOnce(isToken, {
      status: 503,
      code: 'AADSTS90033',
      message: 'A transient error has occurred.',
      headers: { 'retry-after': '1' },
    }),
  },
  {
    name: 'Microsoft Entra ID that stays unavailable',
    arrange: entra(90033, 503),
    fail: [FIRST],
    says: /^Microsoft Entra ID .*AADSTS90033/,
  },
  {
    name: 'Microsoft Entra ID that does not answer',
    arrange: serving({ hangFor: ({ plane }) => plane === 'entra' }),
    fail: [FIRST],
    says: /^connected to login\.microsoftonline\.com:443, but got no response/,
  },
);
