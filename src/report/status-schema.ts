/** What statuses and verdicts mean, for the JSON Schemas. */
import type { Status, Verdict } from '../outcome/status.ts';

export const VERDICTS: Readonly<Record<Verdict, string>> = {
  ready: 'no failures or warnings',
  'ready-with-warnings': 'no failures, but at least one warning',
  'not-ready': 'at least one failure',
  inconclusive: 'no failures, but a dependency that is required for "ready" could not be verified',
};

export const STATUSES: Readonly<Record<Status, string>> = {
  pass: 'the rule is met',
  warn: 'it works, but with a risk or limitation',
  fail: 'Spacelift would not work',
  skip: 'not checked, for the reason in the title',
};
