import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createTerminal } from './terminal.ts';

function setUp(isTTY: boolean) {
  const modes: boolean[] = [];
  const setRawMode = (mode: boolean) => modes.push(mode);
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode });
  const shown = { out: '', err: '' };
  const sink = (name: 'out' | 'err') =>
    Object.assign(
      new PassThrough().on('data', (chunk) => {
        shown[name] += String(chunk);
      }),
      { isTTY },
    );
  const streams = { stdin, stdout: sink('out'), stderr: sink('err') };
  // The types of a real terminal have much more than is used.
  const terminal = createTerminal(streams as unknown as Parameters<typeof createTerminal>[0]);
  return { terminal, stdin, shown, modes };
}

describe('a secret', () => {
  test('is read to Enter, with corrections, while nothing is shown', async () => {
    const { terminal, stdin, shown, modes } = setUp(true);
    const answer = terminal.askSecret('Password: ');
    stdin.write('hunterx\u007f');
    stdin.write('2\u65e5\r');
    expect(await answer).toBe('hunter2\u65e5');
    expect(shown).toEqual({ out: '', err: 'Password: \n' });
    expect(modes).toEqual([true, false]);
  });

  test('is given up with Ctrl-C, and the terminal is as before', async () => {
    const { terminal, stdin, modes } = setUp(true);
    const answer = terminal.askSecret('Password: ');
    stdin.write('hun\u0003');
    await expect(answer).rejects.toMatchObject({ code: 'interrupted', exitCode: 130 });
    expect(modes).toEqual([true, false]);
  });
});

describe('standard input', () => {
  test('is read whole', async () => {
    const { terminal, stdin } = setUp(false);
    stdin.end('a\nb');
    expect(await terminal.readInput()).toBe('a\nb');
    expect(terminal.isInteractive).toBe(false);
  });

  test('is bounded', async () => {
    const { terminal, stdin } = setUp(false);
    stdin.end('x'.repeat(70_000));
    await expect(terminal.readInput()).rejects.toMatchObject({ code: 'usage' });
  });
});
