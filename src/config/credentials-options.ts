/** Values for `--credentials-file` and `--allow-credentials-to`; in a separate file because the command line loads it first. */

/** Evidence of a finding that was skipped because credentials were not sent. */
export const WITHHELD = 'credentials-withheld';

/** A host with an optional port for `--allow-credentials-to`; `undefined` for anything else. */
export function allowedHost(text: string): string | undefined {
  const [, name, port] = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  if (name === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) return undefined;
  return text.toLowerCase();
}

/** Variables whose file `--credentials-file` can supply: in a config, their paths are in Spacelift's container. */
export const CREDENTIALS_FILES = [
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'AZURE_FEDERATED_TOKEN_FILE',
  'AZURE_CLIENT_CERTIFICATE_PATH',
] as const;
export type CredentialsFile = (typeof CREDENTIALS_FILES)[number];

export const isCredentialsFile = (name: string): name is CredentialsFile =>
  (CREDENTIALS_FILES as readonly string[]).includes(name);
