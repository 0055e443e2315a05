/**
 * The tool beside what people would use instead, on the demo: the script (`by-hand.sh`) and Replicated's preflight. What each of
 * them finds of ten faults stands beside its time.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { manifest, startDemo } from '../demo/deployment.ts';
import { install, programOf } from '../test/peers/install.ts';
import { SCRIPT, shellVariables } from './by-hand.ts';
import { clients } from './clients.ts';
import { inTurns } from './compare.ts';
import { runCounted } from './counted.ts';
import { ALONE, BUILT, expectCode, type Ran } from './programs.ts';
import { probesOf, REPLICATED, REPLICATED_ARGS, replicatedSpec } from './replicated.ts';
import { atMost, type Measurement, type Row } from './row.ts';
import { TEN_FAULTS } from './ten-faults.ts';

const ROUNDS = 5;
/** The tool’s time, compared with Replicated’s preflight. */
const TARGET = 2.5;

type Variables = Readonly<Record<string, string>>;
type Counted = Ran & { readonly processorMs: number };
type Contestant = 'tool' | 'script' | 'replicated';

export const sideBySide: Measurement = {
  id: 'side-by-side',
  measure: async () => {
    await install({ replicated: REPLICATED });
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    const PATH = [await clients(join(directory, 'clients')), process.env.PATH].join(delimiter);
    const demo = await startDemo();
    const contestants = contestantsIn(directory, PATH);
    const names = Object.keys(contestants) as Contestant[];
    try {
      for (const name of names) expectCode(await contestants[name](demo.variables), 0, name);
      const probes = probesOf(demo.variables).length;
      const found: Record<Contestant, string[]> = { tool: [], script: [], replicated: [] };
      for (const fault of TEN_FAULTS) {
        const repair = await fault.break?.(demo);
        const variables = (await fault.change?.(demo.variables)) ?? demo.variables;
        for (const name of names) if (finds(name, await contestants[name](variables))) found[name].push(fault.name);
        await repair?.();
      }
      const processor: Record<Contestant, number> = { tool: 0, script: 0, replicated: 0 };
      const timed = (name: Contestant) => async () => {
        const ran = expectCode(await contestants[name](demo.variables), 0, name);
        processor[name] = ran.processorMs;
        return ran.ms;
      };
      const times = await inTurns(ROUNDS, {
        tool: timed('tool'),
        script: timed('script'),
        replicated: timed('replicated'),
      });
      const ratio = times.tool / times.replicated;
      const rows = names.map(
        (name): Row => ({
          id: `side-by-side/${name}`,
          what: `${TEN_FAULTS.length} faults in the demo, found by ${TITLES[name]}`,
          figure: `${found[name].length}, in ${(times[name] / times.tool).toFixed(2)} times the time`,
          ...(name === 'tool' && {
            figure: `${found.tool.length}`,
            target: `all ${TEN_FAULTS.length}`,
            met: found.tool.length === TEN_FAULTS.length,
          }),
          facts: { found: found[name], ms: times[name], processorMs: processor[name], rounds: ROUNDS },
        }),
      );
      return [
        ...rows,
        {
          id: 'side-by-side/ratio',
          what: `the demo, compared with Replicated’s preflight, which only connects (${probes} probes)`,
          figure: `${ratio.toFixed(1)} times`,
          ...atMost(TARGET, ratio, ' times'),
          facts: { ratio, probes, rounds: ROUNDS },
        },
      ];
    } finally {
      await demo.stop();
      await rm(directory, { recursive: true });
    }
  },
};

/** The exit code of each for a failure: with another one, it could not check at all. */
const FAILED: Readonly<Record<Contestant, number>> = { tool: 1, script: 1, replicated: 3 };

/** @throws Error with its output, if it could not check at all */
const finds = (name: Contestant, ran: Counted): boolean =>
  ran.code !== 0 && expectCode(ran, FAILED[name], name) === ran;

const TITLES: Readonly<Record<Contestant, string>> = {
  tool: 'the tool',
  script: 'a script with the usual clients',
  replicated: 'Replicated’s preflight',
};

function contestantsIn(
  directory: string,
  path: string,
): Record<Contestant, (variables: Variables) => Promise<Counted>> {
  const replicated = programOf('replicated', REPLICATED);
  const home = { ...ALONE, HOME: directory };
  const write = async (name: string, text: string) => {
    const file = join(directory, name);
    await writeFile(file, text, { mode: 0o600 });
    return file;
  };
  return {
    tool: async (variables) =>
      runCounted(process.execPath, [BUILT, '-f', await write('spacelift.yaml', manifest(variables)), '--strict'], {
        env: ALONE,
      }),
    script: async (variables) =>
      runCounted('bash', [SCRIPT, await write('spacelift.env', shellVariables(variables))], {
        env: { ...home, PATH: path },
      }),
    replicated: async (variables) =>
      runCounted(
        replicated.command,
        [...replicated.args, ...REPLICATED_ARGS, await write('preflight.yaml', replicatedSpec(variables))],
        { env: home, cwd: directory },
      ),
  };
}
