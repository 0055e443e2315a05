/** A run without a report, as the matrix shows it. */
import type { Lost } from '../cluster/refusal.ts';
import type { Redact } from '../config/redact.ts';
import type { LostRun } from '../report/matrix/types.ts';

/** @param redact for the words of the platform */
export function lostRun({ title, detail, fix }: Lost, redact: Redact): LostRun {
  return {
    title: redact(title),
    detail: redact(detail),
    fix: fix.text,
    fixKind: fix.kind,
    ...(fix.language !== undefined && { fixLanguage: fix.language }),
  };
}
