/** The results of `npm audit` for exactly these packages. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Advisory, NoAnswer, type Package } from './judge.ts';

const PATIENCE_MS = 120_000;
const MOST_BYTES = 64 << 20;

/** @param folder becomes a project with just these packages, each version under its own alias */
export async function audited(packages: readonly Package[], folder: string): Promise<readonly Advisory[]> {
  const { manifest, lock } = projectOf(packages);
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock));
  const args = ['audit', '--json', '--package-lock-only', '--loglevel', 'error', '--prefix', folder];
  const stdout = await new Promise<string>((resolve) => {
    const options = { cwd: folder, timeout: PATIENCE_MS, maxBuffer: MOST_BYTES };
    // npm exits with 1 for both advisories and errors; only its output differs.
    execFile('npm', args, options, (_, text) => resolve(text));
  });
  return advisoriesIn(stdout, packages);
}

const placeOf = (index: number): string => `bundled-${index}`;

function projectOf(packages: readonly Package[]) {
  const aliases = packages.map(({ name, version }, index) => [placeOf(index), `npm:${name}@${version}`] as const);
  const root = { name: 'bundled', version: '0.0.0', dependencies: Object.fromEntries(aliases) };
  const places = packages.map((one, index) => [`node_modules/${placeOf(index)}`, one] as const);
  return {
    manifest: { ...root, private: true },
    lock: { ...root, lockfileVersion: 3, requires: true, packages: { '': root, ...Object.fromEntries(places) } },
  };
}

/** The parts of npm's output that are used here. */
interface Printed {
  readonly auditReportVersion?: number;
  readonly message?: string;
  readonly error?: { readonly summary?: string };
  readonly vulnerabilities?: Readonly<
    Record<string, { readonly via?: readonly unknown[]; readonly nodes?: readonly string[] }>
  >;
}

interface Via {
  readonly source?: number;
  readonly name?: string;
  readonly title?: string;
  readonly url?: string;
  readonly severity?: string;
}

/** @throws NoAnswer if the output is not a report */
export function advisoriesIn(stdout: string, packages: readonly Package[]): readonly Advisory[] {
  const printed = parsed(stdout);
  if (printed.auditReportVersion !== 2 || printed.vulnerabilities === undefined) {
    const why = printed.message || printed.error?.summary || 'it did not print a report';
    throw new NoAnswer(`npm audit could not look up advisories: ${why}`);
  }
  return Object.values(printed.vulnerabilities).flatMap(({ via = [], nodes = [] }) => {
    const hit = packages.filter((_, index) => nodes.includes(`node_modules/${placeOf(index)}`));
    const told = via.filter((one): one is Via => typeof one === 'object' && one !== null);
    return told.map(({ source, name, title = '', url = '', severity = 'unknown' }): Advisory => {
      const id = url.split('/').at(-1) || `${source ?? 'unnamed'}`;
      return { id, package: name ?? hit[0]?.name ?? '', versions: hit.map(({ version }) => version), severity, title };
    });
  });
}

function parsed(stdout: string): Printed {
  try {
    return (JSON.parse(stdout) ?? {}) as Printed;
  } catch {
    return {};
  }
}
