/** Every dependency, replaced by servers that hold, flood or fool: the tests of a group of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/engine/finding.ts';
import { matcher } from '../../src/engine/select.ts';
import { BEHAVIORS, type Behavior } from './behaviors.ts';
import { DEPENDENCIES, type Dependency } from './dependencies.ts';
import { type Attacked, attack, healthy, startWorld, statuses, timedOut, type World } from './run.ts';
import { expectTame } from './words.ts';

/** For what never ends by itself, ms, and times what a healthy run takes here and now, if that is more. */
const HELD_MS = 1500;
const HELD_RUNS = 4;
/** Ample: what ends by itself must, on a machine that is busy too. */
const FLOODED_MS = 120_000;
/** A run that is held ends like one that has nothing but its timeout, with a session that says goodbye. */
const GOODBYE = 3;
/** In bytes: what is read at most, and what two sockets hold in between. */
const MOST = 32 * 1024 * 1024;

const isTrouble = ({ status }: Finding): boolean => status === 'fail' || status === 'warn';

/** @param names of dependencies, as they begin */
export function tryDependencies(names: RegExp): void {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.estate.stop());

  describe.each(DEPENDENCIES.filter(({ name }) => names.test(name)))('$name', (dependency) => {
    const own = BEHAVIORS.filter(({ of = dependency.speaks }) => of === dependency.speaks);
    const { owns } = dependency;
    const [held, others] = [own.filter(({ kind }) => kind === 'holds'), own.filter(({ kind }) => kind !== 'holds')];
    let timeoutMs = HELD_MS;

    test('holds: all but it is judged as ever, within the time that is given', async () => {
      const { statuses: before, durationMs } = await healthy(world, dependency);
      timeoutMs = Math.max(HELD_MS, HELD_RUNS * durationMs);
      const [silent] = held;
      if (silent === undefined) throw new Error('nothing holds');
      const attacked = await attack(world, dependency, silent, { timeoutMs: timeoutMs * 2 });
      await expectOne(dependency, silent, attacked);
      const after = statuses(attacked.result);
      const isOwn = matcher(owns);
      for (const [id, status] of Object.entries(before)) {
        if (!isOwn(id)) expect({ id, status: after[id] }).toEqual({ id, status });
      }
    });

    test(`holds, in ${held.length} ways`, async () => {
      const options = { only: owns, timeoutMs };
      const idle = timedOut(timeoutMs);
      const tried = held.map(async (behavior) => {
        const attacked = await attack(world, dependency, behavior, options);
        expect(attacked.tookMs, `${behavior.name}: ms`).toBeLessThan(GOODBYE * (await idle));
        await expectOne(dependency, behavior, attacked);
      });
      await Promise.all(tried);
    });

    test.each(others)('$kind: $name', async (behavior) => {
      const attacked = await attack(world, dependency, behavior, { only: owns, timeoutMs: FLOODED_MS });
      await expectOne(dependency, behavior, attacked);
    });
  });
}

/** The run has ended, with a complete report in which what happened is one trouble, in words of its own. */
async function expectOne(
  { outcome, most = 1, speaks, owns }: Dependency,
  { kind, denies, name }: Behavior,
  { result, server }: Attacked,
): Promise<void> {
  const troubles = result.findings.filter((finding) => isTrouble(finding) && matcher(owns)(finding.id));
  const titles = troubles.map(({ id, title }) => `${id}: ${title}`);
  expect(server.connections(), `${name}: connections`).toBeGreaterThan(0);
  expect(server.most(), `${name}: bytes of one connection`).toBeLessThan(MOST);
  // What was under way when the time was over is not what went wrong, where that is known.
  const causes = titles.filter((title) => !/did not finish|timed out|within \d+ s|was silent for/.test(title));
  expect(causes.length || titles.length, titles.join('\n')).toBeLessThanOrEqual(denies ? Math.max(2, most) : most);
  // What answers in its language, if nonsense, may be all that is asked for.
  const mustFail = outcome === undefined && kind === 'holds';
  if (mustFail) expect(titles, name).not.toEqual([]);
  if (kind !== 'holds' && speaks !== 'PostgreSQL') expect(titles.join()).not.toContain('did not finish');
  const said = result.findings.flatMap(({ title, detail = '', fix = '' }: Finding) => [title, detail, fix]).join('\n');
  expect(said).not.toMatch(/unexpected error|\bundefined\b|\bNaN\b|\[object|Invalid Date/);
  await expectTame(result);
}
