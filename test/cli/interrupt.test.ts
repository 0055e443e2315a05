import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { interruptible } from '../../src/cli/interrupt.ts';
import { CrashedError, InterruptedError } from '../../src/engine/timeouts.ts';

function fakeHost() {
  const exits: unknown[] = [];
  const host = Object.assign(new EventEmitter(), { exit: (code: unknown) => void exits.push(code) });
  return { host, exits, asProcess: host as unknown as NodeJS.Process };
}

describe('a signal', () => {
  it.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends the run, and a second one the process', (signal, code) => {
    const { host, exits, asProcess } = fakeHost();
    const said: string[] = [];
    const interrupt = interruptible(asProcess, (name) => said.push(name));
    expect(interrupt.exitCode).toBeUndefined();
    host.emit(signal, signal);
    expect(interrupt.signal.reason).toBeInstanceOf(InterruptedError);
    expect(interrupt.exitCode).toBe(code);
    expect({ said, exits }).toEqual({ said: [signal], exits: [] });
    host.emit('SIGTERM', 'SIGTERM');
    expect(exits).toEqual([code]);
  });

  it('is the system’s again after the release', () => {
    const { host, asProcess } = fakeHost();
    interruptible(asProcess, () => {}).release();
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) expect(host.listenerCount(signal)).toBe(0);
  });
});

it.each(['uncaughtException', 'unhandledRejection'])('%s ends the run, and keeps the error', (event) => {
  const { host, exits, asProcess } = fakeHost();
  const interrupt = interruptible(asProcess, () => {});
  const error = new Error('boom');
  host.emit(event, error);
  expect(interrupt.signal.reason).toBeInstanceOf(CrashedError);
  expect((interrupt.signal.reason as CrashedError).error).toBe(error);
  expect({ code: interrupt.exitCode, exits }).toEqual({ code: undefined, exits: [] });
  // Another one, while the report is being made, changes nothing.
  host.emit(event, new Error('again'));
  expect((interrupt.signal.reason as CrashedError).error).toBe(error);
});
