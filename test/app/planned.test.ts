/** What a Terraform plan says about Spacelift's resources: by the same rules, without contacting anything. */
import { describe, expect, it } from 'vitest';
import { preflight, render } from '../../src/app/preflight.ts';
import type { Report } from '../../src/report/types.ts';
import { PLAN_FAULTS, planChanged } from '../faults/plans.ts';
import { AWS_PLAN, AZURE_PLAN, GOOGLE_PLAN, OTHERS, type PlannedResource, renderPlan } from '../support/plans.ts';

const SECRETS = {
  planned_values: { outputs: { kubernetes_secrets: { sensitive: true } }, root_module: {} },
  output_changes: { kubernetes_secrets: { actions: ['create'], before: null, after_unknown: true } },
};

async function check(
  resources: readonly PlannedResource[],
  options: Parameters<typeof preflight>[1] = {},
): Promise<Report> {
  const stdin = (async function* () {
    yield Buffer.from(renderPlan(resources, SECRETS));
  })();
  return preflight({ files: ['-'], stdin, environment: {} }, options);
}

const findings = ({ checks }: Report) => checks.flatMap((one) => one.findings);
const bad = (report: Report) => findings(report).filter(({ status }) => status === 'fail' || status === 'warn');

const PLANS = { AWS: AWS_PLAN, 'Google Cloud': GOOGLE_PLAN, Azure: AZURE_PLAN };

describe.each(Object.entries(PLANS))('%s', (_, plan) => {
  it('is clean as the vendor’s modules render it, beside resources of others', async () => {
    const report = await check([...plan, ...OTHERS]);
    expect(bad(report)).toEqual([]);
    expect(report).toMatchObject({ phase: 'plan', verdict: 'inconclusive', leftovers: [] });
    const planned = findings(report).filter((finding) => finding.planned);
    expect(planned.length).toBeGreaterThan(20);
    expect(planned.every(({ status, title }) => status === 'pass' && title.startsWith('planned: '))).toBe(true);
    expect(await render(report, 'pretty')).toContain('inconclusive: a plan was checked, and nothing was contacted');
  });

  it('says nothing about what it destroys', async () => {
    const report = await check(plan.map((resource) => ({ ...resource, actions: ['delete'] })));
    expect(findings(report).filter((finding) => finding.planned)).toEqual([]);
  });
});

describe('faults', () => {
  it.each(Object.entries(PLAN_FAULTS))('%s', async (_, { plan, change, id, status, resource, fix }) => {
    const report = await check([...change(plan), ...OTHERS]);
    expect(bad(report).map((one) => [one.id, one.status, one.planned, one.evidence.resource])).toEqual([
      [id, status, true, resource],
    ]);
    const [finding] = bad(report);
    expect(finding?.fix).toMatch(fix);
    expect(finding?.fix).toContain(resource);
    expect(report.verdict).toBe(status === 'fail' ? 'not-ready' : 'inconclusive');
  });
});

it('states that the vendor’s Azure module lets expire are a failure', async () => {
  const policy = planChanged('azurerm_storage_management_policy', 'policy', {
    rule: [
      {
        name: 'DeleteAfter2Days',
        enabled: true,
        filters: [{ prefix_match: ['spacelift-'] }],
        actions: [{ base_blob: [{ delete_after_days_since_creation_greater_than: 2 }] }],
      },
    ],
  });
  expect(bad(await check(policy(AZURE_PLAN)))).toMatchObject([
    {
      id: 'object-storage/modules/retention',
      title: 'planned: objects that must be kept expire: rule DeleteAfter2Days',
      affected: ['object-storage/modules/retention', 'object-storage/states/retention'],
    },
  ]);
});

