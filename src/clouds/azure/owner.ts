/** The variables of the deployment's Azure identity, and who owns the credentials in use. */
import type { CredentialsFile } from '../../config/credentials-options.ts';
import type { Party } from '../../config/options.ts';
import type { Run } from '../../engine/check.ts';
import { isSupplied } from '../credentials.ts';

export const TENANT = 'AZURE_TENANT_ID';
export const CLIENT = 'AZURE_CLIENT_ID';
export const SECRET = 'AZURE_CLIENT_SECRET';
export const CERTIFICATE = 'AZURE_CLIENT_CERTIFICATE_PATH' satisfies CredentialsFile;
export const TOKEN_FILE = 'AZURE_FEDERATED_TOKEN_FILE' satisfies CredentialsFile;

/** Whether the caller supplies the file that proves the config's identity: it belongs to the caller, and takes precedence. */
export const isAzureSupplied = (run: Run): boolean => isSupplied(run, CERTIFICATE, TOKEN_FILE);

/** The owner of the credentials in use: the config, if it contains an application with its secret. */
export function ownerOfAzure(run: Run): Party {
  if (isAzureSupplied(run)) return 'process';
  const { setting } = run.deployment;
  return [TENANT, CLIENT, SECRET].every((name) => setting(name)?.party === 'config') ? 'config' : 'process';
}
