/** Peak memory of the process on complete installations of every provider. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifest } from '../demo/deployment.ts';
import { type Choice, type Estate, startEstate } from '../test/support/estate.ts';
import { median } from './compare.ts';
import { INSTALLATIONS } from './installations.ts';
import { ALONE, BUILT, succeed } from './programs.ts';
import { atMost, type Measurement, type Row } from './row.ts';

const ROUNDS = 3;
/** In MB (a million bytes). */
const TARGET = 150;

export const memory: Measurement = {
  id: 'memory',
  measure: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    const estate = await startEstate();
    try {
      const rows: Row[] = [];
      for (const [name, choice] of Object.entries(INSTALLATIONS)) {
        const peaks: number[] = [];
        for (let round = 0; round < ROUNDS; round++) peaks.push(await peak(estate, choice, directory));
        const megabytes = median(peaks) / 1e6;
        rows.push({
          id: `memory/${choice.storage}`,
          what: `peak memory, ${name}`,
          figure: `${Math.round(megabytes)} MB`,
          ...atMost(TARGET, megabytes, ' MB'),
          facts: { bytes: median(peaks), rounds: ROUNDS },
        });
      }
      return rows;
    } finally {
      await estate.stop();
      await rm(directory, { recursive: true });
    }
  },
};

/** The maximum resident set size in bytes, as reported by the system when the process exits. */
async function peak(estate: Estate, choice: Choice, directory: string): Promise<number> {
  const [config, told] = [join(directory, 'spacelift.yaml'), join(directory, 'peak')];
  await writeFile(config, manifest(estate.variables(choice)), { mode: 0o600 });
  const hook = `import { writeFileSync } from 'node:fs';
    process.on('exit', () => writeFileSync(${JSON.stringify(told)}, String(process.resourceUsage().maxRSS * 1024)));`;
  const module = `data:text/javascript,${encodeURIComponent(hook)}`;
  const environment = { ...ALONE, ...estate.environment(choice) };
  await succeed(process.execPath, ['--import', module, BUILT, '-f', config, '--strict'], { env: environment });
  return Number(await readFile(told, 'utf8'));
}
