/** What the schemas of several documents have in common: the texts that are one of a few, each with its meaning, and the program. */
import type { Perspective, Place, ReportPhase, Service } from '../config/options.ts';
import type { ReleaseSource } from '../config/release.ts';
import type { FixKind, FixLanguage } from '../outcome/fix.ts';
import type { Status, Verdict } from '../outcome/status.ts';
import { constant, described, object, oneOf, text } from '../util/schema.ts';

export const VERDICT = oneOf<Verdict>({
  ready: 'no failures or warnings',
  'ready-with-warnings': 'no failures, but at least one warning',
  'not-ready': 'at least one failure',
  inconclusive: 'no failures, but a dependency that is required for "ready" could not be verified',
});

export const STATUS = oneOf<Status>({
  pass: 'the rule is met',
  warn: 'it works, but with a risk or limitation',
  fail: 'Spacelift would not work',
  skip: 'not checked, for the reason in the title',
});

export const PERSPECTIVE = oneOf<Perspective>({
  server: 'only what the server needs',
  drain: 'only what the drain needs',
  scheduler: 'only what the scheduler needs',
  'vcs-gateway': 'only what the VCS gateway needs',
  worker: 'only what a worker needs',
});

export const SERVICE_OF_VALUE = oneOf<Service | 'all'>({
  all: 'shared by all services',
  server: 'only for the server',
  drain: 'only for the drain',
  scheduler: 'only for the scheduler',
  'vcs-gateway': 'only for the VCS gateway',
});

export const PLACE = oneOf<Place>({
  inside: 'inside Spacelift’s network',
  outside: 'outside of it (--from outside)',
});

export const PHASE = oneOf<ReportPhase>({
  'pre-install': 'before Spacelift is installed',
  'post-install': 'the database contains Spacelift’s tables, or --phase was set',
  plan: 'a Terraform plan was checked, and nothing was contacted',
});

export const RELEASE_SOURCE = oneOf<ReleaseSource>({
  option: 'from --release',
  config: 'from LAUNCHER_IMAGE_TAG',
  none: 'not known',
});

export const FIX_KIND = oneOf<FixKind>({
  command: 'complete and ready to paste; see fixLanguage',
  setting: 'a config variable and its value',
  advice: 'text for a person to read, not to run',
});

export const FIX_LANGUAGE = oneOf<FixLanguage>({
  sh: 'commands for a POSIX shell',
  sql: 'statements for psql',
});

/** The program that wrote the document. */
export const TOOL = object({ name: text(), version: text() });

export const versionOfSchema = <const T extends number>(version: T) =>
  described(
    constant(version),
    'Increases when a field is removed or changes its meaning, but not when a field is added.',
  );
