/** Which checks can be printed while others still run. */
import { describe, expect, it } from 'vitest';
import type { CheckResult, RawFinding } from '../../src/engine/finding.ts';
import { foldByCause } from '../../src/engine/fold.ts';
import { settledIn } from '../../src/engine/settled.ts';
import { cause } from '../../src/outcome/cause.ts';

type Some = Partial<RawFinding> & Pick<RawFinding, 'status'>;

function check(id: string, ...findings: readonly Some[]): CheckResult {
  const all = findings.map((more, index) => {
    const name = `${id}/${index}`;
    return { id: name, rule: name, title: name, startMs: 0, durationMs: 0, evidence: {}, ...more };
  });
  return { id, title: id, startMs: 0, durationMs: 0, findings: all };
}

const PASS: Some = { status: 'pass' };
const refused: Some = { status: 'fail', cause: cause.unreachable('db:5432', 'refused') };
const own = (id: string): Some => ({ status: 'fail', cause: cause.finding(id) });
const blockedBy = (id: string): Some => ({ ...own(id), blocked: true });
/** Stands for a failure without a cause. */
const OWN: Some = { status: 'fail' };
const running = undefined;

describe('a check is settled', () => {
  it.each<[string, readonly (CheckResult | undefined)[], number]>([
    ['when it and those before it have finished', [check('a', PASS), check('b', PASS), running], 2],
    ['not before an earlier one has finished', [running, check('b', PASS)], 0],
    ['with a failure that only it can have', [check('a', own('a/0')), running], 1],
    ['not with a failure that another one can have, too', [check('a', PASS), check('b', refused), running], 1],
    ['with such a failure, once all have finished', [check('a', refused), check('b', PASS)], 2],
    ['if an earlier one has its failure', [check('a', refused), check('b', refused), check('c', PASS), running], 0],
    ['if it depends on an earlier one', [check('a', own('a/0')), check('b', blockedBy('a/0')), running], 2],
    ['not if its dependency is not known yet', [check('a', blockedBy('c/0')), check('b', PASS), running], 0],
    ['with a warning', [check('a', { ...refused, status: 'warn' }), running], 1],
    ['with a skip', [check('a', { status: 'skip', cause: cause.withheld('db') }), running], 1],
    ['not with a skip that lists names', [check('a', { status: 'skip', cause: cause.noDnsServer('db') }), running], 0],
  ])('%s', (_, checks, expected) => {
    expect(settledIn(checks)).toBe(expected);
  });

  it('so that nothing changes it, whatever follows', () => {
    const kinds: readonly Some[] = [
      PASS,
      refused,
      { ...refused, blocked: true },
      { status: 'skip', cause: cause.withheld('db') },
      { status: 'fail', cause: cause.noDnsServer('a') },
      { status: 'fail', cause: cause.noDnsServer('b') },
      OWN,
      blockedBy('c0/0'),
      blockedBy('c2/0'),
    ];
    let compared = 0;
    for (let seed = 0; seed < kinds.length ** 4; seed++) {
      const at = (place: number) => kinds[Math.floor(seed / kinds.length ** place) % kinds.length] ?? PASS;
      const whole = [0, 1, 2, 3].map((place) => check(`c${place}`, at(place) === OWN ? own(`c${place}/0`) : at(place)));
      const final = foldByCause(whole);
      for (const missing of [1, 2, 3]) {
        const now = whole.map((one, place) => (place === missing ? running : one));
        const count = settledIn(now);
        const known = foldByCause(now.filter((one) => one !== undefined));
        expect(known.slice(0, count)).toEqual(final.slice(0, count));
        compared += count;
      }
    }
    expect(compared).toBeGreaterThan(1_000);
  });
});
