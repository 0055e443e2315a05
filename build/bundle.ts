/** Bundles the sources and their dependencies into self-contained files. */
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputChunk, type OutputOptions, type Plugin, rolldown } from 'rolldown';
import { inFew } from './chunks.ts';
import { fetchless } from './fetchless.ts';
import { frugal } from './frugal.ts';
import { lean } from './lean.ts';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Without the extension: `.ts` in the sources, `.js` in the bundle. */
export const EXECUTABLE = 'bin/spacelift-preflight';
/** Keeps the executable readable for old versions of Node: what they can't read is in chunks, which it loads by itself. */
const apart: Plugin = {
  name: 'apart',
  resolveId: (id) => (id === '../src/cli/index.ts' ? join(ROOT, 'build/code/loader.ts') : null),
};
/** V8 keeps a source in ASCII with one byte for each character. */
const ascii: Plugin = {
  name: 'ascii',
  generateBundle: {
    order: 'post',
    handler(_, output) {
      for (const part of Object.values(output)) if (part.type === 'chunk') part.code = escaped(part.code);
    },
  },
};
const escaped = (code: string): string =>
  code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** What one kind of run loads, each as one file, in the order in which they load one another. */
const TOGETHER = {
  /** Every run with the default output. */
  common: [
    'src/cli/run.ts',
    'src/cli/decisions.ts',
    'src/cli/deprecated.ts',
    'src/cli/overwriting.ts',
    'src/report/pretty.ts',
    'src/config/pem/private-key.ts',
    'src/net/sender.ts',
    'checks/license/token.ts',
    'checks/login/saml.ts',
    'checks/database/plan.ts',
    'checks/network/plan.ts',
    'checks/object-storage/plan.ts',
    'checks/object-storage/fixes.ts',
    'checks/object-storage/grants.ts',
    'src/clouds/fixes.ts',
  ],
  'self-hosted': [
    'checks/encryption/rsa/run.ts',
    'checks/message-queues/postgres/run.ts',
    'checks/mqtt-broker/builtin/run.ts',
  ],
  s3: [
    'checks/object-storage/xml.ts',
    'checks/object-storage/s3/requests.ts',
    'checks/object-storage/s3/operations.ts',
    'checks/object-storage/s3/protocol.ts',
  ],
  minio: ['checks/object-storage/minio/store.ts', 'checks/object-storage/minio/grants.ts'],
  'on-aws': [
    'checks/identity/aws.ts',
    'checks/encryption/kms/plan.ts',
    'checks/encryption/kms/run.ts',
    'checks/message-queues/sqs/access.ts',
    'checks/message-queues/sqs/iot-queue.ts',
    'checks/message-queues/sqs/plan.ts',
    'checks/message-queues/sqs/run.ts',
    'checks/mqtt-broker/iotcore/plan.ts',
    'checks/object-storage/aws/grants.ts',
    'checks/object-storage/aws/store.ts',
    'src/clouds/aws/reach.ts',
    'checks/mqtt-broker/iotcore/topic-rule.ts',
  ],
  'on-google': ['checks/object-storage/gcp/store.ts', 'checks/object-storage/gcp/grants.ts'],
  'on-azure': ['checks/object-storage/azure/store.ts', 'checks/object-storage/azure/grants.ts'],
  telemetry: ['checks/observability/opentelemetry/collector.ts', 'checks/observability/aws/daemon.ts'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
/** The clients that an installation on AWS uses. */
const AWS = ['client-sts', 'client-s3', 'client-sqs', 'client-kms', 'client-iot', 'client-iot-data-plane'];

/** Bundles each version of a package only once, from its first place in the lock file. */
function once(): Plugin {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  const first = new Map<string, string>();
  const copies = new Map<string, string>();
  for (const [place, { version }] of Object.entries(packages)) {
    const known = `${place.replace(/^.*node_modules\//, '')}@${version}`;
    const one = first.get(known) ?? place;
    first.set(known, one);
    if (one !== place) copies.set(place, one);
  }
  return {
    name: 'once',
    async resolveId(id, importer, options) {
      const found = await this.resolve(id, importer, { ...options, skipSelf: true });
      const place = packageOf(found?.id ?? '')
        ?.replace(/^.*?(?=node_modules[\\/])/, '')
        .replaceAll('\\', '/');
      const copied = copies.get(place ?? '');
      if (found === null || place === undefined || copied === undefined) return null;
      return { ...found, id: found.id.replaceAll('\\', '/').replace(place, copied) };
    },
  };
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

/**
 * Bundles the executable, and the additional sources by output name, into a folder.
 * @returns the chunks of the bundle
 * @throws if a dependency can't be bundled
 */
export async function bundle(folder: string, more: Readonly<Record<string, string>> = {}): Promise<OutputChunk[]> {
  const together = Object.fromEntries(
    Object.entries(TOGETHER).map(([name, paths]) => [name, paths.map((path) => join(ROOT, path))]),
  );
  const few = inFew(
    { start: [join(ROOT, 'src/cli/index.ts')], ...together },
    { aws: AWS.map((name) => realpathSync(join(ROOT, 'node_modules', '@aws-sdk', name, 'dist-es', 'index.js'))) },
  );
  const chunks = await write(
    folder,
    { 'chunks/cli': 'src/cli/index.ts', ...more },
    { format: 'cjs', codeSplitting: few },
  );
  const executable = { [EXECUTABLE]: `${EXECUTABLE}.ts` };
  return [...chunks, ...(await write(folder, executable, { format: 'esm', codeSplitting: false }, apart))];
}

async function write(
  dir: string,
  input: Record<string, string>,
  options: Required<Pick<OutputOptions, 'codeSplitting'>> & { readonly format: 'cjs' | 'esm' },
  ...more: Plugin[]
): Promise<OutputChunk[]> {
  const build = await rolldown({
    cwd: ROOT,
    input,
    // A chunk of many modules also exports what other chunks use of it.
    preserveEntrySignatures: 'allow-extension',
    plugins: [...more, lean, fetchless(), frugal, once(), ascii],
    platform: 'node',
    // Prefers ES modules, which support tree shaking.
    resolve: { mainFields: ['module', 'main'] },
    transform: { target: 'node22.15' },
    onLog: (level, log) => {
      // Modules of the common chunk are also loaded on demand by what is not in it.
      if (level === 'warn' && log.code !== 'INEFFECTIVE_DYNAMIC_IMPORT') throw new Error(log.message);
    },
  });
  const extension = options.format === 'cjs' ? 'cjs' : 'js';
  const { output } = await build.write({
    ...options,
    dir,
    minify: true,
    // SDKs identify errors and commands by class name.
    keepNames: true,
    entryFileNames: `[name].${extension}`,
    chunkFileNames: ({ facadeModuleId }) => `chunks/${nameOf(facadeModuleId) ?? '[name]'}-[hash].${extension}`,
  });
  await build.close();
  return output.filter((part) => part.type === 'chunk');
}

/** The name of a package's chunk: `aws-sdk-client-s3`. */
function nameOf(module: string | null): string | undefined {
  return packageOf(module ?? '')
    ?.replace(/^.*[\\/]node_modules[\\/]/, '')
    .replace(/^@/, '')
    .replace(/[\\/]/, '-');
}

/** `…/node_modules/@scope/name/lib/x.js` → `…/node_modules/@scope/name` */
export function packageOf(module: string): string | undefined {
  return /^\0?(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)/.exec(module)?.[1];
}
