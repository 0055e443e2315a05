/** Runs the tools that builds need. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Ample for the longest build on a slow machine, ms. */
const BUILD_MS = 20 * 60_000;

const TOOLS: Readonly<Record<string, string>> = {
  cargo: 'install Rust 1.81 or later (https://rust-lang.org/tools/install)',
  go: 'install Go 1.26 or later (https://go.dev/doc/install)',
  python3: 'install Python 3.10 or later with pip',
  'apt-get': 'it is there on Debian and its kin only; elsewhere, install the server yourself',
  'dpkg-deb': 'install dpkg',
};

const execute = promisify(execFile);

/** @returns what it wrote @throws Error of one line */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<string> {
  try {
    const options = { cwd, env: { ...process.env, ...env }, timeout: BUILD_MS, maxBuffer: 2 ** 26 };
    return (await execute(command, args, options)).stdout;
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') throw new Error(`${command} is missing: ${TOOLS[command] ?? 'install it'}`);
    const said = stderr.trim().split('\n').slice(-3).join(' · ') || 'without a word';
    throw new Error(`“${[command, ...args].join(' ')}” failed (${code}): ${said}`);
  }
}
