/** One report that has everything in it that a report can have. */

import { redactor } from '../../src/config/redact.ts';
import { runChecks } from '../../src/engine/run.ts';
import { networkContext } from '../../src/net/ca-store.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, command, sh, sql } from '../../src/outcome/fix.ts';
import { fail, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { makeReport, type Report, type ReportOptions } from '../../src/report/report.ts';
import { fakeCheck, fakeDeployment, findingId, never, options } from '../fakes.ts';
import { expectValid } from '../support/valid.ts';

const BUCKETS = ['deliveries', 'metadata', 'modules', 'states', 'uploads'];

const configuration = fakeCheck('configuration', ['required'], async ({ check }) => {
  await check('required', () => pass('28 variables for all services, none missing'));
});

const database = fakeCheck(
  'database',
  ['connect', 'version', 'privileges', 'encoding', 'pooler'],
  async ({ check }) => {
    await check('connect', () => pass('connected', { evidence: { host: 'db.internal', port: 5432 } }));
    await check('version', () =>
      warn('PostgreSQL 17.2 is not officially supported', {
        detail: 'All checks passed; the vendor tests with 14 to 16.',
        expected: 'PostgreSQL 14, 15 or 16',
        fix: advice`plan a database of a supported version`,
        docs: 'https://docs.spacelift.io/self-hosted/latest/external-dependencies#database',
        evidence: { version: '17.2' },
      }),
    );
    await check('privileges', () =>
      fail('the role spacelift lacks CREATE and USAGE on the schema public', {
        detail: 'PostgreSQL 15 and later no longer grant it to everyone.',
        expected: 'a role with CREATE on the schema public and CREATEROLE',
        fix: command([sql`GRANT CREATE ON SCHEMA public TO spacelift;`, sql`ALTER ROLE spacelift CREATEROLE;`]),
        docs: 'https://docs.spacelift.io/self-hosted/latest/external-dependencies#database',
      }),
    );
    await check('encoding', () => pass('UTF-8'));
    await check('pooler', () =>
      skip('not allowed to read pg_stat_activity', { fix: command(sql`GRANT pg_monitor TO spacelift;`) }),
    );
  },
  { summary: () => 'PostgreSQL 17.2 at db.internal:5432 over TLS 1.3' },
);

const storage = fakeCheck(
  'object-storage',
  ['<bucket>/access', '<bucket>/versioning', '<bucket>/retention'],
  async ({ forSubject }) => {
    for (const bucket of BUCKETS) {
      await forSubject(bucket, async ({ check, gate }) => {
        await gate('<bucket>/access', () => {
          if (bucket !== 'uploads' && bucket !== 'modules')
            return pass(`spacelift-${bucket}: written, read back, deleted`);
          return fail(`spacelift-${bucket} does not exist`, {
            expected: 'a bucket of that name in eu-west-1',
            fix: command(
              sh`aws s3api create-bucket --bucket spacelift-${bucket} --region eu-west-1 --create-bucket-configuration LocationConstraint=eu-west-1`,
            ),
            docs: 'https://docs.spacelift.io/self-hosted/latest/reference/object-storage',
            evidence: { bucket: `spacelift-${bucket}` },
            cause: cause.finding('gone').titled('buckets are missing in eu-west-1'),
          });
        });
        await check('<bucket>/versioning', () =>
          bucket !== 'states'
            ? pass(`on for spacelift-${bucket}`)
            : fail(`versioning is not enabled on spacelift-${bucket}`, {
                expected: 'enabled: without versioning, state history is lost',
                fix: command(
                  sh`aws s3api put-bucket-versioning --bucket spacelift-${bucket} --versioning-configuration Status=Enabled`,
                ),
                docs: 'https://docs.spacelift.io/self-hosted/latest/reference/object-storage',
              }),
        );
        await check('<bucket>/retention', () =>
          skip(`not allowed to read spacelift-${bucket}: s3:GetLifecycleConfiguration`),
        );
      });
    }
  },
  { subjects: BUCKETS, summary: () => '5 buckets on MinIO at minio.internal:9000' },
);

const encryption = fakeCheck('encryption', ['rsa/key', 'rsa/size'], async ({ check }) => {
  await check('rsa/key', () => pass('a 4096-bit RSA key, PKCS#8'));
  await check('rsa/size', () => pass('4096 bits'));
});

const queues = fakeCheck('message-queues', ['postgres'], async ({ dependsOn, check }) => {
  await dependsOn(findingId('database/privileges'));
  await check('postgres', () => pass('never reached'));
});

const mqtt = fakeCheck('mqtt-broker', ['endpoint', 'builtin/reachable'], async ({ check }) => {
  await check('endpoint', () => pass('tls://spacelift.example.org:1984'));
  await check('builtin/reachable', () => skip('spacelift.example.org:1984 does not answer: it starts with Spacelift'));
});

const CHECKS = [configuration, database, storage, encryption, queues, mqtt];

/** Durations are fixed, so that a rendered report can be compared as a whole. */
export async function sampleReport(more: Partial<ReportOptions> & { skip?: readonly string[] } = {}): Promise<Report> {
  const deployment = fakeDeployment();
  const result = await runChecks(
    CHECKS,
    deployment,
    options({ skip: more.skip ?? [] }),
    networkContext(deployment, undefined),
    never(),
  );
  const fixed = {
    ...result,
    durationMs: 612,
    startedAt: new Date('2026-01-02T03:04:05.678Z'),
    checks: result.checks.map((check, index) => ({
      ...check,
      startMs: 2 * index,
      durationMs: [1, 38, 1212, 4, 0, 9][index] ?? 0,
      findings: check.findings.map((finding, place) => ({ ...finding, startMs: 2 * index + 3 * place, durationMs: 3 })),
    })),
  };
  const report = makeReport(fixed, {
    phase: 'pre-install',
    service: undefined,
    accept: new Map(),
    redact: redactor([]),
    ...more,
  });
  return expectValid(report, CHECKS);
}
