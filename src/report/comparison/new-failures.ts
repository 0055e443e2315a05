/** What `--fail-on new` counts. */
import type { ChangedFinding, Comparison } from './types.ts';

/** The failures that were not failures before. */
export const newFailures = ({ findings }: Comparison): readonly ChangedFinding[] =>
  findings.filter(({ before, after }) => after === 'fail' && before !== 'fail');
