import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProcessSpec } from './managed-process.ts';
import { isAlive, processesOf } from './proc.ts';
import { readRecord, Supervisor } from './supervisor.ts';
import { waitFor } from './wait.ts';

const PATIENCE = { timeout: 60_000 };

let folder: string;
let supervisor: Supervisor;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervisor-'));
  supervisor = new Supervisor(join(folder, 'processes.json'), folder);
});
afterEach(async () => {
  await supervisor.stop();
  rmSync(folder, { recursive: true });
});

const record = () => readRecord(join(folder, 'processes.json'));

/** A Node program that is ready once it wrote its file. */
function program(name: string, source: string, options: Partial<ProcessSpec> = {}): ProcessSpec {
  const started = join(folder, `${name}.started`);
  const script = `require('node:fs').writeFileSync(${JSON.stringify(started)}, ''); ${source}`;
  return {
    name,
    command: process.execPath,
    args: ['-e', script],
    log: join(folder, `${name}.log`),
    ready: async () => existsSync(started),
    ...options,
  };
}

test('a process that is ready is listed with its pid', async () => {
  await supervisor.start(program('one', 'setInterval(() => {}, 1000)'));
  expect(record()).toMatchObject([{ name: 'one', state: 'ready', restarts: 0 }]);
});

test('a process that exits while it starts fails the start, with its last lines', async () => {
  const dying = program('dying', 'console.error("no such database"); process.exit(3)', { ready: async () => false });
  await expect(supervisor.start(dying)).rejects.toThrow(/dying exited with code 3.*no such database/s);
});

test('a process that never gets ready fails the start in bounded time, and is ended', async () => {
  const slow = program('slow', 'setInterval(() => {}, 1000)', { ready: async () => false, readyWithin: 300 });
  await expect(supervisor.start(slow)).rejects.toThrow('slow did not become ready in time');
  await supervisor.stop();
  expect(processesOf(folder)).toEqual([]);
});

test('a program that is not there fails the start', async () => {
  const missing = program('missing', '', { command: join(folder, 'no-such-program') });
  await expect(supervisor.start(missing)).rejects.toThrow(/missing could not start: .*ENOENT/);
});

test('a killed process comes back under a new pid', async () => {
  await supervisor.start(program('one', 'setInterval(() => {}, 1000)'));
  const [before] = record();
  process.kill(before?.pid ?? 0, 'SIGKILL');
  const after = await waitFor(
    'a new process',
    async () => record().find((row) => row.restarts === 1 && row.state === 'ready'),
    PATIENCE,
  );
  expect(after.pid).not.toBe(before?.pid);
});

test('a process that is held down stays down until it is let up', async () => {
  await supervisor.start(program('one', 'setInterval(() => {}, 1000)'));
  const [before] = record();
  await supervisor.down('one');
  await supervisor.down('one');
  expect(record()).toMatchObject([{ state: 'restarting' }]);
  expect(processesOf(folder)).toEqual([]);
  await supervisor.up('one');
  const [after] = record();
  expect(after).toMatchObject({ state: 'ready' });
  expect(after?.pid).not.toBe(before?.pid);
});

test('what is held down does not keep the others from stopping', async () => {
  await supervisor.start(program('one', 'setInterval(() => {}, 1000)'));
  await supervisor.start(program('two', 'setInterval(() => {}, 1000)'));
  await supervisor.down('one');
  await supervisor.stop();
  expect(processesOf(folder)).toEqual([]);
  expect(record()).toEqual([]);
});

test('stopping ends every process and what it started, also one that ignores SIGTERM', async () => {
  const child = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);`;
  await supervisor.start(
    program('parent', `${child} process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`, { grace: 200 }),
  );
  const both = async () => {
    const running = processesOf(folder);
    return running.length >= 2 && running;
  };
  const running = await waitFor('it started another one', both, PATIENCE);
  await supervisor.stop();
  await waitFor('the group is gone', async () => !running.some(isAlive), PATIENCE);
  expect(record()).toEqual([]);
});

test('children see none of the environment of the supervisor but PATH and HOME', async () => {
  process.env['LEAKED'] = 'yes';
  const names = join(folder, 'names');
  const source = `require('node:fs').writeFileSync(${JSON.stringify(names)}, Object.keys(process.env).sort().join(' ')); setInterval(() => {}, 1000)`;
  await supervisor.start(program('one', source, { env: { OWN: '1' }, ready: async () => existsSync(names) }));
  await waitFor('the names', async () => readFileSync(names, 'utf8') === 'HOME OWN PATH SEKISHO_MESH', PATIENCE);
});

test('supervision goes on when its record cannot be written', async () => {
  const records = join(folder, 'records');
  mkdirSync(records);
  const blind = new Supervisor(join(records, 'processes.json'), folder);
  try {
    await blind.start(program('one', 'setInterval(() => {}, 1000)'));
    const [before] = readRecord(join(records, 'processes.json'));
    rmSync(records, { recursive: true });
    process.kill(before?.pid ?? 0, 'SIGKILL');
    await waitFor('a new process', async () => processesOf(folder).some(({ pid }) => pid !== before?.pid), PATIENCE);
  } finally {
    await blind.stop();
  }
  expect(processesOf(folder)).toEqual([]);
});
