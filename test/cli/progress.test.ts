import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isLive, showFirstLine } from '../../src/cli/first-line.ts';
import { showProgress } from '../../src/cli/progress.ts';
import { styleOf } from '../../src/cli/terminal.ts';
import type { Check } from '../../src/engine/check.ts';
import { fakeCheck } from '../fakes.ts';

const TIMERS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;

/** A terminal that keeps what is drawn on it. */
function terminal(columns = 80) {
  const drawn: string[] = [];
  const stream = Object.assign(new PassThrough(), {
    isTTY: true,
    columns,
    write: (chunk: string) => {
      drawn.push(chunk);
      return true;
    },
    cursorTo: () => void drawn.push('<home>'),
    clearLine: () => void drawn.push('<clear>'),
    moveCursor: () => true,
  });
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    text: () => stripVTControlCharacters(drawn.join('')),
    drawn,
  };
}

const hostOn = (stderr: NodeJS.WriteStream, args: readonly string[], more: object = {}): NodeJS.Process =>
  Object.assign(new EventEmitter(), {
    argv: ['node', 'preflight', ...args],
    env: {},
    stderr,
    ...more,
  }) as unknown as NodeJS.Process;

const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const check = (id: string): Check => fakeCheck(id, ['x'], async () => {});

describe('progress', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: [...TIMERS, 'Date', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('says what is still being waited for, and for how long, in one line that it clears', async () => {
    const { stream, text, drawn } = terminal();
    const { observer, stop } = await showProgress(stream);
    observer.started?.(check('database'));
    observer.started?.(check('object-storage'));
    await wait(1_300);
    observer.finished?.(check('object-storage'));
    await wait(300);
    observer.finished?.(check('database'));
    await wait(300);
    stop();
    expect(text()).toContain('waiting for database 0 s, object-storage 0 s');
    expect(text()).toContain('waiting for database 1 s, object-storage 1 s');
    expect(text()).toMatch(/waiting for database 1 s(?!,)/);
    expect(text()).toContain('cleaning up');
    expect(text()).not.toContain('\n');
    expect(drawn.slice(-4)).toContain('<clear>');
  });

  it('says what is still missing, and for how long, while it is tried again', async () => {
    const { stream, text } = terminal();
    const { observer, stop } = await showProgress(stream);
    observer.missing?.(['database/connect', 'object-storage/states/access']);
    await wait(300);
    observer.started?.(check('database'));
    observer.missing?.(['database/connect']);
    await wait(1_000);
    stop();
    expect(text()).toContain('waiting 0 s for database/connect, object-storage/states/access');
    expect(text()).toMatch(/waiting 1 s for database\/connect(?!,)/);
    expect(text()).not.toContain('waiting for database');
  });

  it('says what has failed and is not printed yet', async () => {
    const { stream, text, drawn } = terminal();
    const { observer, stop } = await showProgress(stream);
    const shownAfter = async (happens: () => void) => {
      happens();
      drawn.length = 0;
      await wait(300);
      return text();
    };
    await wait(300);
    observer.started?.(check('images'));
    expect(await shownAfter(() => observer.failed?.('database/connect'))).toContain(
      'database/connect failed; waiting for images 0 s',
    );
    expect(await shownAfter(() => observer.failed?.('login/admin'))).toContain(
      '2 failed so far; waiting for images 0 s',
    );
    expect(await shownAfter(() => observer.settled?.(check('database')))).toContain(
      'login/admin failed; waiting for images 0 s',
    );
    expect(await shownAfter(() => observer.settled?.(check('login')))).toMatch(/. waiting for images 1 s$/);
    stop();
  });

  it('goes on from the first line, without a gap', async () => {
    const { stream, drawn, text } = terminal();
    const host = hostOn(stream, ['-f', 'x.env']);
    const first = showFirstLine(host);
    expect(text()).toBe('  reading the config');
    const { stop } = await showProgress(stream, '…', first);
    expect(text()).toMatch(/^ {2}reading the config<home>. reading the config$/);
    first.clear();
    stop();
    expect(drawn.filter((one) => one === '\r\u001b[K')).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('the first line is cleared by %s, which still ends the process', (signal) => {
    const { stream, drawn } = terminal();
    const killed: unknown[] = [];
    const host = hostOn(stream, [], { pid: 7, kill: (...how: unknown[]) => void killed.push(how) });
    showFirstLine(host);
    host.emit(signal, signal);
    expect(drawn).toEqual(['  reading the config', '\r\u001b[K']);
    expect(killed).toEqual([[7, signal]]);
    expect(host.eventNames()).toEqual([]);
    showFirstLine(host).handOver();
    expect(host.eventNames()).toEqual([]);
  });

  it('fits a narrow terminal', async () => {
    const { stream, text } = terminal(40);
    const { observer, stop } = await showProgress(stream);
    for (const id of ['database', 'object-storage', 'message-queues']) observer.started?.(check(id));
    await wait(300);
    stop();
    expect(text()).toContain('waiting for database 0 s, object-sto…');
    expect(text()).not.toContain('message-queues');
  });

  it('is plain ASCII where there is no more', async () => {
    const { stream, text } = terminal(40);
    const { observer, stop } = await showProgress(stream, '...');
    for (const id of ['database', 'object-storage', 'message-queues']) observer.started?.(check(id));
    await wait(300);
    stop();
    expect(text()).toContain('waiting for database 0 s, object-s...');
  });

  it('ends when the terminal no longer has a width: clearing the line would never end', async () => {
    const { stream, drawn } = terminal();
    const { observer, stop } = await showProgress(stream);
    observer.started?.(check('database'));
    await wait(300);
    Object.assign(stream, { columns: 0 }).emit('resize');
    const before = drawn.length;
    await wait(1_000);
    expect(drawn.length).toBe(before);
    stop();
    expect(stream.listenerCount('resize')).toBe(0);
  });

  it('shows nothing when the run is over at once', async () => {
    const { stream, drawn } = terminal();
    const { stop } = await showProgress(stream);
    stop();
    await wait(300);
    expect(drawn.join('')).not.toContain('waiting');
  });

  it.each([
    [[], true],
    [['check', '-f', 'x.env'], true],
    [['-v', '-fq.env'], true],
    [['-qf', 'x.env'], false],
    [['-f', 'x.env', '-vq'], false],
    [['--quiet'], false],
    [['--debug=x.log'], false],
    [['--help'], false],
    [['-h'], false],
    [['explain'], false],
    [['run', 'kubernetes'], false],
  ])('is announced before anything else is loaded, with %j: %j', (args, expected) => {
    const { stream, drawn } = terminal();
    const host = hostOn(stream, args);
    const first = showFirstLine(host);
    expect(drawn.length > 0).toBe(expected);
    first.clear();
    first.clear();
    expect(drawn.join('')).toBe(expected ? '  reading the config\r\u001b[K' : '');
  });

  it.each([
    [{ isTTY: true, columns: 80 }, {}, true],
    [{ isTTY: true, columns: 0 }, {}, false],
    [{ isTTY: true }, {}, false],
    [{ isTTY: true, columns: 80 }, { TERM: 'dumb' }, false],
    [{ isTTY: true, columns: 80 }, { CI: 'true' }, false],
    [{ isTTY: true, columns: 80 }, { CI: 'false' }, true],
    [{ isTTY: false }, {}, false],
  ])('terminal: %j, environment %j: %j', (stream, env, expected) => {
    expect(isLive(stream as NodeJS.WriteStream, env)).toBe(expected);
  });
});

describe('the style', () => {
  const style = (stream: { isTTY: boolean; columns?: number }, env = {}) =>
    styleOf(stream as NodeJS.WriteStream, env, { color: false, verbosity: 'normal' });

  it.each([
    [{ isTTY: false }, 80],
    [{ isTTY: true, columns: 90 }, 90],
    [{ isTTY: true, columns: 240 }, 100],
    [{ isTTY: true, columns: 10 }, 40],
    [{ isTTY: true, columns: 0 }, 80],
    [{ isTTY: true }, 80],
  ])('%j is %d columns wide', async (stream, width) => {
    expect((await style(stream)).width).toBe(width);
  });

  it('of a dumb terminal is ASCII', async () => {
    expect(await style({ isTTY: false }, { TERM: 'dumb' })).toMatchObject({ unicode: false, color: 0 });
  });

  it.each([
    [{}, true],
    [{ LANG: 'C.UTF-8' }, true],
    [{ LANG: 'de_DE.utf8' }, true],
    [{ LANG: 'en_US' }, true],
    [{ LANG: 'C' }, false],
    [{ LANG: 'en_GB.ISO-8859-15' }, false],
    [{ LC_ALL: 'POSIX', LANG: 'en_US.UTF-8' }, false],
    [{ LC_ALL: 'en_US.UTF-8', LANG: 'C' }, true],
  ])('of the locale %j has Unicode: %j', async (env, unicode) => {
    expect(await style({ isTTY: true, columns: 80 }, env)).toMatchObject({ unicode });
  });
});