it('buckets are found by the names in the config, whatever the resources are called', async () => {
  const environment = [
    ['SERVER_DOMAIN', 'spacelift.acme.io'],
    ['OBJECT_STORAGE_TYPE', 'aws'],
    ['OBJECT_STORAGE_BUCKET_STATES', 'acme-tf'],
  ].map(([name, value]) => ({ name, value }));
  const report = await check([
    { module: '', type: 'aws_s3_bucket', name: 'a', after: { bucket: 'acme-tf' } },
    { module: '', type: 'aws_s3_bucket', name: 'b', after: { bucket: 'other-tf' } },
    {
      module: '',
      type: 'aws_ecs_task_definition',
      name: 'server',
      after: { container_definitions: JSON.stringify([{ name: 'server', image: 'x', environment }]) },
    },
  ]);
  const planned = bad(report).filter((one) => one.planned);
  expect(planned.map(({ id, evidence }) => [id, evidence.resource])).toEqual([
    ['object-storage/states/versioning', 'aws_s3_bucket.a'],
  ]);
});

it('a plan of nothing but Spacelift’s infrastructure is checked, too', async () => {
  const stdin = (async function* () {
    const outputs = {
      zones: { sensitive: false, value: ['eu-west-1a'] },
      nodes: { sensitive: false, value: { A_B: {} } },
    };
    yield Buffer.from(renderPlan([...AWS_PLAN, ...OTHERS], { planned_values: { outputs } }));
  })();
  const report = await preflight({ files: ['-'], stdin, environment: {} });
  expect(bad(report)).toEqual([]);
  expect(report).toMatchObject({ phase: 'plan', verdict: 'inconclusive' });
});

it('with --phase, the network is used, and nothing is planned', async () => {
  const report = await check(AWS_PLAN, { phase: 'pre-install' });
  expect(report.phase).toBe('pre-install');
  expect(findings(report).filter((one) => one.planned)).toEqual([]);
});

describe('what a plan does not show', () => {
  const BUCKET: PlannedResource = {
    module: '',
    type: 'aws_s3_bucket',
    name: 'a',
    after: {},
    unknown: { bucket: true },
  };
  const skipped = (report: Report) => findings(report).filter(({ planned, status }) => planned && status === 'skip');

  it('is a skip: which bucket, queue, key or server a variable names', async () => {
    const report = await check([BUCKET, ...OTHERS.filter(({ type }) => type === 'aws_db_instance')]);
    expect(bad(report)).toEqual([]);
    expect(skipped(report).map(({ id }) => id)).toContain('object-storage/states/retention');
    expect(findings(report).find(({ id }) => id === 'object-storage/states/versioning')).toMatchObject({
      status: 'skip',
      title: 'planned: the plan does not show which bucket OBJECT_STORAGE_BUCKET_STATES names',
      detail:
        'OBJECT_STORAGE_BUCKET_STATES is set to a value that is known only after the plan is applied. The plan contains aws_s3_bucket.a.',
      fix: expect.stringContaining('check again after the apply'),
    });
    expect(findings(report).find(({ id }) => id === 'database/version')?.title).toBe(
      'planned: the plan does not show which database server DATABASE_URL names',
    );
  });

  it.each([
    ['database/version', 'aws_rds_cluster', 'db_cluster', 'engine_version', 'the version of PostgreSQL'],
    ['encryption/kms/signing-key', 'aws_kms_key', 'jwt_key', 'key_usage', 'the usage and spec of the signing key'],
    ['message-queues/dlq/kind', 'aws_sqs_queue', 'deadletter', 'fifo_queue', 'the kind of spacelift-dlq'],
    [
      'mqtt-broker/iotcore/topic-rule',
      'aws_iot_topic_rule',
      'spacelift',
      'sql_version',
      'whether topic rule spacelift is as Spacelift needs it',
    ],
  ])('is a skip of %s: %s', async (id, type, name, attribute, what) => {
    const plan = AWS_PLAN.map((one) =>
      one.type === type && one.name === name
        ? { ...one, after: { ...one.after, [attribute]: undefined }, unknown: { ...one.unknown, [attribute]: true } }
        : one,
    );
    const report = await check(plan);
    expect(bad(report)).toEqual([]);
    expect(skipped(report).find((one) => one.id === id)).toMatchObject({
      title: `planned: the plan does not show ${what}`,
      detail: expect.stringContaining(`${attribute} is known only after the apply.`),
    });
  });
});
