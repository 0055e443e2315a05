/** The types of the report, from which all formats and the exit code are derived; their source is `schema.ts`. */
import type { Verdict } from '../outcome/status.ts';
import type { ReportFinding } from './schema.ts';

export type {
  NotVerified,
  Report,
  ReportChange,
  ReportCheck,
  ReportFinding,
  ReportOperation,
  ReportRelease,
  ReportVariable,
} from './schema.ts';
export type { Verdict };

/** A failure or warning with its explanation, in a report or a matrix. */
export type Explained = Pick<
  ReportFinding,
  | 'id'
  | 'title'
  | 'detail'
  | 'expected'
  | 'fix'
  | 'fixKind'
  | 'fixLanguage'
  | 'docs'
  | 'accepted'
  | 'decision'
  | 'affected'
>;
