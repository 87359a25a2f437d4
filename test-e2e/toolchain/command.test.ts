import { expect, test } from 'vitest';
import { run } from './command.ts';

const node = (source: string, options = {}) => run(process.execPath, ['-e', source], options);

test('a command answers its exit code, its output and its last lines of both streams', async () => {
  const result = await node('console.log("out"); console.error("err"); process.exitCode = 3');
  expect(result).toMatchObject({ code: 3, stdout: 'out' });
  expect(result.tail.split('\n').toSorted()).toEqual(['err', 'out']);
});

test('a program that is missing is told in the tail', async () => {
  expect(await run('no-such-program', [])).toMatchObject({ code: -1, tail: expect.stringContaining('ENOENT') });
});

test('an interrupted command has ended when its run rejects with the reason of the signal', async () => {
  const interrupt = new AbortController();
  const pids: number[] = [];
  const running = node('console.log(process.pid); setInterval(() => {}, 1000)', {
    signal: interrupt.signal,
    onLine: (line: string) => {
      pids.push(Number(line));
      interrupt.abort(new Error('enough'));
    },
  });
  await expect(running).rejects.toThrow('enough');
  expect(() => process.kill(pids[0] ?? 0, 0)).toThrow('ESRCH');
});
