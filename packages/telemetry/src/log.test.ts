import { describe, expect, test } from 'vitest';
import { createLogger } from './log.ts';

function capture() {
  const lines: string[] = [];
  const log = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } });
  return { log, lines, last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}') };
}

describe('createLogger', () => {
  test('writes one JSON line with the name, the level as a word and the time', () => {
    const { log, last } = capture();
    log.info({ keys: 2 }, 'keys loaded');
    expect(last()).toMatchObject({ name: 'test', level: 'info', msg: 'keys loaded', keys: 2 });
    expect(last()['time']).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  test.each(['authorization', 'cookie', 'set-cookie', 'token', 'access_token', 'password', 'secret'])(
    'censors %s at every depth up to three',
    (field) => {
      const { log, lines } = capture();
      log.info(
        { [field]: 'hunter2', a: { [field]: 'hunter2', b: { [field]: 'hunter2', c: { [field]: 'hunter2' } } } },
        'x',
      );
      expect(lines.join()).not.toContain('hunter2');
    },
  );

  test('censors in lists, among the bindings of a child, and without changing what it is given', () => {
    const { log, lines, last } = capture();
    const users = [{ name: 'alice', password: 'hunter2' }, { token: 'hunter2' }, null];
    log.child({ secret: 'hunter2' }).info({ users, token: 'hunter2' }, 'x');
    expect(lines.join()).not.toContain('hunter2');
    expect(last()).toMatchObject({ users: [{ name: 'alice', password: '[redacted]' }, { token: '[redacted]' }, null] });
    expect(users[0]).toEqual({ name: 'alice', password: 'hunter2' });
  });

  test('leaves everything else as JSON has it', () => {
    const { log, last } = capture();
    const at = new Date(0);
    log.info({ at, nested: { at, none: undefined, zero: 0 }, nothing: null, deep: { a: { b: { c: { d: 1 } } } } }, 'x');
    expect(last()).toMatchObject({ at: at.toISOString(), nested: { at: at.toISOString(), zero: 0 }, nothing: null });
    expect(last()['nested']).not.toHaveProperty('none');
    expect(last()['deep']).toEqual({ a: { b: { c: { d: 1 } } } });
  });

  test('keeps of an error only type, message, code, stack and cause', () => {
    const { log, last, lines } = capture();
    const reply = Object.assign(new Error('NOSCRIPT'), { command: { name: 'set', args: ['k', 'hunter2'] } });
    log.error({ err: new Error('store failed', { cause: reply }) }, 'request failed');
    expect(lines.join()).not.toContain('hunter2');
    expect(last()['err']).toMatchObject({ type: 'Error', message: 'store failed', cause: { message: 'NOSCRIPT' } });
  });

  test('logs of a request the method and the path, not headers nor query', () => {
    const { log, last } = capture();
    const req = { method: 'GET', url: '/a?access_token=hunter2', headers: { 'x-api-key': 'hunter2' } };
    log.info({ req }, 'incoming request');
    expect(last()['req']).toEqual({ method: 'GET', path: '/a' });
  });
});
