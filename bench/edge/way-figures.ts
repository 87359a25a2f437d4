import { ECHO } from '@sekisho/test-e2e/echo';
import { frozen } from '@sekisho/test-e2e/mesh';
import { type Figure, percentile } from '../report.ts';
import { removeGenerated } from './generated.ts';
import type { MeshWorld } from './mesh-world.ts';
import { withVerifiedCache } from './verified-cache.ts';
import { type Cost, costOf, sum } from './way.ts';

const ROUNDS = 3;
const GATEWAY = {
  name: 'edge-istio',
  namespace: 'istio-edge',
  labels: { 'gateway.networking.k8s.io/gateway-name': 'edge' },
};
const NAMESPACES = [ECHO.namespace, GATEWAY.namespace];
const EDGE = [`proxy-${GATEWAY.name} (envoy)`, `proxy-${ECHO.name} (envoy)`, 'guard'];
const HOP = ['proxy-user (envoy)', `proxy-${ECHO.name} (envoy)`];

interface Round {
  readonly edge: Cost;
  readonly hop: Cost;
}

/**
 * The same Envoys under the platform's policies, with Envoy's cache of verified tokens besides, and without any policy, in turns.
 * A machine of few cores shares them between all of these, the load and the service: what counts is the CPU of who is on the way.
 */
export async function wayFigures(world: MeshWorld): Promise<readonly Figure[]> {
  const rounds: { guarded: Round; cached: Round; bare: Round }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const guarded = await measure(world);
    rounds.push({ guarded, cached: await measureCached(world), bare: await measureBare(world) });
  }
  const of = (name: keyof (typeof rounds)[number], way: keyof Round) => rounds.map((round) => round[name][way]);
  return [
    ...figures('through the gateway', EDGE, {
      base: of('bare', 'edge'),
      guarded: of('guarded', 'edge'),
      cached: of('cached', 'edge'),
      target: 0.7,
    }),
    ...figures('one hop', HOP, {
      base: of('bare', 'hop'),
      guarded: of('guarded', 'hop'),
      cached: of('cached', 'hop'),
      target: 0.92,
    }),
  ];
}

async function measure(world: MeshWorld): Promise<Round> {
  await world.renew();
  return measured(world);
}

async function measured({ mesh, echo, edge, hop }: MeshWorld): Promise<Round> {
  const lists = [mesh.processes, echo.processes];
  return {
    edge: await costOf({ call: edge, through: EDGE, lists }),
    hop: await costOf({ call: hop, through: HOP, lists }),
  };
}

async function measureCached(world: MeshWorld): Promise<Round> {
  const { cluster, echo, mesh } = world;
  await using caches = new AsyncDisposableStack();
  const sidecar = {
    ...ECHO,
    labels: { app: ECHO.name },
    context: 'SIDECAR_INBOUND',
    envoyAdmin: echo.envoyAdmin,
  } as const;
  const envoyAdmin = mesh.workloads[GATEWAY.name]?.envoyAdmin ?? '';
  for (const workload of [sidecar, { ...GATEWAY, context: 'GATEWAY', envoyAdmin } as const]) {
    caches.use(await withVerifiedCache(cluster, workload));
  }
  // Awaited here: a promise that is returned is not waited for before the caches go.
  return await measure(world);
}

/** With the operator stopped, which would put everything back at once, and does so afterwards. */
async function measureBare(world: MeshWorld): Promise<Round> {
  const { mesh, cluster } = world;
  await world.renew();
  const round = await frozen(mesh, 'operator', async () => {
    await removeGenerated(cluster, NAMESPACES);
    await world.anonymous('200', '200');
    return measured(world);
  });
  await world.anonymous('401 token_missing', '403 RBAC: access denied');
  await world.renew();
  return round;
}

interface Compared {
  readonly base: readonly Cost[];
  readonly guarded: readonly Cost[];
  readonly cached: readonly Cost[];
  readonly target: number;
}

function figures(
  way: string,
  through: readonly string[],
  { base, guarded, cached, target }: Compared,
): readonly Figure[] {
  const against = 'the same Envoys without a policy';
  const all = (costs: readonly Cost[]) => costs.map(({ micros }) => sum(micros));
  const ratio = (costs: readonly Cost[]) =>
    median(costs.map(({ micros }, at) => sum(base[at]?.micros ?? []) / sum(micros)));
  const wall = median(guarded.map(({ perSecond }, at) => perSecond / (base[at]?.perSecond ?? Number.NaN)));
  const cpu = (name: string, values: readonly number[]): Figure => ({
    name,
    value: Math.round(median(values)),
    unit: 'us',
  });
  return [
    ...through.flatMap((name, index) => [
      cpu(
        `${way}: CPU of ${name} without a policy`,
        base.map(({ micros }) => micros[index] ?? 0),
      ),
      cpu(
        `${way}: CPU of ${name} with everything`,
        guarded.map(({ micros }) => micros[index] ?? 0),
      ),
      cpu(
        `${way}: CPU of ${name} with Envoy's cache`,
        cached.map(({ micros }) => micros[index] ?? 0),
      ),
    ]),
    cpu(`${way}: CPU of all, with everything`, all(guarded)),
    {
      name: `${way}: requests by CPU, with everything`,
      value: ratio(guarded),
      unit: 'times it',
      against,
      target: { relation: '>=', value: target },
    },
    { name: `${way}: requests by CPU, with Envoy's cache`, value: ratio(cached), unit: 'times it', against },
    { name: `${way}: requests by the clock, with everything`, value: wall, unit: 'times it', against },
  ];
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
