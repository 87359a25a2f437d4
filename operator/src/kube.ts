import { connect, DEFAULT_RETRY, EventRecorder, KubeClient, LeaderElection, type Transport } from '@sekisho/kube';
import { GROUP } from '@sekisho/policy';
import type { Logger, Metrics } from '@sekisho/telemetry';
import type { Config, ElectionConfig } from './config.ts';
import type { Outages } from './outages.ts';

const MANAGER = 'sekisho-operator';
/** A renewal, and a release that overtakes it. */
const LEASE_CONNECTIONS = 2;
const EVENT_RATE = { perSecond: 5, burst: 50 };

/** Everything through which the operator talks to the API server. */
export interface Kube {
  readonly client: KubeClient;
  /** For what every replica does, the leader or not: its writes must bear that others write the same. */
  readonly standbyClient: KubeClient;
  readonly election: LeaderElection | undefined;
  readonly events: EventRecorder;
  close(): Promise<void>;
}

export interface KubeOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Unique to this process: the holder of the Lease, and the reporter of events. */
  readonly identity: string;
  readonly outages: Outages;
}

/** Work, lease and events each have a budget of their own: none starves another. */
export function createKube(config: Config, { log, metrics, identity, outages }: KubeOptions): Kube {
  const { kubeconfig, pod, rateLimit } = config;
  const transport = connect({ kubeconfig, pod });
  const leaseTransport = connect({ kubeconfig, pod, connections: LEASE_CONNECTIONS });
  const election = config.election && createElection(leaseTransport, config.election, { identity, outages });
  const dropped = metrics.counter({ name: 'sekisho_events_dropped_total', help: 'Events left out as too many' });
  const events = new EventRecorder({
    client: new KubeClient(transport, { fieldManager: MANAGER, guard: election, rateLimit: EVENT_RATE }),
    reporter: { controller: `${GROUP}/operator`, instance: identity },
    onError: (err) => log.debug({ err }, 'an event could not be written'),
    onDropped: () => dropped.inc(),
  });
  return {
    client: new KubeClient(transport, { fieldManager: MANAGER, guard: election, rateLimit }),
    standbyClient: new KubeClient(transport, { fieldManager: MANAGER, rateLimit }),
    election,
    events,
    async close() {
      await Promise.all([transport.close(), leaseTransport.close()]);
    },
  };
}

function createElection(
  transport: Transport,
  { namespace, leaseMs }: ElectionConfig,
  { identity, outages }: Pick<KubeOptions, 'identity' | 'outages'>,
): LeaderElection {
  // Not tried again by the client: a late renewal is worth less than the next one.
  const retry = { ...DEFAULT_RETRY, attempts: 1 };
  return new LeaderElection({
    client: new KubeClient(transport, { fieldManager: MANAGER, retry }),
    namespace,
    name: MANAGER,
    identity,
    leaseMs,
    onError: (err) => outages.failed('the lease', err),
    onRecovered: () => outages.ended('the lease'),
  });
}
