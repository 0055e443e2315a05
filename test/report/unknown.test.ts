import { beforeAll, expect, test } from 'vitest';
import { encryption } from '../../checks/encryption/index.ts';
import { pairing } from '../../checks/pairing/index.ts';
import { makeDeployment } from '../../src/config/deployment.ts';
import { redactor } from '../../src/config/redact.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { runChecks } from '../../src/engine/run.ts';
import { networkContext } from '../../src/net/ca-store.ts';
import { pass, skip } from '../../src/outcome/outcome.ts';
import { exitCode } from '../../src/report/exit.ts';
import { renderPretty } from '../../src/report/pretty.ts';
import { makeReport, type Report } from '../../src/report/report.ts';
import { loadWidths } from '../../src/report/wrap.ts';
import { fakeCheck, never, options } from '../fakes.ts';

beforeAll(loadWidths);

const KNOWN = { SERVER_DOMAIN: 'spacelift.corp.internal', MESSAGE_QUEUE_TYPE: 'postgres', MQTT_BROKER_TYPE: 'builtin' };

const working = ['database', 'object-storage'].map((id) =>
  fakeCheck(id, ['a', 'b'], async ({ check }) => {
    await check('a', () => pass('fine'));
    await check('b', () => skip('not permitted to look'));
  }),
);

/** Database and object storage work; what is left of the config is behind secrets of a task definition. */
async function reportOf(
  secrets: readonly string[],
  { skip = [] as readonly string[], more = {} } = {},
): Promise<Report> {
  const container = {
    name: 'server',
    environment: Object.entries({ ...KNOWN, ...more }).map(([name, value]) => ({ name, value })),
    secrets: secrets.map((name) => ({ name, valueFrom: `/spacelift/${name}` })),
  };
  const source = await parseSource('task.json', JSON.stringify([container]));
  const deployment = makeDeployment([source], { environment: {} });
  const result = await runChecks(
    [pairing, ...working, encryption],
    deployment,
    options({ skip }),
    networkContext(deployment, undefined),
    never(),
  );
  return makeReport(result, { phase: 'pre-install', service: undefined, accept: new Map(), redact: redactor([]) });
}

/** The line before the counts. */
const verdictIn = (report: Report) =>
  renderPretty(report, { color: 0, unicode: true, width: 200, verbosity: 'normal' }).trim().split('\n').at(-2);

test('what is skipped because a value is unknown keeps the verdict from being "ready"', async () => {
  const report = await reportOf(['ENCRYPTION_RSA_PRIVATE_KEY'], { more: { ENCRYPTION_TYPE: 'rsa' } });
  expect(report.verdict).toBe('inconclusive');
  expect(exitCode(report).code).toBe(0);
  expect(exitCode(report, { strict: true, require: [] })).toEqual({
    code: 1,
    because: ['the verdict is inconclusive (--strict)'],
  });
  expect(verdictIn(report)).toBe('⚠ inconclusive: the value of ENCRYPTION_RSA_PRIVATE_KEY is unknown');
});

test('so does a choice', async () => {
  const report = await reportOf(['ENCRYPTION_TYPE']);
  expect(report.verdict).toBe('inconclusive');
  expect(verdictIn(report)).toContain('the value of ENCRYPTION_TYPE is unknown');
});

test('many are counted', async () => {
  const keys = ['ENCRYPTION_KMS_ENCRYPTION_KEY_ID', 'ENCRYPTION_KMS_SIGNING_KEY_ID'];
  const report = await reportOf(keys, { more: { ENCRYPTION_TYPE: 'kms' } });
  expect(verdictIn(report)).toContain(`the value of ${keys.join(' and ')} is unknown`);
  const more = await reportOf([...keys, 'MQTT_BROKER_TYPE'], {
    more: { ENCRYPTION_TYPE: 'kms', MQTT_BROKER_TYPE: '' },
  });
  expect(verdictIn(more)).toContain('the value of 3 variables is unknown');
});

test('what nothing depends on, what is known, and what was not asked for does not', async () => {
  const rsa = { ENCRYPTION_TYPE: 'rsa' };
  const skip = ['encryption/*'];
  expect((await reportOf(['ADMIN_PASSWORD'], { skip })).verdict).toBe('ready');
  expect((await reportOf(['ENCRYPTION_RSA_PRIVATE_KEY'], { skip, more: rsa })).verdict).toBe('ready');
});
