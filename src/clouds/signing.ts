/** The credentials that sign the requests to a provider, and their owner. */
import type { Party } from '../config/options.ts';
import type { Run } from '../engine/check.ts';
import { ownerOfAws } from './aws/owner.ts';
import { isAzureSupplied, ownerOfAzure } from './azure/owner.ts';
import { isSupplied } from './credentials.ts';

export interface SigningCredentials {
  /** The cloud that issues them; absent for the keys of a self-hosted server. */
  readonly cloud?: 'AWS' | 'Google Cloud' | 'Azure';
  /** The variables that the config needs to sign a request: all of one row. */
  readonly inConfig: readonly (readonly string[])[];
  /** Their owner in this run. */
  ownerOf(run: Run): Party;
  /** Whether this process's credentials stand in for the deployment's own, which the config does not contain. */
  standIn(run: Run): boolean;
}

/**
 * Whether the credentials in use are the deployment's own: from the config, from a file that stands for the config's, or
 * from the environment when the environment is the config. What they lack, Spacelift lacks.
 */
export function areDeployments({ inConfig, standIn }: SigningCredentials, run: Run): boolean {
  const { party, set } = run.deployment;
  if (party === 'config') return !standIn(run);
  return inConfig.some((row) => row.every((name) => set.includes(name)));
}

export const AWS_CREDENTIALS: SigningCredentials = {
  cloud: 'AWS',
  inConfig: [
    ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    ['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE'],
  ],
  ownerOf: ownerOfAws,
  standIn: (run) => ownerOfAws(run) === 'process',
};

export const AZURE_CREDENTIALS: SigningCredentials = {
  cloud: 'Azure',
  inConfig: [
    ['AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_CLIENT_SECRET'],
    ['AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_CLIENT_CERTIFICATE_PATH'],
    ['AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_FEDERATED_TOKEN_FILE'],
  ],
  ownerOf: ownerOfAzure,
  standIn: (run) => ownerOfAzure(run) === 'process' && !isAzureSupplied(run),
};

export const GOOGLE_CREDENTIALS: SigningCredentials = {
  cloud: 'Google Cloud',
  inConfig: [['GOOGLE_APPLICATION_CREDENTIALS']],
  // They always come from a file or a server, so they belong to the caller.
  ownerOf: () => 'process',
  standIn: (run) => !isSupplied(run, 'GOOGLE_APPLICATION_CREDENTIALS'),
};
