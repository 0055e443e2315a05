/** Processor time and peak memory of a healthy run on each cloud, compared with an empty program in the same Node version. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifest } from '../demo/deployment.ts';
import { AKS, type Choice, EKS, GKE, ONPREM, startEstate } from '../test/support/estate.ts';
import { median } from './compare.ts';
import { BUILT } from './programs.ts';
import { atMost, type Measurement, type Row, short } from './row.ts';
import { type Usage, usageOf } from './usage.ts';

const ROUNDS = 9;

interface Installation {
  readonly name: string;
  readonly choice: Choice;
  /** Times an empty program: half of what it was when this was measured first. */
  readonly processor: number;
  readonly memory: number;
}

const INSTALLATIONS: readonly Installation[] = [
  { name: 'on premises', choice: ONPREM, processor: 13.5, memory: 2 },
  { name: 'Amazon Web Services', choice: EKS, processor: 24, memory: 2.5 },
  { name: 'Google Cloud', choice: GKE, processor: 17, memory: 2.5 },
  { name: 'Azure', choice: AKS, processor: 19, memory: 2.5 },
];

export const installations: Measurement = {
  id: 'installations',
  measure: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    const estate = await startEstate();
    try {
      const [empty, config] = [join(directory, 'empty.js'), join(directory, 'spacelift.yaml')];
      await writeFile(empty, '');
      const rows: Row[] = [];
      for (const installation of INSTALLATIONS) {
        const { choice } = installation;
        await writeFile(config, manifest(estate.variables(choice)), { mode: 0o600 });
        const environment = estate.environment(choice);
        const own = () => usageOf([BUILT, '-f', config, '--strict'], environment);
        rows.push(...compared(installation, await inPairs(own, () => usageOf([empty]))));
      }
      return rows;
    } finally {
      await estate.stop();
      await rm(directory, { recursive: true });
    }
  },
};

interface Pair {
  readonly own: Usage;
  readonly bare: Usage;
}

async function inPairs(own: () => Promise<Usage>, bare: () => Promise<Usage>): Promise<Pair[]> {
  await own();
  const pairs: Pair[] = [];
  for (let round = 0; round < ROUNDS; round++) pairs.push({ bare: await bare(), own: await own() });
  return pairs;
}

function compared({ name, choice, processor, memory }: Installation, pairs: readonly Pair[]): Row[] {
  const of = (what: (usage: Usage) => number) => {
    const [own, bare] = [median(pairs.map((pair) => what(pair.own))), median(pairs.map((pair) => what(pair.bare)))];
    return { own, bare, ratio: own / bare };
  };
  const [time, peak] = [of(({ processorMs }) => processorMs), of(({ peakBytes }) => peakBytes / 1e6)];
  return [
    {
      id: `processor/${choice.storage}`,
      what: `processor time, ${name}, compared with an empty program`,
      figure: `${short(time.ratio)} times`,
      ...atMost(processor, time.ratio, ' times'),
      facts: { ...time, unit: 'ms', rounds: ROUNDS },
    },
    {
      id: `memory/${choice.storage}`,
      what: `peak memory, ${name}, compared with an empty program`,
      figure: `${peak.ratio.toFixed(1)} times, ${Math.round(peak.own)} MB`,
      ...atMost(memory, peak.ratio, ' times'),
      facts: { ...peak, unit: 'MB', rounds: ROUNDS },
    },
  ];
}
