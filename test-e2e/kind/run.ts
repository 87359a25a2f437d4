import { access, mkdir, rm } from 'node:fs/promises';
import { claim } from '../mesh/claim.ts';
import { CommandError } from './commands.ts';
import { kindName, OwnCluster } from './kind-cluster.ts';
import type { Settings } from './settings.ts';
import type { Suite } from './start-suite.ts';
import type { Tools } from './tools.ts';

export interface KindRun {
  readonly settings: Settings;
  readonly tools: Pick<Tools, 'docker' | 'kind' | 'istioctl'>;
  readonly suite: Suite;
  readonly report: (line: string) => void;
  /** Ends the run, and a cluster that it made with it. */
  readonly signal: AbortSignal;
}

/**
 * Runs the suite on the cluster that KUBECONFIG names, or on one that is made for it, and deleted whatever happens. What is missing is told before
 * anything is made.
 * @returns exit code of the suite
 */
export async function runOnKind(run: KindRun): Promise<number> {
  const { settings, suite, signal } = run;
  const { kubeconfig, folder } = settings;
  const kind = await prerequisites(run);
  await using held = new AsyncDisposableStack();
  const name = kubeconfig === undefined ? settings.cluster : kindName(kubeconfig);
  held.defer(await alone(`kind/cluster/${name}`, `on the cluster ${name}`));
  held.defer(await alone(`kind/folder/${folder}`, 'of this checkout'));
  const own = kubeconfig === undefined ? new OwnCluster(kind, settings) : undefined;
  await own?.refuseAnother();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // Awaited: what is held is given back when this function returns.
  return await (own === undefined ? suite({}, signal) : onOwnCluster(own, run));
}

/** @returns the program `kind` */
async function prerequisites({ settings, tools }: KindRun): Promise<string> {
  const { kubeconfig, kindConfig, istioConfig } = settings;
  const files = { KUBECONFIG: kubeconfig, KIND_CONFIG: kindConfig, ISTIO_CONFIG: istioConfig };
  for (const [variable, file] of Object.entries(files)) if (file !== undefined) await readable(variable, file);
  await tools.docker();
  if (kubeconfig === undefined) await tools.istioctl();
  return tools.kind();
}

async function readable(variable: string, file: string): Promise<void> {
  await access(file).catch((cause: unknown) => {
    throw new CommandError(`${variable}=${file}: no file that can be read. Name another one, or unset ${variable}.`, {
      cause,
    });
  });
}

/** Two runs would remove each other's platform. @returns how to let the next one in */
async function alone(name: string, where: string): Promise<() => Promise<void>> {
  const release = await claim(name);
  if (release === undefined) throw new CommandError(`another run ${where} has not ended yet: wait for it, or stop it.`);
  return release;
}

async function onOwnCluster(own: OwnCluster, { suite, report, signal, settings }: KindRun): Promise<number> {
  await using undone = new AsyncDisposableStack();
  let passed = false;
  undone.defer(async () => (settings.keep ? own.tell(report) : own.remove()));
  undone.defer(async () => (passed ? undefined : own.exportLogs(report)));
  const kubeconfig = await own.create(report, signal);
  // What is in it goes with it.
  const code = await suite({ KUBECONFIG: kubeconfig, KEEP: '1' }, signal);
  passed = code === 0;
  return code;
}
