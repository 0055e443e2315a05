/** Git's own HTTP server (git-http-backend): a repository that --vcs names is recognized, and no login is sent. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { versionControl } from '../../checks/version-control/index.ts';
import { listen } from '../services/listener.ts';
import { preflight } from '../support/preflight.ts';
import { HOST } from './process.ts';

const run = promisify(execFile);

/** A bare repository, behind `git http-backend` as a CGI program (RFC 3875). */
async function startGit(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'preflight-git-'));
  await run('git', ['init', '--quiet', '--bare', join(root, 'stacks.git')]);
  const { port, close } = await listen(
    ({ method = '', url = '' }, response) => {
      const [path = '', query = ''] = url.split('?');
      const env = {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'safe.directory',
        GIT_CONFIG_VALUE_0: '*',
        REQUEST_METHOD: method,
        PATH_INFO: path,
        QUERY_STRING: query,
      };
      const child = spawn('git', ['http-backend'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
      const chunks: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      child.on('close', () => {
        const [, head = '', body = ''] = /^(.*?)\r\n\r\n(.*)$/s.exec(Buffer.concat(chunks).toString('latin1')) ?? [];
        const headers = head.split('\r\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]);
        const status = Number.parseInt(headers.find(([name]) => name === 'Status')?.[1] ?? '200', 10);
        response.writeHead(status, headers.filter(([name]) => name !== 'Status').flat()).end(body, 'latin1');
      });
    },
    HOST,
    undefined,
  );
  onTestFinished(async () => {
    await close();
    await rm(root, { recursive: true });
  });
  return `http://${HOST}:${port}`;
}

test('a repository responds', async () => {
  const at = await startGit();
  const { findings } = await preflight([versionControl], {}, { vcs: [`${at}/stacks.git`] });
  expect(findings).toMatchObject([{ status: 'pass', title: `Git at ${at.slice('http://'.length)} responds` }]);
});

test('a repository that does not exist does not', async () => {
  const at = await startGit();
  const { findings } = await preflight([versionControl], {}, { vcs: [`${at}/stack.git`] });
  expect(findings).toMatchObject([{ status: 'fail', title: expect.stringMatching(/does not respond like/) }]);
});
