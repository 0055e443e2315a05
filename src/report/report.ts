/** Makes the report from the results of a run. */

import type { Perspective, ReportPhase } from '../config/options.ts';
import { pinnedInConfig } from '../config/pinned.ts';
import type { Decisions, Pinned } from '../config/schema.ts';
import { foldByCause } from '../engine/fold.ts';
import type { RunResult } from '../engine/run.ts';
import type { Status } from '../outcome/status.ts';
import { VERSION } from '../util/version.ts';
import { cleanDecisions } from './accepted.ts';
import { checksOf, type ReportCheckOptions } from './checks.ts';
import { REPORT_KIND, SCHEMA_VERSION } from './kinds.ts';
import { releaseOf } from './release.ts';
import { fixSanitizer, oneLine, sanitizer } from './sanitize.ts';
import type { NotVerified, Report, ReportCheck, ReportRelease } from './types.ts';
import { verdictOf } from './verdict.ts';

export * from './types.ts';

export interface ReportOptions extends ReportCheckOptions {
  readonly phase: ReportPhase;
  readonly phaseReason?: string;
  readonly service: Perspective | undefined;
  readonly decisions?: Decisions | undefined;
  readonly host?: string;
}

/** Required by the vendor's documentation, but not part of any variable: by the option that names it instead. */
const NOT_IN_CONFIG: Readonly<Record<'vcs' | 'pull', NotVerified>> = {
  vcs: {
    title: 'access to version control',
    detail: 'its address is not in the config; to check it, use --vcs',
    fix: 'run this tool with --vcs https://<your version control system>',
  },
  pull: {
    title: 'pulling the backend image',
    detail: 'its name is not in the config; to check it, use --pull',
    fix: 'run this tool with --pull <image>',
  },
};

export function makeReport(
  result: RunResult,
  { phase, phaseReason, service, accept, decisions, redact, operations, host }: ReportOptions,
): Report {
  const [clean, cleanFix] = [sanitizer(redact), fixSanitizer(redact)];
  const checks = checksOf(foldByCause(result.checks), { accept, redact, operations });
  const statuses = checks.flatMap((check) => check.findings.map(({ status }) => status));
  const count = (status: Status) => statuses.filter((candidate) => candidate === status).length;
  const domain = result.run.deployment.lookup('SERVER_DOMAIN');
  const pinned = cleanPinned(pinnedIn(result, checks), clean);
  return {
    kind: REPORT_KIND,
    schemaVersion: SCHEMA_VERSION,
    tool: { name: 'spacelift-preflight', version: VERSION },
    startedAt: result.startedAt.toISOString(),
    durationMs: Math.round(result.durationMs),
    ...(host !== undefined && { host: oneLine(clean(host)) }),
    configFiles: result.run.deployment.files.map((file) => oneLine(clean(file))),
    ...(domain.state === 'set' && { domain: oneLine(clean(domain.value)) }),
    from: result.run.options.from,
    readOnly: result.run.options.readOnly,
    phase,
    ...(phaseReason !== undefined && { phaseReason }),
    service: service ?? null,
    release: cleanRelease(releaseOf(result.run.deployment), clean),
    interrupted: result.interrupted,
    verdict: verdictOf(checks, { service, phase, interrupted: result.interrupted }),
    summary: { pass: count('pass'), warn: count('warn'), fail: count('fail'), skip: count('skip') },
    checks,
    variables: result.run.deployment.origins.map(({ name, service, origin, location, used }) => ({
      name,
      service,
      origin: oneLine(clean(origin)),
      ...(location !== undefined && { location: { ...location, file: oneLine(clean(location.file)) } }),
      used,
    })),
    notVerified: (['vcs', 'pull'] as const)
      .filter((option) => result.run.options[option].length === 0)
      .map((option) => NOT_IN_CONFIG[option]),
    leftovers: result.leftovers.map(({ what, command, mayStay }) => ({
      what: oneLine(clean(what)),
      command: cleanFix({ fix: command }).fix,
      ...(mayStay && { mayStay }),
    })),
    ...(Object.keys(pinned).length > 0 && { pinned }),
    ...(decisions !== undefined && { decisions: cleanDecisions(decisions, clean) }),
  };
}

/** What a later run can compare: the keys if they could be used, and what the config says. */
function pinnedIn({ run }: RunResult, checks: readonly ReportCheck[]): Pinned {
  const choice = checks.flatMap(({ findings }) => findings).find(({ id }) => id === 'encryption/choice');
  const identity = Object.entries(choice?.status === 'pass' ? choice.evidence : {}).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value]] : [],
  );
  return {
    ...(identity.length > 0 && { encryption: Object.fromEntries(identity) }),
    ...pinnedInConfig(run.deployment),
  };
}

/** The names of buckets and hosts are from the config. */
function cleanPinned({ encryption, objectStorage, mqttBroker }: Pinned, clean: (text: string) => string): Pinned {
  const map = (names: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(names).map(([name, value]) => [name, oneLine(clean(value))]));
  return {
    ...(encryption !== undefined && { encryption: map(encryption) }),
    ...(objectStorage !== undefined && {
      objectStorage: {
        type: objectStorage.type,
        buckets: map(objectStorage.buckets),
        ...(objectStorage.uploadsUrl !== undefined && { uploadsUrl: oneLine(clean(objectStorage.uploadsUrl)) }),
      },
    }),
    ...(mqttBroker !== undefined && { mqttBroker: { ...mqttBroker, endpoint: oneLine(clean(mqttBroker.endpoint)) } }),
  };
}

/** Only the reason has text from outside: the name of a file. */
const cleanRelease = (release: ReportRelease, clean: (text: string) => string): ReportRelease => ({
  ...release,
  reason: oneLine(clean(release.reason)),
});
