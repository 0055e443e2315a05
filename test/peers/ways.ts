/** How a peer is had: built by Go, installed by pip, or taken out of packages of npm and Debian without installing them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { osRelease, packagesIn, unpack, withApt } from '../../build/debian.ts';
import { run } from '../../build/run.ts';
import { canRun } from '../../src/util/can-run.ts';

/** What to spawn, before the peer's own arguments. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Way {
  /** Peers of one lane are had one after the other, those of different lanes at once. */
  readonly lane: 'go' | 'python' | 'npm' | 'debian';
  /** The peer's version, and that of what else it would not work without; part of a file's name. */
  version(): string;
  /** Puts it into an empty directory, which is moved afterwards. @throws Error of one line */
  build(directory: string): Promise<void>;
  program(directory: string): Program;
  /** The path of what the system has already. */
  found?(): string | undefined;
}

const BINARIES = ['usr/sbin', 'usr/bin', 'sbin', 'bin'];

// Without C, so that no compiler is needed; without a workspace, so that the versions are those asked for.
const GO = { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' };

const goInstall = (directory: string, module: string): Promise<string> =>
  run('go', ['install', module], directory, { ...GO, GOBIN: directory });

/** A Go program, by its module. */
export const go = (module: string, version: string): Way => ({
  lane: 'go',
  version: () => version,
  build: async (directory) => void (await goInstall(directory, `${module}@${version}`)),
  program: (directory) => ({ command: join(directory, module.split('/').at(-1) ?? ''), args: [], env: {} }),
});

/**
 * A Go program of this repository, in a folder with its own `go.mod` and `go.sum`; built anew when a file there changes.
 * @param modules another file in place of `go.mod`, to build the program with other versions
 */
export const goSources = (folder: URL, modules = 'go.mod'): Way => ({
  lane: 'go',
  version: () => {
    const hash = createHash('sha256');
    for (const name of readdirSync(folder).sort()) hash.update(`${name}\0`).update(readFileSync(new URL(name, folder)));
    return hash.digest('hex').slice(0, 16);
  },
  build: async (directory) => {
    const flags = ['-mod=readonly', `-modfile=${modules}`, '-o', join(directory, 'main')];
    await run('go', ['build', ...flags, '.'], fileURLToPath(folder), GO);
  },
  program: (directory) => ({ command: join(directory, 'main'), args: [], env: {} }),
});

/**
 * A Go program of some packages of a module, whose own `main` would bring in far more.
 * @param packages inside the module, imported for what they register
 * @param main the package whose `Main` runs it
 */
export const goParts = (
  module: string,
  version: string,
  { packages, main }: { packages: readonly string[]; main: string },
): Way => ({
  lane: 'go',
  version: () => version,
  build: async (directory) => {
    const imports = [...packages.map((name) => `_ "${module}/${name}"`), `run "${module}/${main}"`];
    const source = join(directory, 'source');
    await mkdir(source);
    await writeFile(join(source, 'go.mod'), 'module program\n');
    await writeFile(
      join(source, 'main.go'),
      `package main\n\nimport (\n${imports.join('\n')}\n)\n\nfunc main() { run.Main() }\n`,
    );
    await run('go', ['get', `${module}@${version}`], source, GO);
    await run('go', ['build', '-mod=mod', '-o', join(directory, 'program'), '.'], source, GO);
  },
  program: (directory) => ({ command: join(directory, 'program'), args: [], env: {} }),
});

/** One source file of a Go module. */
export interface ModuleFile {
  readonly module: string;
  readonly version: string;
  readonly file: string;
}

/**
 * Like `goSources`, with one file of a module that would take minutes to build as a whole: it becomes a package of the
 * program, in the folder `into`.
 */
export const goSourcesWith = (folder: URL, { module, version, file }: ModuleFile, into: string): Way => ({
  ...goSources(folder),
  version: () => `${goSources(folder).version()}-${version}`,
  build: async (directory) => {
    const sources = join(directory, 'sources');
    await cp(folder, sources, { recursive: true });
    const { Dir } = JSON.parse(await run('go', ['mod', 'download', '-json', `${module}@${version}`], directory, GO));
    await mkdir(join(sources, into));
    await copyFile(join(Dir, file), join(sources, into, basename(file)));
    await run('go', ['build', '-mod=readonly', '-o', join(directory, 'main'), '.'], sources, GO);
    await rm(sources, { recursive: true });
  },
});

/** An OpenTelemetry collector of these components, by the collector's own builder of the same version. */
export const collector = (version: string, components: readonly (readonly [kind: string, module: string])[]): Way => ({
  lane: 'go',
  version: () => version,
  build: async (directory) => {
    await goInstall(directory, `go.opentelemetry.io/collector/cmd/builder@${version}`);
    const lines = ['dist:', '  name: otelcol', `  output_path: ${JSON.stringify(join(directory, 'build'))}`];
    for (const [kind, module] of components) lines.push(`${kind}:`, `  - gomod: ${module} ${version}`);
    await writeFile(join(directory, 'builder.yaml'), `${lines.join('\n')}\n`);
    await run(join(directory, 'builder'), ['--config', 'builder.yaml'], directory, GO);
  },
  program: (directory) => ({ command: join(directory, 'build/otelcol'), args: [], env: {} }),
});

/** A Python program, by its package and the module with its `main`. */
export const python = (requirement: string, version: string, module: string): Way => ({
  lane: 'python',
  version: () => `${version}-${pythonVersion()}`,
  build: async (directory) => {
    const flags = ['--quiet', '--disable-pip-version-check', '--no-input', '--target', directory];
    await run('python3', ['-m', 'pip', 'install', ...flags, `${requirement}==${version}`], directory);
  },
  program: (directory) => ({
    command: 'python3',
    args: ['-c', `import sys; from ${module} import main; sys.exit(main())`],
    env: { PYTHONPATH: directory },
  }),
});

/**
 * An executable in an npm package, of which no script runs.
 * @param path of the executable in the package
 */
export const npm = (name: string, version: string, path: string, env: Program['env'] = {}): Way => ({
  lane: 'npm',
  version: () => version,
  build: async (directory) => {
    await run('npm', ['pack', '--silent', `${name}@${version}`], directory);
    const [archive = ''] = globSync('*.tgz', { cwd: directory });
    await run('tar', ['-xzf', archive], directory);
    await rm(join(directory, archive));
    await chmod(join(directory, 'package', path), 0o755);
  },
  program: (directory) => ({ command: join(directory, 'package', path), args: [], env }),
});

/** Compiled parts of packages are good for one minor version. */
function pythonVersion(): string {
  try {
    return execFileSync('python3', ['-c', 'import sys; print("py%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8',
    }).trim();
  } catch {
    return 'nowhere';
  }
}

/**
 * A program of a Debian package: the system's own when it has it, else unpacked with the libraries that it lacks.
 * @param unpacked where the program is in the package (with `*` for what differs), when what is on the path would only
 * start it from there
 */
export const debian = (packaged: string, program: string, unpacked?: string): Way => ({
  lane: 'debian',
  version: () => osRelease(),
  found: () => onPath(program),
  build: async (directory) => {
    await withApt(directory, async (apt) => {
      const packages = packagesIn(await apt('install', '--print-uris', '--no-install-recommends', packaged));
      if (packages.length === 0) throw new Error(`${packaged} is installed, but ${program} is not on the path`);
      await apt('download', ...packages);
    });
    for (const file of readdirSync(directory).filter((name) => name.endsWith('.deb'))) {
      await unpack(join(directory, file), join(directory, 'root'));
    }
  },
  program: (directory) => {
    const found = onPath(program);
    if (found !== undefined) return { command: found, args: [], env: {} };
    const root = join(directory, 'root');
    const [command] = globSync(unpacked ?? BINARIES.map((bin) => join(bin, program)), { cwd: root });
    if (command === undefined) throw new Error(`${packaged} has no ${program}`);
    return { command: join(root, command), args: [], env: { LD_LIBRARY_PATH: libraries(root) } };
  },
});

/**
 * A server in Erlang of a Debian package, always unpacked: its scripts only start it where it would be installed, so that the
 * first argument is a program of Erlang's runtime: `erlexec`, or `epmd`, by which nodes find one another.
 * @param code the folder of its modules in the package, with `*` for what differs
 */
export const erlang = (packaged: string, code: string): Way => {
  const { lane, version, build } = debian(packaged, packaged);
  return {
    lane,
    version,
    build,
    program: (directory) => {
      const root = join(directory, 'root');
      const folder = (pattern: string) => {
        const [found] = globSync(pattern, { cwd: root });
        if (found === undefined) throw new Error(`${packaged} has no ${pattern}`);
        return join(root, found);
      };
      return {
        command: '/bin/sh',
        args: ['-c', 'exec "$BINDIR/$0" "$@"'],
        env: {
          ROOTDIR: folder('usr/lib/erlang'),
          BINDIR: folder('usr/lib/erlang/erts-*/bin'),
          EMU: 'beam',
          PROGNAME: 'erl',
          ERL_LIBS: folder(code),
          LD_LIBRARY_PATH: libraries(root),
        },
      };
    },
  };
};

/** With their own folders: some libraries are kept there for one another alone. */
export function libraries(root: string): string {
  const foldersOf = (path: string) =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(path, name));
  const above = ['usr/lib', 'lib'].map((path) => join(root, path)).filter((path) => existsSync(path));
  const own = above.flatMap(foldersOf).filter((path) => path.includes('linux-gnu'));
  return [...own, ...own.flatMap(foldersOf)].join(delimiter);
}

/** Servers are often where only root's path leads. */
function onPath(program: string): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return directories
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, program))
    .find(canRun);
}
