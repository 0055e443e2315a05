/** The preparation that all commands with a config share. */
import { X509Certificate } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { checkIds as checkGiven } from '../app/ids.ts';
import { readDeployment as readFrom } from '../app/read-config.ts';
import type { Deployment } from '../config/deployment.ts';
import { InputError } from '../config/entry.ts';
import { AUTHORITIES_VARIABLE, type Environment, type RunOptions } from '../config/options.ts';
import type { Accepted } from '../config/schema.ts';
import { bytesOf, deadlineIn, LARGEST_MIB, readBytes, tooLarge } from '../config/sources/read.ts';
import { partsOf } from '../engine/finding-id.ts';
import { certificatesIn } from '../net/system-store.ts';
import type { Acceptances } from '../report/accepted.ts';
import type { ExitRules } from '../report/exit.ts';
import type { Matrix } from '../report/matrix/types.ts';
import type { Acceptance } from './accept.ts';
import type { RunArguments } from './options.ts';
import type { Platform } from './platform-options.ts';

/**
 * The reasons by ID; for IDs that are known to be those of rules.
 * @throws InputError for an accept without a reason
 */
export function reasonsIn(given: readonly Acceptance[] = []): ReadonlyMap<string, string> {
  const without = given.find(({ reason }) => reason === undefined);
  if (without !== undefined)
    throw new InputError(`--accept ${partsOf(without.id).base} requires a --reason after it: why it is accepted`);
  return new Map(given.map(({ id, reason = '' }) => [id, reason]));
}

/** The accepted warnings of the decisions file, and those of the command line. */
export const acceptancesIn = ({ accept, decisions }: Pick<RunArguments, 'accept' | 'decisions'>): Acceptances =>
  new Map<string, string | Accepted>([...Object.entries(decisions?.accepted ?? {}), ...reasonsIn(accept)]);

/** @throws InputError if a pattern or ID matches no rule, or an accepted one has no reason */
export function checkIds(args: Pick<RunArguments, 'only' | 'skip' | 'require' | 'accept' | 'decisions'>): void {
  checkGiven({ ...args, accept: args.accept?.map(({ id }) => id) }, '--');
  reasonsIn(args.accept);
}

/** The run options about credentials. @throws InputError for what is no file that can be read, or larger than a config */
export function credentialOptions({
  credentialsFile = [],
  allowCredentialsTo = [],
}: Pick<RunArguments, 'credentialsFile' | 'allowCredentialsTo'>): Pick<
  RunOptions,
  'credentialsFiles' | 'allowCredentialsTo'
> {
  for (const { variable, path } of credentialsFile) {
    const option = `(--credentials-file for ${variable})`;
    try {
      accessSync(path, constants.R_OK);
    } catch {
      throw new InputError(`cannot read ${path} ${option}`);
    }
    const stat = statSync(path);
    if (stat.isDirectory()) throw new InputError(`${path} ${option} is a directory; expected a file`);
    // The clouds' libraries read it, some more than once, and without a limit.
    if (!stat.isFile()) throw new InputError(`${path} ${option} is a pipe or a device; expected a regular file`);
    if (stat.size > LARGEST_MIB * 1024 * 1024) throw tooLarge(`${path} ${option}`);
  }
  const files = credentialsFile.map(({ variable, path }) => [variable, path]);
  return { credentialsFiles: Object.fromEntries(files), allowCredentialsTo };
}

/**
 * The certificates from --ca-file, and from the variable, as one string.
 * @throws InputError if one of them contains none, or can't be read in time
 */
export async function authoritiesIn(
  { caFile = [], timeout }: Pick<RunArguments, 'caFile' | 'timeout'>,
  environment: Environment = {},
): Promise<string | undefined> {
  const deadline = deadlineIn(timeout * 1000);
  const inFiles: string[] = [];
  for (const path of caFile) {
    const name = `--ca-file ${path}`;
    const bytes = await readBytes(name, () => opened(path), deadline);
    inFiles.push(...allIn(bytes.toString(), name));
  }
  const { [AUTHORITIES_VARIABLE]: given = '' } = environment;
  const certificates = given === '' ? inFiles : [...inFiles, ...allIn(given, AUTHORITIES_VARIABLE)];
  return certificates.length === 0 ? undefined : certificates.join('\n');
}

function opened(path: string): ReturnType<typeof bytesOf> {
  try {
    return bytesOf(path);
  } catch {
    throw new InputError(`cannot read --ca-file ${path}; expected a file with PEM certificates`);
  }
}

function allIn(pem: string, where: string): string[] {
  const found = certificatesIn(pem);
  if (found.length === 0 || !found.every(isCertificate))
    throw new InputError(`${where} contains no PEM certificate, which starts with a line -----BEGIN CERTIFICATE-----`);
  return found;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

/**
 * @param options with `--resolve-secrets`, how to reach the secret stores
 * @throws InputError if there is no config to read
 */
export async function readDeployment(
  host: NodeJS.Process,
  args: Pick<RunArguments, 'file' | 'service' | 'release' | 'resolveSecrets'>,
  options: RunOptions,
): Promise<Deployment> {
  const files = args.file ?? [];
  const stdin = files.includes('-') ? host.stdin : undefined;
  if (stdin?.isTTY) {
    throw new InputError(
      '-f - reads standard input, but that is a terminal; pipe a config into it, or use -f with a file',
    );
  }
  const where = { files, environment: host.env, stdin, service: args.service, release: args.release };
  return readFrom({ ...where, resolveSecrets: args.resolveSecrets === true }, options);
}

/** What decides the exit code. @throws InputError for --fail-on without a baseline */
export function exitRules({
  strict,
  require = [],
  failOn,
  baseline,
}: Pick<RunArguments, 'strict' | 'require' | 'failOn' | 'baseline'>): ExitRules {
  if (failOn !== undefined && baseline === undefined)
    throw new InputError(`--fail-on ${failOn} requires --baseline: the path of an earlier report`);
  return { strict: strict === true, require, failOn };
}

/** Rules that compare with a baseline: `encryption/pinned`, and patterns that match nothing else. */
const COMPARES = /(?:^|\/)pinned$/;

/**
 * Without a baseline these rules have no finding, so a requirement would be met by nothing. The Pods and tasks of a platform have
 * none.
 * @throws InputError
 */
export function refuseUncompared(
  { require = [], baseline, requiredAt }: Pick<RunArguments, 'require' | 'baseline' | 'requiredAt'>,
  platform?: Platform,
): void {
  const pattern = require.find((one) => COMPARES.test(one));
  if (pattern === undefined || (baseline !== undefined && platform === undefined)) return;
  const place = requiredAt?.get(pattern);
  const [where, option, advice] =
    place === undefined ? ['', '--require', ''] : [`${place}: `, 'require', '; or move it to a profile for such runs'];
  throw new InputError(
    platform === undefined
      ? `${where}${option} ${pattern} requires --baseline: the path of an earlier report${advice}`
      : `${where}run ${platform} does not support ${option} ${pattern}: only a single run with --baseline checks it${advice}`,
  );
}

/** The matrix to compare with. @throws InputError if the file contains none */
export async function matrixBaseline(
  args: Parameters<typeof exitRules>[0] & Pick<RunArguments, 'timeout'>,
): Promise<Matrix | undefined> {
  exitRules(args);
  if (args.baseline === undefined) return undefined;
  const { readMatrixBaseline } = await import('../app/baseline.ts');
  return readMatrixBaseline(args.baseline, args.timeout * 1000);
}
