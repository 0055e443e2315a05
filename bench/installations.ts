/**
 * Processor time and peak memory of a healthy run on each cloud, compared with an empty program in the same Node version: with V8's
 * code of the bundle, as in the image and the executables, and without it, as from the npm package.
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { manifest } from '../demo/deployment.ts';
import { AKS, type Choice, EKS, GKE, ONPREM, startEstate } from '../test/support/estate.ts';
import { median } from './compare.ts';
import { BUILT, ROOT } from './programs.ts';
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
      const fromNpm = await withoutCode(join(directory, 'package'));
      const rows: Row[] = [];
      for (const installation of INSTALLATIONS) {
        const { choice } = installation;
        await writeFile(config, manifest(estate.variables(choice)), { mode: 0o600 });
        const environment = estate.environment(choice);
        const check = (built: string) => () => usageOf([built, '-f', config, '--strict'], environment);
        rows.push(
          ...compared(
            installation,
            await together({ bare: () => usageOf([empty]), own: check(BUILT), npm: check(fromNpm) }),
          ),
        );
      }
      return rows;
    } finally {
      await estate.stop();
      await rm(directory, { recursive: true });
    }
  },
};

/** @returns the executable of a copy of the bundle */
async function withoutCode(folder: string): Promise<string> {
  const code = join(ROOT, 'dist', 'code');
  await cp(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true, filter: (path) => path !== code });
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
  return join(folder, 'dist', 'bin', basename(BUILT));
}

type Program = 'bare' | 'own' | 'npm';

type Round = Readonly<Record<Program, Usage>>;

async function together(run: Readonly<Record<Program, () => Promise<Usage>>>): Promise<Round[]> {
  await run.own();
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ bare: await run.bare(), own: await run.own(), npm: await run.npm() });
  }
  return rounds;
}

function compared({ name, choice, processor, memory }: Installation, rounds: readonly Round[]): Row[] {
  const of = (program: Program, what: (usage: Usage) => number) => {
    const [own, bare] = [median(rounds.map((one) => what(one[program]))), median(rounds.map(({ bare }) => what(bare)))];
    return { own, bare, ratio: own / bare };
  };
  const time = (program: Program) => of(program, ({ processorMs }) => processorMs);
  const [own, npm, peak] = [time('own'), time('npm'), of('own', ({ peakBytes }) => peakBytes / 1e6)];
  return [
    {
      id: `processor/${choice.storage}`,
      what: `processor time, ${name}, compared with an empty program`,
      figure: `${short(own.ratio)} times`,
      ...atMost(processor, own.ratio, ' times'),
      facts: { ...own, unit: 'ms', rounds: ROUNDS },
    },
    {
      id: `processor/npm/${choice.storage}`,
      what: `processor time, ${name}, from the npm package`,
      figure: `${short(npm.ratio)} times`,
      facts: { ...npm, unit: 'ms', rounds: ROUNDS },
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
