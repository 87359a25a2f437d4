import type { Clock } from '@sekisho/kube';
import { basisOf, groupOf, type Identified, type ReplicaProblem } from '@sekisho/policy';
import { OperatorError } from '../errors.ts';
import { generatedIn, type ProxyRow, proxyIn } from './answers.ts';
import type { Istiod } from './istiod.ts';
import type { Replica } from './replicas.ts';

/** What one look is for. */
export interface Wanted {
  /** Basis by group. */
  readonly groups: ReadonlyMap<string, string>;
  /** Proxies. */
  readonly ids: ReadonlySet<string>;
  /** Of all of them, when it is only one. */
  readonly namespace: string | undefined;
}

/** Since when a replica is known to hold the objects of a group as they are. */
export interface Holding {
  readonly basis: string;
  /** By its own clock, in whole seconds, in milliseconds since the epoch. */
  readonly since: number;
  /** By the monotonic clock of this process. */
  readonly at: number;
}

/** What is known of one replica of istiod. */
export interface ReplicaView {
  readonly name: string;
  readonly holdings: ReadonlyMap<string, Holding>;
  readonly proxies: ReadonlyMap<string, readonly ProxyRow[]>;
  /** How far its clock is ahead of ours at least, in milliseconds. */
  readonly clockAhead: number;
  readonly problem: ReplicaProblem | undefined;
  /** Since when it fails without a pause, by the monotonic clock. */
  readonly failingSince: number | undefined;
}

/** The memory of one replica. What was known of it ends with an answer that fails: it may be another process since. */
export class ReplicaRecord implements ReplicaView {
  readonly name: string;
  readonly #url: string;
  readonly #clock: Clock;
  holdings = new Map<string, Holding>();
  /** Of groups, since when only new answers count, by the monotonic clock. */
  readonly #renewed = new Map<string, number>();
  proxies: ReadonlyMap<string, readonly ProxyRow[]> = new Map();
  clockAhead = 0;
  problem: ReplicaProblem | undefined;
  failingSince: number | undefined;

  constructor({ name, url }: Replica, clock: Clock) {
    this.name = name;
    this.#url = url;
    this.#clock = clock;
  }

  /** What it said of a group so far, and what it is saying right now, counts no more. */
  renew(group: string): void {
    this.holdings.delete(group);
    this.#renewed.set(group, this.#clock.monotonic());
  }

  /** First what it holds, then what its proxies have: never the other way round. Returns what failed, if anything did. */
  async look(istiod: Istiod, wanted: Wanted, signal: AbortSignal): Promise<unknown> {
    const started = this.#clock.monotonic();
    try {
      await this.#lookAtObjects(istiod, wanted.groups, signal);
      await this.#lookAtProxies(istiod, wanted, signal);
      this.problem = undefined;
      this.failingSince = undefined;
      return undefined;
    } catch (error) {
      this.holdings = new Map();
      this.proxies = new Map();
      this.problem = problemOf(error);
      this.failingSince ??= started;
      return error;
    }
  }

  /** All of istiod's configuration is one answer: asked for only while something is still to be found in it. */
  async #lookAtObjects(istiod: Istiod, groups: Wanted['groups'], signal: AbortSignal): Promise<void> {
    for (const group of this.holdings.keys()) if (!groups.has(group)) this.holdings.delete(group);
    for (const group of this.#renewed.keys()) if (!groups.has(group)) this.#renewed.delete(group);
    const asked = this.#clock.monotonic();
    if ([...groups].every(([group, basis]) => this.holdings.get(group)?.basis === basis)) return;
    const found = new Map<string, Identified[]>([...groups.keys()].map((group) => [group, []]));
    const take = (element: Buffer) => {
      const object = generatedIn(element);
      if (object !== undefined) found.get(groupOf(object) ?? '')?.push(object);
    };
    const since = await istiod.elements(this.#url, '/debug/configz', take, signal);
    for (const [group, basis] of groups) {
      if ((this.#renewed.get(group) ?? Number.NEGATIVE_INFINITY) > asked) continue;
      this.#hold(group, basis === basisOf(found.get(group) ?? []) ? { basis, since } : undefined);
    }
  }

  #hold(group: string, held: Pick<Holding, 'basis' | 'since'> | undefined): void {
    if (held === undefined) this.holdings.delete(group);
    else if (this.holdings.get(group)?.basis !== held.basis) {
      this.holdings.set(group, { ...held, at: this.#clock.monotonic() });
    }
  }

  async #lookAtProxies(istiod: Istiod, { ids, namespace }: Wanted, signal: AbortSignal): Promise<void> {
    const rows: ProxyRow[] = [];
    const take = (element: Buffer) => {
      const row = proxyIn(element, (id) => ids.has(id));
      if (row !== undefined) rows.push(row);
    };
    const path = namespace === undefined ? '/debug/syncz' : `/debug/syncz?namespace=${encodeURIComponent(namespace)}`;
    const date = await istiod.elements(this.#url, path, take, signal);
    this.proxies = Map.groupBy(rows, ({ id }) => id);
    this.clockAhead = date - this.#clock.now();
  }
}

function problemOf(error: unknown): ReplicaProblem {
  if (!(error instanceof OperatorError)) return 'unreadable';
  return error.code === 'istiod_forbidden'
    ? 'forbidden'
    : error.code === 'istiod_unreachable'
      ? 'unreachable'
      : 'unreadable';
}
