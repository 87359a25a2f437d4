import { waitFor } from '../mesh/wait.ts';
import type { Identity } from './identities.ts';
import { send } from './wire.ts';
import { PORTS, type Workload } from './workload.ts';

export interface Mark {
  /** A path that the policy makes public, and no other one names. */
  readonly path: string;
  /** What the policy calls its service. */
  readonly service: string;
}

export interface InForce {
  readonly mark: Mark;
  /** Of the policy before, on the same workload. */
  readonly before: Mark | undefined;
  readonly mtls: 'Strict' | 'Permissive';
}

const TIMEOUT_MS = 120_000;

/**
 * Waits until every listener of the Envoy is made of the policy's objects and of none from before it, and new connections are served so.
 * It is quick, not proof: whoever finds a difference afterwards asks again once the policy's condition Enforced is True.
 */
export async function inForce(workload: Workload, identity: Identity, wanted: InForce): Promise<void> {
  const isInForce = async (): Promise<boolean> =>
    (await isHeld(workload, wanted)) && (await isServed(workload, identity, wanted));
  await waitFor(`${wanted.mark.service} is in force`, isInForce, { timeout: TIMEOUT_MS, every: 25 });
}

async function isHeld({ address, envoyAdmin }: Workload, { mark, before }: InForce): Promise<boolean> {
  const dump = await fetch(`${envoyAdmin}/config_dump?resource=dynamic_listeners`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { configs = [] } = (await dump.json()) as {
    configs?: readonly { readonly name: string; readonly active_state?: unknown }[];
  };
  return PORTS.every(({ number }) => {
    const listener = JSON.stringify(configs.find(({ name }) => name === `${address}_${number}`)?.active_state ?? {});
    const hasNew = [mark.path, mark.service].every((word) => listener.includes(`"${word}"`));
    return (
      hasNew && !(before !== undefined && [before.path, before.service].some((word) => listener.includes(`"${word}"`)))
    );
  });
}

async function isServed({ address: host }: Workload, identity: Identity, { mark, mtls }: InForce): Promise<boolean> {
  const request = { method: 'GET', target: mark.path, headers: [] };
  for (const { number: port } of PORTS) {
    const [secured, plain] = [await send(request, { host, port, identity }), await send(request, { host, port })];
    const isCut = plain === 'cut';
    if (secured === 'cut' || secured.status !== 200 || isCut !== (mtls === 'Strict')) return false;
  }
  return true;
}
