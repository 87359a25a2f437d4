import { backoffMs, type Clock, pause, type Random } from '@sekisho/kube';
import { type Awaited, judgeSight, type Sight } from '@sekisho/policy';
import type { Outages } from '../outages.ts';
import type { Istiod } from './istiod.ts';
import type { EnforceMetrics } from './metrics.ts';
import { ReplicaRecord, type Wanted } from './record.ts';
import { Relabelled } from './relabelled.ts';
import type { ReplicaSource } from './replicas.ts';
import { nextDecision, type Quest, sightOf } from './sighting.ts';

export interface EnforcementWatchOptions {
  readonly istiod: Istiod;
  readonly source: ReplicaSource;
  /** Milliseconds for which a replica must have held the objects when no later configuration proves more. */
  readonly settleMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: EnforceMetrics;
  readonly outages: Pick<Outages, 'failed' | 'ended'>;
  /** Which policies to look at again. */
  readonly onNews: (keys: readonly string[]) => void;
}

const BACKOFF = { baseMs: 500, maxMs: 60_000 };
/** A look may take this part of the time at most, however long istiod takes to answer. */
const SHARE = 1 / 5;
const UNSEEN: Sight = { basis: '', proxies: new Map(), unasked: [] };
/** Nothing is due: only somebody who asks ends the wait. */
const FOREVER = 3_600_000;

interface Entry extends Quest {
  readonly sight: Sight;
}

/**
 * Asks istiod about proxies while some policy waits for them, and only then. One round of looks at all replicas answers for all
 * policies; rounds become rarer while nothing happens.
 */
export class EnforcementWatch {
  readonly #options: EnforcementWatchOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #written = new Map<string, { readonly basis: string; readonly at: number }>();
  readonly #relabelled: Relabelled;
  #records = new Map<string, ReplicaRecord>();
  #rounds = 0;
  #dueAt = Number.POSITIVE_INFINITY;
  #notBefore = 0;
  #wake = new AbortController();

