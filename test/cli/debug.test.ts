/** `--debug`: every request on a line, nothing secret in it, and nothing else changes. */
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { withoutValues } from '../../src/cli/debug/http.ts';
import { lineOf } from '../../src/cli/debug/line.ts';
import { withOwnDebug } from '../../src/cli/debug/option.ts';
import { redactor } from '../../src/config/redact.ts';
import { refusedPort } from '../services/tcp.ts';
import { canary } from '../support/canaries.ts';
import { command } from './host.ts';
import { dotenv, SECRETS } from './spawned.ts';

let folder: string;
let config: string;
let store: http.Server;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-debug-'));
  // A store that is always busy: each request is tried three times.
  store = http.createServer((_, response) => response.writeHead(503).end()).listen(0, '127.0.0.1');
  await new Promise((done) => store.once('listening', done));
  ({ port } = store.address() as AddressInfo);
  const refused = await refusedPort();
  config = join(folder, 'config.env');
  await writeFile(config, dotenv({ database: refused.port, store: port, broker: refused.port }));
  await refused.close();
});
afterAll(async () => {
  store.closeAllConnections();
  await Promise.all([new Promise((done) => store.close(done)), rm(folder, { recursive: true })]);
});

const ONLY = ['--only', 'object-storage/states/*', '--only', 'database/*'];
const LINE = /^\+ *\d+ ms {2}(run|dns|tcp|tls|udp|http|grpc|mqtt|sql|exec) *(?:\S.*)$/;

describe('the log', () => {
  it('has a line for each request, with status, time and attempt, on standard error', async () => {
    const { code, stderr, stdout } = await command(['-f', config, ...ONLY, '-o', 'json', '--debug']);
    const without = await command(['-f', config, ...ONLY, '-o', 'json']);
    expect(code).toBe(without.code);
    const verdicts = (text: string) =>
      JSON.parse(text).checks.map(
        (check: { id: string; status: string; findings: { id: string; title: string }[] }) => [
          check.id,
          check.status,
          check.findings.map(({ id, title }) => [id, title]),
        ],
      );
    expect(verdicts(stdout)).toEqual(verdicts(without.stdout));
    expect(without.stderr).toBe('');
    const lines = stderr.trimEnd().split('\n');
    for (const line of lines) {
      expect(line).toMatch(LINE);
      expect(line.length).toBeLessThanOrEqual(300);
    }
    expect(lines[0]).toMatch(/run {3}spacelift-preflight \d/);
    expect(lines.at(-1)).toMatch(/run {3}end of the command$/);
    expect(stderr).toMatch(/tcp {3}ECONNREFUSED in \d+ ms: 127\.0\.0\.1:\d+$/m);
    const requests = lines.filter((line) => line.includes(` 503 in `));
    expect(requests.join('\n')).toMatch(new RegExp(`: (PUT|GET|HEAD) http://127\\.0\\.0\\.1:${port}/[\\w-]+`));
    for (const attempt of ['(attempt 2)', '(attempt 3)'])
      expect(requests.filter((line) => line.endsWith(attempt)).length, attempt).toBeGreaterThan(0);
    for (const secret of Object.values(SECRETS)) expect(stderr).not.toContain(secret);
  });

  it('goes to a private file as it happens, and replaces an earlier one', async () => {
    const path = join(folder, 'debug.log');
    await writeFile(path, 'an earlier log\n');
    await chmod(path, 0o600);
    const { code, stderr } = await command(['-f', config, ...ONLY, '-q', `--debug=${path}`]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const log = await readFile(path, 'utf8');
    expect(log).not.toContain('earlier');
    expect(log.trimEnd().split('\n').at(-1)).toMatch(/end of the command$/);
    const fresh = join(folder, 'new.log');
    await command(['-f', config, ...ONLY, '-q', `--debug=${fresh}`]);
    expect((await stat(fresh)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['a directory', '.', 'it is a directory'],
    ['in no directory', 'nowhere/debug.log', 'its directory does not exist'],
    ['a link to elsewhere', 'link', 'it is a symbolic link to a file outside its directory'],
  ])('%s is exit code 2 and one line', async (_, name, reason) => {
    const path = join(folder, name);
    if (name === 'link') await symlink('/etc/hosts', path);
    const { code, stdout, stderr } = await command(['-f', config, `--debug=${path}`]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(`spacelift-preflight: cannot write ${path}: ${reason}\n`);
  });

  it('is not for commands that contact nothing, and belongs after the command', async () => {
    const plan = await command(['plan', '-f', config, '--debug']);
    expect(plan).toMatchObject({ code: 2, stderr: 'spacelift-preflight: plan does not support --debug\n' });
    const before = await command(['--debug', 'cleanup', '-f', config]);
    expect(before).toMatchObject({ code: 2, stderr: 'spacelift-preflight: put --debug after cleanup\n' });
  });
});

test('the option never takes the next argument', () => {
  expect(withOwnDebug(['run', '--debug', 'kubernetes'])).toEqual(['run', '--debug=', 'kubernetes']);
  expect(withOwnDebug(['--debug=x', '--', '--debug'])).toEqual(['--debug=x', '--', '--debug']);
});

describe('a line', () => {
  const secret = canary('ADMIN_PASSWORD');
  const line = (what: string, result?: string) =>
    lineOf(redactor([secret]), 12.4, { kind: 'http', what, ...(result !== undefined && { result, ms: 3.2 }) });

  test.each<[string, string, string]>([
    ['a secret', `GET https://host/${secret}/x`, 'GET https://host/‹redacted›/x'],
    ['its base64 form', Buffer.from(`me:${secret}`).toString('base64'), '‹redacted›'],
    ['a token', 'GET https://host/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'GET https://host/‹redacted›'],
    ['a login', 'GET https://me:hunter2@host/', 'GET https://‹redacted›@host/'],
    ['escapes', 'GET /\u001b[2J\u009b1A\u202e', 'GET /\\u{1b}[2J\\u{9b}1A\\u{202e}'],
    ['line ends', 'SELECT\r\n  1\u2028  FROM x', 'SELECT 1\\u{2028} FROM x'],
    ['a command of a CI runner', 'x ##[error]y ##vso[task]z', 'x #\\u{23}[error]y #\\u{23}vso[task]z'],
  ])('%s', (_, what, shown) => {
    const text = line(what);
    expect(text).toContain(shown);
    expect(text).not.toContain(secret);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would run
    expect(text.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  it('is cut after redaction, and says how it ended first', () => {
    const text = line(`GET https://host/${'a'.repeat(250)}${secret}${'b'.repeat(5000)}`, '200');
    expect(text.length).toBe(301);
    expect(text).toMatch(/^\+ {4}12 ms {2}http {2}200 in 3 ms: GET https:\/\/host\/a+.*…\n$/);
    expect(text).not.toContain(secret.slice(0, 8));
  });
});

test.each([
  ['/b?versioning', '/b?versioning'],
  ['/b?uploads=&x-id=ListObjects', '/b?uploads&x-id=ListObjects'],
  ['/b/k?X-Amz-Signature=0123&X-Amz-Credential=AKIA', '/b/k?X-Amz-Signature=…&X-Amz-Credential=…'],
  ['/b?sv=2024&sig=abc%3D&comp=list', '/b?sv=…&sig=…&comp=list'],
  ['/hook?hunter2hunter2', '/hook?…'],
  ['/?0123456789abcdef=x', '/?…'],
  ['/path', '/path'],
])('the query of %s', (path, shown) => {
  expect(withoutValues(path)).toBe(shown);
});
