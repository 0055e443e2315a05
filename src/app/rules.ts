/** Describes rules for formats that explain them, by the tables of the checks. */
import type { DescribeRule } from '../report/render.ts';
import { lookup } from '../util/lookup.ts';
import { CHECKS } from './checks.ts';

export const describeRule: DescribeRule = (key) => {
  const check = CHECKS.find(({ id }) => key.startsWith(`${id}/`));
  return check && lookup(check.rules, key.slice(check.id.length + 1));
};
