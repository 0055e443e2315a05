/** The demo deployment, checked by the tool and by a script with the usual clients. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manifest, startDemo } from '../demo/deployment.ts';
import { clients } from './clients.ts';
import { inTurns } from './compare.ts';
import { ALONE, BUILT, expectCode, run } from './programs.ts';
import { atLeast, type Measurement, short } from './row.ts';

const ROUNDS = 5;
const TARGET = 12;
export const SCRIPT = fileURLToPath(new URL('by-hand.sh', import.meta.url));

export const byHand: Measurement = {
  id: 'by-hand',
  measure: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    const path = [await clients(join(directory, 'clients')), process.env.PATH].join(delimiter);
    const demo = await startDemo();
    try {
      const [config, variables] = [join(directory, 'spacelift.yaml'), join(directory, 'spacelift.env')];
      await writeFile(config, manifest(demo.variables), { mode: 0o600 });
      await writeFile(variables, shellVariables(demo.variables), { mode: 0o600 });
      const tool = () => run(process.execPath, [BUILT, '-f', config], { env: ALONE });
      const script = () => run('bash', [SCRIPT, variables], { env: { ...ALONE, PATH: path, HOME: directory } });

      // Both must pass the healthy deployment and find the fault, otherwise a comparison is meaningless.
      const healthy = { tool: expectCode(await tool(), 0, 'tool'), script: expectCode(await script(), 0, 'script') };
      const states = demo.store.bucket('spacelift-states');
      states.versioning = 'Suspended';
      const broken = { tool: expectCode(await tool(), 1, 'tool'), script: expectCode(await script(), 1, 'script') };
      states.versioning = 'Enabled';
      for (const [who, { stdout }] of Object.entries(broken)) {
        if (!/states.*versioning/i.test(stdout))
          throw new Error(`the ${who} did not report that versioning is off:\n${stdout}`);
      }

      const times = await inTurns(ROUNDS, {
        tool: async () => expectCode(await tool(), 0, 'tool').ms,
        script: async () => expectCode(await script(), 0, 'script').ms,
      });
      const probes = Number(/(\d+) probes, 0 failed/.exec(healthy.script.stdout)?.[1]);
      const findings = Number(/(\d+) passed/.exec(healthy.tool.stdout)?.[1]);
      const ratio = times.script / times.tool;
      return [
        {
          id: 'by-hand',
          what: `the demo, compared with ${probes} probes by psql, mc, openssl, curl and mosquitto_pub`,
          figure: `${short(ratio)} times faster`,
          ...atLeast(TARGET, ratio, ' times'),
          facts: { ratio, probes, findings, rounds: ROUNDS },
        },
      ];
    } finally {
      await demo.stop();
      await rm(directory, { recursive: true });
    }
  },
};

/** The demo’s variables, for the script. */
export const shellVariables = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('');
