import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { waitFor } from '../mesh/wait.ts';
import { CommandError } from './commands.ts';
import { runOnKind } from './run.ts';
import { type Settings, settingsFrom } from './settings.ts';
import type { Suite } from './start-suite.ts';

const passes: Suite = async () => 0;
/** Of these runs alone: others on this machine hold theirs. */
const cluster = `test-${randomUUID()}`;
const CREATED = new RegExp(`^create cluster --name ${cluster} `);
const EXPORTED = new RegExp(`^export logs --name ${cluster} .*/logs/nodes$`);
const DELETED = new RegExp(`^delete cluster --name ${cluster} `);

interface Plan {
  readonly env?: Readonly<Record<string, string>>;
  readonly suite?: Suite;
  /** Shell of a `kind` that has written down its arguments. */
  readonly kind?: string;
}

/** A run with a `kind` that makes no cluster; what it was asked for, a line each. */
async function world({ env = {}, suite = passes, kind = '' }: Plan) {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-kind-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [program, asked] = [join(folder, 'kind'), join(folder, 'asked')];
  await writeFile(asked, '');
  await writeFile(program, `#!/bin/sh\necho "$*" >> ${asked}\n${kind}\n`);
  await chmod(program, 0o755);
  const settings: Settings = { ...settingsFrom({ CLUSTER: cluster, ...env }), folder: join(folder, 'run') };
  const there = async (): Promise<string> => program;
  const tools = { docker: there, kind: there, istioctl: there };
  const stop = new AbortController();
  const said: string[] = [];
  const report = (line: string) => void said.push(line);
  const calls = async () => (await readFile(asked, 'utf8')).split('\n').slice(0, -1);
  return { run: { settings, tools, suite, report, signal: stop.signal }, stop, said, calls, folder };
}

test('a cluster is made for the suite and deleted after it', async () => {
  const seen: unknown[] = [];
  const suite: Suite = async (variables) => {
    seen.push(variables);
    return 0;
  };
  const { run, calls } = await world({ suite, env: { KIND_CONFIG: import.meta.filename, NODE_IMAGE: 'node:v1' } });
  expect(await runOnKind(run)).toBe(0);
  expect(seen).toEqual([{ KUBECONFIG: `${run.settings.folder}-kubeconfig`, KEEP: '1' }]);
  const [, created, ...rest] = await calls();
  expect(created).toMatch(CREATED);
  expect(created).toContain(`--config ${import.meta.filename} --image node:v1`);
  expect(rest).toEqual([expect.stringMatching(DELETED)]);
});

test.for<[title: string, plan: Plan]>([
  ['a test fails', { suite: async () => 1 }],
  ['the suite cannot be run', { suite: () => Promise.reject(new CommandError('no suite')) }],
  ['the cluster does not come up', { kind: 'test "$1" != create' }],
  ['neither it comes up nor its logs can be had', { kind: 'test "$1" != create -a "$1" != export' }],
])('its logs are kept and it is deleted where %s', async ([, plan]) => {
  const { run, calls } = await world(plan);
  const code = await runOnKind(run).catch((error: unknown) => {
    expect(error).toBeInstanceOf(CommandError);
    return 1;
  });
  expect(code).toBe(1);
  expect((await calls()).slice(-2)).toEqual([expect.stringMatching(EXPORTED), expect.stringMatching(DELETED)]);
});

test('it is deleted when somebody interrupts its creation', async () => {
  const { run, stop, calls } = await world({ kind: 'if test "$1" = create; then exec sleep 600; fi' });
  const running = runOnKind(run);
  const ended = expect(running).rejects.toThrow('enough');
  await waitFor('the creation has begun', async () => (await calls()).some((call) => CREATED.test(call)), {
    timeout: 60_000,
  });
  stop.abort(new Error('enough'));
  await ended;
  expect((await calls()).at(-1)).toMatch(DELETED);
}, 120_000);

test('with KEEP it stays, and how to use and delete it is told', async () => {
  const { run, said, calls } = await world({ env: { KEEP: '1' } });
  await runOnKind(run);
  expect((await calls()).filter((call) => DELETED.test(call))).toEqual([]);
  expect(said.at(-1)).toContain(`make e2e KUBECONFIG=${run.settings.folder}-kubeconfig`);
  expect(said.at(-1)).toContain(`kind delete cluster --name ${cluster}`);
});

test('one that is there already is neither used nor deleted', async () => {
  const { run, calls } = await world({ kind: `echo other; echo ${cluster}` });
  await expect(runOnKind(run)).rejects.toThrow(`there is a kind cluster ${cluster} already`);
  expect(await calls()).toEqual(['get clusters']);
});

test('that a cluster is not deleted is told beside why the run failed', async () => {
  const { run } = await world({
    suite: () => Promise.reject(new CommandError('no suite')),
    kind: 'test "$1" != delete',
  });
  await expect(runOnKind(run)).rejects.toMatchObject({
    suppressed: { message: 'no suite' },
    error: { message: expect.stringContaining('kind delete cluster --name failed (1)') },
  });
});

test('the cluster that KUBECONFIG names is used, and stays', async () => {
  const { run, calls, folder } = await world({});
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, 'current-context: kind-mine\n');
  expect(await runOnKind({ ...run, settings: { ...run.settings, kubeconfig } })).toBe(0);
  expect(await calls()).toEqual([]);
});

test('what is missing is told before anything is made', async () => {
  const { run, calls, folder } = await world({});
  const missing = join(folder, 'missing.yaml');
  const withSettings = (settings: Partial<Settings>) =>
    runOnKind({ ...run, settings: { ...run.settings, ...settings } });
  await expect(withSettings({ kindConfig: missing })).rejects.toThrow(`KIND_CONFIG=${missing}: no file`);
  await expect(withSettings({ istioConfig: missing })).rejects.toThrow(`ISTIO_CONFIG=${missing}: no file`);
  await expect(withSettings({ kubeconfig: missing })).rejects.toThrow(`KUBECONFIG=${missing}: no file`);
  for (const name of ['docker', 'kind', 'istioctl'] as const) {
    const tools = { ...run.tools, [name]: () => Promise.reject(new CommandError(`no ${name}`)) };
    await expect(runOnKind({ ...run, tools })).rejects.toThrow(`no ${name}`);
  }
  expect(await calls()).toEqual([]);
});

test('of two runs on one cluster the second one is refused', async () => {
  let end = (): void => undefined;
  const begun = Promise.withResolvers<void>();
  const suite: Suite = () =>
    new Promise((resolve) => {
      end = () => resolve(0);
      begun.resolve();
    });
  const first = await world({ suite });
  const running = runOnKind(first.run);
  await begun.promise;
  const second = await world({});
  await expect(runOnKind(second.run)).rejects.toThrow(`another run on the cluster ${cluster} has not ended yet`);
  expect(await second.calls()).toEqual([]);
  end();
  expect(await running).toBe(0);
});
