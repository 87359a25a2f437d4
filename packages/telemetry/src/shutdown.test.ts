import { describe, expect, test } from 'vitest';
import { ConfigError } from './config.ts';
import { createLogger } from './log.ts';
import { type Closer, failStart, onSignals } from './shutdown.ts';
import { standStill } from './testing/stand-still.ts';

const log = createLogger({ name: 'test', level: 'silent' });

/** A process that records: `signal()` delivers one, `exited` resolves with the code. */
function fakeProcess() {
  const listeners: (() => void)[] = [];
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const written: string[] = [];
  return {
    exited,
    written,
    signal: () => {
      for (const listener of listeners) listener();
    },
    on: (_: string, listener: () => void) => void listeners.push(listener),
    exit: (code: number) => resolve(code),
    stderr: { write: (text: string) => void written.push(text) },
  };
}

function recorder() {
  const closed: string[] = [];
  const closer = (name: string, close = async () => {}): Closer => ({
    name,
    close: async () => {
      closed.push(name);
      await close();
    },
  });
  return { closed, closer };
}

describe('onSignals', () => {
  test('runs the closers once, in order, and exits 0', async () => {
    const process = fakeProcess();
    const { closed, closer } = recorder();
    onSignals({ process, log, closers: [closer('http'), closer('redis')] });
    process.signal();
    process.signal();
    expect(await process.exited).toBe(0);
    expect(closed).toEqual(['http', 'redis']);
  });

  test('goes on after a closer that fails, and exits 1', async () => {
    const process = fakeProcess();
    const { closed, closer } = recorder();
    const failing = closer('http', () => Promise.reject(new Error('no')));
    onSignals({ process, log, closers: [failing, closer('redis')] });
    process.signal();
    expect(await process.exited).toBe(1);
    expect(closed).toEqual(['http', 'redis']);
  });

  test('gives closers their time also when the process stands still for longer than that', async () => {
    const process = fakeProcess();
    const { closer } = recorder();
    const ends = () => new Promise<void>((resolve) => setTimeout(() => setImmediate(resolve), 100));
    onSignals({ process, log, closers: [closer('http', ends)], deadlineMs: 1_000 });
    process.signal();
    standStill(1_500);
    expect(await process.exited).toBe(0);
  });

  test('exits 1 when a closer does not end before the deadline', async () => {
    const process = fakeProcess();
    const { closer } = recorder();
    onSignals({ process, log, closers: [closer('http', () => new Promise(() => undefined))], deadlineMs: 20 });
    process.signal();
    expect(await process.exited).toBe(1);
  });
});

describe('failStart', () => {
  test('tells an expected error without a stack', async () => {
    const process = fakeProcess();
    failStart('auth', new ConfigError([{ variable: 'REDIS_URL', text: 'is not set' }]), process);
    expect(await process.exited).toBe(1);
    expect(process.written).toEqual(['auth: the environment is not usable:\n  REDIS_URL is not set\n']);
  });

  test('tells the causes of an expected error', () => {
    const process = fakeProcess();
    const refused = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
    const error = Object.assign(new Error('the database does not answer', { cause: refused }), { code: 'unavailable' });
    failStart('auth', error, process);
    expect(process.written).toEqual(['auth: the database does not answer: ECONNREFUSED\n']);
  });

  test('shows the stack of a defect', () => {
    const process = fakeProcess();
    failStart('auth', new TypeError('x is not a function'), process);
    expect(process.written.join()).toContain('shutdown.test.ts');
  });
});
