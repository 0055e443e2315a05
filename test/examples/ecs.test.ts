/** `examples/ecs-run-task.sh`, with an `aws` that answers as the AWS CLI does for its queries. The real one: `test/peers`. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { JsonMap } from '../../src/util/json.ts';
import { VERSION } from '../../src/util/version.ts';
import { ROOT } from '../ci/runner.ts';
import { ended, writePrograms } from '../support/programs.ts';
import { runArguments } from '../support/run-arguments.ts';

const SCRIPT = join(ROOT, 'examples/ecs-run-task.sh');
const DEFINITION = join(ROOT, 'examples/ecs-task-definition.json');
const REVISION = 'arn:aws:ecs:eu-west-1:123456789012:task-definition/spacelift-preflight-drain:7';
const TASK = 'arn:aws:ecs:eu-west-1:123456789012:task/prod/0123abcd';

const ANSWERS: Readonly<Record<string, string>> = {
  'register-task-definition': `${REVISION}\tspacelift-preflight\t/ecs/spacelift\tpreflight`,
  'run-task': `${TASK}\tNone`,
  'describe-tasks': '0\tEssential container in task exited',
  'get-log-events': '✔ ready: 94 passed',
};

/**
 * @param answers by the operation, in place of the usual ones
 * @param failing the operations that fail
 */
async function ran(answers: Readonly<Record<string, string>> = {}, failing: readonly string[] = []) {
  const root = await mkdtemp(join(tmpdir(), 'preflight-ecs-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const cases = Object.entries({ ...ANSWERS, ...answers }).map(
    ([name, text]) => `${name}) printf '%s\\n' '${text}' ;;`,
  );
  const failures = failing.map((name) => `${name}) echo 'An error occurred' >&2; exit 254 ;;`);
  const branches = [...failures, ...cases].join('\n');
  await writePrograms(root, { aws: `printf '%s\\n' "$*" >>"${root}/calls"\ncase $2 in\n${branches}\nesac` });
  const env = { PATH: `${root}:/usr/bin:/bin` };
  const result = await ended('bash', [SCRIPT, 'prod', 'subnet-1,subnet-2', 'sg-1'], { env });
  const calls = (await readFile(join(root, 'calls'), 'utf8')).trim().split('\n');
  return { ...result, calls, operations: calls.map((call) => call.split(' ')[1]) };
}

test('the script has no error that bash can find, and says how it is used', async () => {
  const bash = (...args: readonly string[]) => ended('bash', args, { env: { PATH: '/usr/bin:/bin' } });
  expect(await bash('-n', SCRIPT)).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await bash(SCRIPT, 'prod')).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(/^usage: .*\n$/) });
});

test('the task definition is for the image, with arguments that the command line accepts', async () => {
  const definition = JSON.parse(await readFile(DEFINITION, 'utf8')) as { containerDefinitions: JsonMap[] };
  const [container, ...more] = definition.containerDefinitions;
  expect(more).toEqual([]);
  expect(container?.image).toMatch(new RegExp(`/spacelift-preflight:${VERSION}$`));
  expect(container?.readonlyRootFilesystem).toBe(true);
  const args = runArguments(container?.command as string[]);
  expect(args).toMatchObject({ service: 'drain', color: false, report: [{ format: 'frame', path: '/dev/stdout' }] });
});

test('it runs the task, prints its log, ends as the checks did, and leaves nothing', async () => {
  const { code, stdout, stderr, calls, operations } = await ran();
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${ANSWERS['get-log-events']}\n`, stderr: '' });
  expect(operations).toEqual([
    'register-task-definition',
    'run-task',
    'wait',
    'describe-tasks',
    'get-log-events',
    'deregister-task-definition',
  ]);
  expect(calls[0]).toContain(`--cli-input-json file://${DEFINITION} `);
  expect(calls[1]).toContain(
    `--task-definition ${REVISION} --network-configuration awsvpcConfiguration={subnets=[subnet-1,subnet-2],securityGroups=[sg-1],`,
  );
  expect(calls[4]).toContain(
    '--log-group-name /ecs/spacelift --log-stream-name preflight/spacelift-preflight/0123abcd ',
  );
  expect(calls[5]).toBe(`ecs deregister-task-definition --task-definition ${REVISION}`);
  expect((await ran({ 'describe-tasks': '1\tEssential container in task exited' })).code).toBe(1);
});

test('a task that did not run to its end never counts as passed', async () => {
  const stopped = await ran({ 'describe-tasks': 'None\tCannotPullContainerError: not found' }, ['get-log-events']);
  expect(stopped.code).toBe(1);
  expect(stopped.stderr).toContain('the checks did not run to their end: CannotPullContainerError: not found');
  expect(stopped.operations.at(-1)).toBe('deregister-task-definition');

  const refused = await ran({ 'run-task': 'None\tRESOURCE:MEMORY' });
  expect(refused).toMatchObject({ code: 2, stdout: '', stderr: 'the task was not started: RESOURCE:MEMORY\n' });
  expect(refused.operations).toEqual(['register-task-definition', 'run-task', 'deregister-task-definition']);
});

test('a call that fails stops the task, and the script', async () => {
  const { code, operations } = await ran({}, ['wait']);
  expect(code).toBe(254);
  expect(operations.slice(2)).toEqual(['wait', 'stop-task', 'deregister-task-definition']);
  expect((await ran({}, ['register-task-definition'])).operations).toEqual(['register-task-definition']);
});