  constructor(options: EnforcementWatchOptions) {
    this.#options = options;
    this.#relabelled = new Relabelled(options.clock);
    options.metrics.observe({ waiting: () => this.#entries.size, oldestMs: () => this.#oldestMs() });
  }

  /** What was seen for a policy since it waits. */
  sight(key: string): Sight {
    return { ...(this.#entries.get(key)?.sight ?? UNSEEN), relabelled: this.#relabelled.of(key) };
  }

  /** Tells of a workload that ran before these policies selected it. */
  relabelled(keys: readonly string[], id: string): void {
    for (const key of keys) this.#relabelled.note(key, id);
  }

  /** To be called when the status of a policy is written that was planned with `sight`. */
  told(key: string, { relabelled = [] }: Sight): void {
    this.#relabelled.forget(key, relabelled);
  }

  /** To be called right before objects of a policy are written, with the basis of those that are there. */
  writing(key: string, basis: string): void {
    this.#written.set(key, { basis, at: this.#options.clock.now() });
  }

  /** What a policy waits for from now on; undefined when for nothing. */
  want(key: string, awaited: Awaited | undefined): void {
    if (awaited === undefined) {
      this.#entries.delete(key);
      this.#written.delete(key);
      return;
    }
    const known = this.#renewed(key, awaited) ? undefined : this.#entries.get(key);
    if (known?.basis === awaited.basis && sameIds(known.proxies, awaited.proxies)) return;
    const since = this.#options.clock.monotonic();
    // Proxies that come while others are waited for get their time, too; what was seen of the others stays.
    if (known?.basis === awaited.basis) this.#entries.set(key, { ...known, ...awaited, since });
    else this.#entries.set(key, { ...awaited, since, writtenAt: this.#writtenAt(key, awaited.basis), sight: UNSEEN });
    this.#hurry();
  }

  /** True where proxies run that were not selected before: only what istiod says from now on tells anything of them. */
  #renewed(key: string, { group, proxies }: Awaited): boolean {
    if (!this.#relabelled.of(key).some((id) => proxies.includes(id))) return false;
    for (const record of this.#records.values()) record.renew(group);
    return true;
  }

  /** What a repair puts back that istiod does not act on, such as a label of ours, makes no configuration to wait for. */
  #writtenAt(key: string, basis: string): number | undefined {
    const written = this.#written.get(key);
    return written?.basis === basis ? undefined : written?.at;
  }

  /** Looks as long as `signal` lets it. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    // A round that was cut off when this process led before left nothing due.
    this.#hurry();
    while (!signal.aborted) {
      await this.#due(signal);
      if (!signal.aborted) await this.#round(signal);
    }
    // What policies wait for stays: this process may come to lead again.
    this.#records.clear();
  }

  #hurry(): void {
    const soon = Math.max(this.#options.clock.monotonic() + BACKOFF.baseMs, this.#notBefore);
    this.#rounds = 0;
    // While nothing waited, nothing was due.
    this.#dueAt = this.#entries.size === 1 ? soon : Math.min(this.#dueAt, soon);
    this.#wake.abort();
  }

  async #due(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const wait = this.#entries.size === 0 ? FOREVER : this.#dueAt - clock.monotonic();
      if (wait <= 0) return;
      this.#wake = new AbortController();
      await pause(clock, wait, AbortSignal.any([signal, this.#wake.signal]));
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { clock, metrics } = this.#options;
    const started = clock.monotonic();
    // Where something was added meanwhile, the next round answers for it.
    this.#dueAt = Number.POSITIVE_INFINITY;
    const entries = [...this.#entries];
    const work = await this.#look(wantedOf(entries.map(([, entry]) => entry)), signal);
    if (signal.aborted) return;
    metrics.looked(clock.monotonic() - started);
    if (this.#tell(entries)) this.#rounds = 0;
    this.#schedule(work);
  }

  /** Milliseconds for which the replica worked that worked longest. */
  async #look(wanted: Wanted, signal: AbortSignal): Promise<number> {
    const { source, istiod, clock, metrics, outages } = this.#options;
    const known = this.#records;
    this.#records = new Map(
      source.replicas().map((replica) => [replica.url, known.get(replica.url) ?? new ReplicaRecord(replica, clock)]),
    );
    if (this.#records.size === 0) metrics.asked('not_found');
    for (const [url, { name }] of known) if (!this.#records.has(url)) outages.ended(`istiod ${name}`);
    const started = clock.monotonic();
    const work = await Promise.all(
      [...this.#records.values()].map(async (record) => {
        const error = await record.look(istiod, wanted, signal);
        if (signal.aborted) return 0;
        metrics.asked(record.problem);
        if (error === undefined) outages.ended(`istiod ${record.name}`);
        else outages.failed(`istiod ${record.name}`, error);
        // Waiting for one that does not answer is no work for anybody.
        return record.problem === 'unreachable' ? 0 : clock.monotonic() - started;
      }),
    );
    return Math.max(0, ...work);
  }

  /** True when something is news. */
  #tell(looked: readonly (readonly [string, Entry])[]): boolean {
    const { onNews, settleMs, clock } = this.#options;
    const moment = { now: clock.monotonic(), settleMs };
    const news = looked.flatMap(([key, before]) => {
      const entry = this.#entries.get(key);
      // Another basis by now, or proxies that were not looked for: the next round is about those.
      if (entry?.basis !== before.basis || entry.proxies !== before.proxies) return [];
      const sight = sightOf(entry, [...this.#records.values()], moment);
      this.#entries.set(key, { ...entry, sight });
      return told(entry, sight) === told(entry, entry.sight) ? [] : [key];
    });
    if (news.length > 0) onNews(news);
    return news.length > 0;
  }

  #schedule(took: number): void {
    const { clock, random, settleMs } = this.#options;
    const now = clock.monotonic();
    this.#rounds += 1;
    const decided =
      nextDecision([...this.#entries.values()], [...this.#records.values()], { now, settleMs }) ?? FOREVER;
    const wait = Math.min(backoffMs(this.#rounds, BACKOFF, random), decided);
    this.#notBefore = now + took / SHARE;
    this.#dueAt = Math.max(Math.min(this.#dueAt, now + wait), this.#notBefore);
  }

  #oldestMs(): number {
    const now = this.#options.clock.monotonic();
    return [...this.#entries.values()].reduce((oldest, { since }) => Math.max(oldest, now - since), 0);
  }
}

function sameIds(a: readonly string[], b: readonly string[]): boolean {
  const known = new Set(a);
  return a.length === b.length && b.every((id) => known.has(id));
}

function told({ proxies }: Entry, sight: Sight): string {
  return JSON.stringify(judgeSight(proxies, sight));
}

function wantedOf(entries: readonly Quest[]): Wanted {
  const ids = new Set(entries.flatMap(({ proxies }) => proxies));
  const namespaces = new Set(entries.map(({ group }) => group.slice(0, group.indexOf('/'))));
  const [namespace] = namespaces;
  return {
    groups: new Map(entries.map(({ group, basis }) => [group, basis])),
    ids,
    namespace: namespaces.size === 1 ? namespace : undefined,
  };
}
