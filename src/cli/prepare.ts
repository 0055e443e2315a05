/** What every command that takes a config does before it begins. */
import { X509Certificate } from 'node:crypto';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { checkIds as checkGiven } from '../app/ids.ts';
import { readDeployment as readFrom } from '../app/read-config.ts';
import type { Deployment } from '../config/deployment.ts';
import { InputError } from '../config/entry.ts';
import type { RunOptions } from '../config/options.ts';
import { certificatesIn } from '../net/ca-store.ts';
import type { RunArguments } from './options.ts';

/** @throws InputError when a pattern or an id matches no rule */
export function checkIds(args: Pick<RunArguments, 'only' | 'skip' | 'require' | 'accept'>): void {
  checkGiven({ ...args, accept: args.accept?.map(({ id }) => id) }, '--');
}

/** What the options say of credentials. @throws InputError for a file that can't be read */
export function credentialOptions({
  credentialsFile = [],
  allowCredentialsTo = [],
}: Pick<RunArguments, 'credentialsFile' | 'allowCredentialsTo'>): Pick<
  RunOptions,
  'credentialsFiles' | 'allowCredentialsTo'
> {
  for (const { variable, path } of credentialsFile) {
    try {
      accessSync(path, constants.R_OK);
    } catch {
      throw new InputError(`cannot read ${path}, which --credentials-file names for ${variable}`);
    }
    if (statSync(path).isDirectory()) {
      throw new InputError(`${path}, which --credentials-file names for ${variable}, is a directory; expected a file`);
    }
  }
  const files = credentialsFile.map(({ variable, path }) => [variable, path]);
  return { credentialsFiles: Object.fromEntries(files), allowCredentialsTo };
}

/** The certificates of --ca-file, as one text. @throws InputError when there are none in a file */
export function authoritiesIn(paths: readonly string[]): string | undefined {
  const certificates = paths.flatMap((path) => {
    let pem: string;
    try {
      pem = readFileSync(path, 'utf8');
    } catch {
      throw new InputError(`cannot read --ca-file ${path}; expected a file of certificates, PEM`);
    }
    const found = certificatesIn(pem);
    if (found.length === 0 || !found.every(isCertificate)) {
      throw new InputError(`--ca-file ${path} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)`);
    }
    return found;
  });
  return certificates.length === 0 ? undefined : certificates.join('\n');
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

/**
 * @param options with `--resolve-secrets`: how to reach where secrets are kept
 * @throws InputError when there is no config to read
 */
export async function readDeployment(
  host: NodeJS.Process,
  args: Pick<RunArguments, 'file' | 'service' | 'resolveSecrets'>,
  options: RunOptions,
): Promise<Deployment> {
  const files = args.file ?? [];
  if (files.includes('-') && host.stdin.isTTY) {
    throw new InputError('-f - reads standard input, which is a terminal; pipe a config into it, or name a file');
  }
  const where = { files, environment: host.env, stdin: host.stdin, service: args.service };
  return readFrom({ ...where, resolveSecrets: args.resolveSecrets === true }, options);
}
