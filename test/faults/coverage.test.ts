/** Reads the tables of rules: each has a fault that it tells, and each fault says what its cause is called. */
import { describe, expect, test } from 'vitest';
import { isOf, RULES } from '../support/rules.ts';
import { EXCEPTIONS } from './fixes/exceptions.ts';
import { FAULTS } from './index.ts';

const all = Object.values(FAULTS).flat();
const told = new Set(all.flatMap(({ fail = [], warn = [] }) => [...fail, ...warn]));

describe('the tables of faults', () => {
  test.each(RULES)('have one for %s', (rule) => {
    expect([...told].some((id) => isOf(rule, id))).toBe(true);
  });

  test.each(all.filter(({ fail = [], warn = [] }) => fail.length + warn.length > 0))(
    'name the cause of: $name',
    (fault) => {
      expect(fault.says).toBeInstanceOf(RegExp);
    },
  );

  test('hold 150 or more, no two with one name', () => {
    const names = all.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(all.filter(({ fail = [], warn = [] }) => fail.length + warn.length > 0).length).toBeGreaterThanOrEqual(150);
  });

  test('have a fault for each exception of a fix, and a reason', () => {
    const names = all.map(({ name }) => name);
    expect(EXCEPTIONS.filter(({ fault }) => !names.includes(fault))).toEqual([]);
    expect(EXCEPTIONS.filter(({ why }) => why.length < 20)).toEqual([]);
  });
});
