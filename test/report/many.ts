/** A report with as many failures as one has when nothing is set up yet. */
import { CHECKS } from '../../checks/index.ts';
import { idsOf } from '../../src/engine/check.ts';
import type { Status } from '../../src/outcome/status.ts';
import type { Report, ReportCheck, ReportFinding } from '../../src/report/types.ts';

const FAILURES = 44;

/** Every rule of every check; as many as told fail, each with its own long fix. */
export function manyFailures(failures = FAILURES): Report {
  let left = failures;
  const checks = CHECKS.map((check, index): ReportCheck => {
    const findings = idsOf(check).map((id, place): ReportFinding => {
      const isFailure = left > 0 && place % 3 < 2 && index > 0;
      if (isFailure) left -= 1;
      return isFailure ? failed(id, left) : other(id, place % 9 === 8 ? 'skip' : 'pass');
    });
    const count = findings.filter(({ status }) => status === 'fail').length;
    const status = count > 0 ? 'fail' : 'pass';
    const summary = count > 0 ? `${count} of ${findings.length} rules failed` : 'everything was found as expected';
    return { id: check.id, title: check.title, status, summary, startMs: 0, durationMs: 1_200, findings };
  });
  const all = checks.flatMap(({ findings }) => findings);
  const count = (status: Status) => all.filter((finding) => finding.status === status).length;
  return {
    kind: 'report',
    schemaVersion: 1,
    tool: { name: 'spacelift-preflight', version: '0.1.0' },
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 61_000,
    host: 'spacelift-server-7d9f8c6b5d-x2x9k',
    configFiles: ['shared.yaml', 'server.yaml', 'drain.yaml'],
    domain: 'spacelift.example.org',
    from: 'inside',
    readOnly: false,
    phase: 'pre-install',
    phaseReason: 'the database does not contain Spacelift’s tables',
    service: null,
    interrupted: false,
    verdict: 'not-ready',
    summary: { pass: count('pass'), warn: 0, fail: count('fail'), skip: count('skip') },
    checks,
    variables: [],
    notVerified: [{ title: 'access to version control', detail: 'its address is not in the config', fix: 'use --vcs' }],
    leftovers: [],
  };
}

const base = (id: string) => ({ id, detail: '', startMs: 10, durationMs: 35, evidence: {} });

const failed = (id: string, number: number): ReportFinding => ({
  ...base(id),
  status: 'fail',
  title: `the role spacelift-server is not allowed to do this on spacelift-production-eu-west-1-${number}`,
  detail: 'The service responded with AccessDenied, which is the same for a missing resource and a missing permission.',
  expected: 'the permissions that the documentation lists for the server, the drain and the scheduler',
  fix: `aws iam put-role-policy --role-name spacelift-server --policy-name preflight-${number} --policy-document file://policy-${number}.json`,
  fixKind: 'command',
  fixLanguage: 'sh',
  docs: 'https://docs.spacelift.io/self-hosted/latest/external-dependencies',
});

const other = (id: string, status: 'pass' | 'skip'): ReportFinding => ({
  ...base(id),
  status,
  title: status === 'pass' ? 'as expected by Spacelift' : 'not allowed to read it',
});
