/** A format is a function from a report to text. */
import type { Rule } from '../engine/check.ts';
import type { Style } from './style.ts';
import type { Report } from './types.ts';

/** What the table of a check says about a rule. */
export type RuleText = Pick<Rule, 'title' | 'procedure' | 'rationale' | 'permission' | 'fix' | 'docs'>;

/** The rule with a key such as `object-storage/<bucket>/access`; `undefined` for a rule of another version. */
export type DescribeRule = (key: string) => RuleText | undefined;

/**
 * Renders a report, or another document; ends with a line break. Only styled formats use `style`, and only formats that
 * explain rules use `describe`.
 */
export type Render<Document = Report> = (
  document: Document,
  style: Style,
  describe?: DescribeRule,
) => string | Promise<string>;
