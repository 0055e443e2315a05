/** The meaning of Microsoft Entra ID's errors ("Microsoft Entra authentication and authorization error codes"), and the fixes. */

import { cause } from '../../outcome/cause.ts';
import { advice, command, type Fix, type Shell, sh } from '../../outcome/fix.ts';
import { fail, type Issue } from '../../outcome/outcome.ts';

type EntraKind =
  /** No credentials were found. */
  | 'missing'
  /** There are credentials, but they led to neither a token nor an error response. */
  | 'no-token'
  | 'secret'
  | 'secret-expired'
  | 'client'
  | 'client-disabled'
  | 'tenant'
  | 'federation'
  | 'assertion-time'
  | 'certificate'
  /** A user must sign in again. */
  | 'sign-in'
  /** Any other error code. */
  | 'refused';

const KIND_OF_NUMBER: Readonly<Record<string, EntraKind>> = {
  7000215: 'secret',
  7000216: 'secret',
  7000222: 'secret-expired',
  700016: 'client',
  7000229: 'client',
  7000112: 'client-disabled',
  90002: 'tenant',
  900023: 'tenant',
  70021: 'federation',
  700211: 'federation',
  700212: 'federation',
  700213: 'federation',
  700024: 'assertion-time',
  700027: 'certificate',
  700030: 'certificate',
  50076: 'sign-in',
  50078: 'sign-in',
  50079: 'sign-in',
  50173: 'sign-in',
  70043: 'sign-in',
  700082: 'sign-in',
  700084: 'sign-in',
};

export interface EntraFacts {
  /** From `AADSTS<number>`, if there was a response at all. */
  readonly number: string | undefined;
  readonly tenant: string | undefined;
  readonly client: string | undefined;
  readonly authority: string;
  /** Whether everything that names and proves an identity is set, so that a token is expected. */
  readonly configured: boolean;
  /** Where credentials were searched for. */
  readonly detail: string;
}

interface CredentialMessage {
  readonly title: string;
  readonly detail?: string;
  readonly expected: string;
  readonly fix: Fix;
}

const app = ({ client }: EntraFacts): string => client ?? '<client id>';
/** A placeholder for the client ID in a command. */
const CLIENT = 'CLIENT_ID';

/** Adds a new secret, and keeps the existing ones. */
function newSecret({ client }: EntraFacts): Fix {
  const reset = (id: string): Shell => sh`az ad app credential reset --id ${id} --append`;
  if (client === undefined) return advice`set AZURE_CLIENT_SECRET to a new one: ${reset(CLIENT)}`;
  return command(reset(client), { note: 'set AZURE_CLIENT_SECRET to the password in the output' });
}

function enable({ client }: EntraFacts): Fix {
  const update = (id: string): Shell => sh`az ad sp update --id ${id} --set accountEnabled=true`;
  return client === undefined ? advice`enable it: ${update(CLIENT)}` : command(update(client));
}

const SAYS: Readonly<Record<EntraKind, (facts: EntraFacts) => CredentialMessage>> = {
  missing: ({ detail }) => ({
    title: 'no Azure credentials found',
    detail,
    expected: 'a workload or managed identity, or AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET',
    fix: advice`give Spacelift an identity (on AKS: az identity federated-credential create), or set the three variables; on this machine: az login`,
  }),
  'no-token': ({ authority }) => ({
    title: `${authority} does not issue a token for the config’s credentials`,
    detail: 'The server there is not Microsoft Entra ID, or the certificate or token file is not valid.',
    expected: 'a token, or an error with an AADSTS code',
    fix: advice`check the server’s response: ${sh`curl -i https://${authority}/TENANT_ID/v2.0/.well-known/openid-configuration`}; and the file, if there is one`,
  }),
  secret: (facts) => ({
    title: `Microsoft Entra ID rejected AZURE_CLIENT_SECRET for ${app(facts)}`,
    detail: 'Using the secret’s ID instead of its value causes the same error.',
    expected: 'the value of a secret that belongs to that application',
    fix: newSecret(facts),
  }),
  'secret-expired': (facts) => ({
    title: `the secret of ${app(facts)} has expired`,
    expected: 'a secret that is valid now',
    fix: newSecret(facts),
  }),
  client: (facts) => ({
    title: `application ${app(facts)} does not exist in the tenant ${facts.tenant ?? '<tenant id>'}`,
    expected: 'the application’s client ID in AZURE_CLIENT_ID, and its tenant in AZURE_TENANT_ID',
    fix: advice`correct AZURE_CLIENT_ID or AZURE_TENANT_ID; check: ${sh`az ad sp show --id ${facts.client ?? CLIENT}`}`,
  }),
  'client-disabled': (facts) => ({
    title: `the application ${app(facts)} is disabled`,
    expected: 'an application that is allowed to sign in',
    fix: enable(facts),
  }),
  tenant: ({ tenant }) => ({
    title: `tenant ${tenant ?? '<tenant id>'} does not exist`,
    detail:
      'A tenant in another cloud (US Government, China) causes the same error: AZURE_AUTHORITY_HOST selects the cloud.',
    expected: 'the tenant ID in AZURE_TENANT_ID',
    fix: command(sh`az account show --query tenantId --output tsv`, {
      note: 'set AZURE_TENANT_ID to the output',
    }),
  }),
  federation: (facts) => ({
    title: `no federated credential of ${app(facts)} matches the token in AZURE_FEDERATED_TOKEN_FILE`,
    expected:
      'a credential with a matching issuer, subject (system:serviceaccount:<namespace>:<service account>), and audience',
    fix: advice`correct it: ${sh`az ad app federated-credential list --id ${facts.client ?? CLIENT}`}, or for a managed identity: az identity federated-credential list`,
  }),
  'assertion-time': () => ({
    title: 'the token or certificate that must prove the identity is not valid at this time',
    detail: 'It has expired, or this machine’s clock is wrong.',
    expected: 'a token that is renewed before it expires, and a correct clock',
    fix: advice`set this machine’s clock (timedatectl set-ntp true), and make sure that the federated token is renewed (projected by Kubernetes)`,
  }),
  certificate: (facts) => ({
    title: `the certificate in AZURE_CLIENT_CERTIFICATE_PATH does not belong to ${app(facts)}`,
    expected: 'a certificate that is registered with the application and has not expired',
    fix: advice`register it: ${sh`az ad app credential reset --id ${facts.client ?? CLIENT} --append --cert @PATH`}`,
  }),
  'sign-in': () => ({
    title: 'the Azure sign-in has expired, or requires another step',
    expected: 'a sign-in that is valid now',
    fix: command(sh`az login --scope https://storage.azure.com/.default`),
  }),
  refused: (facts) => ({
    title: `Microsoft Entra ID rejected the credentials: AADSTS${facts.number}`,
    expected: 'a token for Azure Storage',
    fix: advice`look up the code: https://login.microsoftonline.com/error?code=${facts.number ?? ''}`,
  }),
};

export function entraIssue(facts: EntraFacts): Issue {
  const { number, configured } = facts;
  const without = configured ? 'no-token' : 'missing';
  const kind = number === undefined ? without : (KIND_OF_NUMBER[number] ?? 'refused');
  const { title, ...said } = SAYS[kind](facts);
  return fail(title, {
    ...said,
    ...(number !== undefined && { evidence: { code: `AADSTS${number}` } }),
    cause: cause.azure('credentials', kind),
  });
}
