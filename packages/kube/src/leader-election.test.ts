import { describe, expect, test } from 'vitest';
import { KubeClient } from './client.ts';
import { LeaderElection } from './leader-election.ts';
import { FakeClock, settle } from './testing/index.ts';
import { LeaseApi } from './testing/lease-api.ts';

const LEASE_MS = 15_000;
const TRUST_MS = 10_000;

/** A candidate with a clock and a link of its own: machines share neither. */
function candidate(api: LeaseApi, identity: string, clock = new FakeClock()) {
  const link = api.link();
  const retry = { attempts: 1, backoff: { baseMs: 1, maxMs: 1 }, maxRetryAfterMs: 0 };
  const errors: unknown[] = [];
  const recoveries: string[] = [];
  const election = new LeaderElection({
    client: new KubeClient(link, { fieldManager: identity, retry, clock }),
    namespace: 'sekisho-system',
    name: 'operator',
    identity,
    onError: (error) => errors.push(error),
    onRecovered: () => recoveries.push(identity),
    clock,
    random: () => 0,
  });
  const terms: AbortSignal[] = [];
  const stop = new AbortController();
  const lead = async (term: AbortSignal) => {
    terms.push(term);
    await new Promise((resolve) => term.addEventListener('abort', resolve));
  };
  const running = election.run(lead, stop.signal);
  return { election, link, clock, terms, errors, recoveries, stop, running };
}

async function advance(ms: number, ...all: readonly { clock: FakeClock }[]): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    for (const clock of new Set(all.map((one) => one.clock))) await clock.advance(Math.min(100, ms - passed));
  }
}

describe('leader election', () => {
  test('the first candidate takes a lease that does not exist, and the second waits', async () => {
    const api = new LeaseApi();
    const a = candidate(api, 'a');
    await settle();
    const b = candidate(api, 'b');
    await advance(60_000, a, b);
    expect([a.election.isLeading, b.election.isLeading]).toEqual([true, false]);
    expect(a.terms).toHaveLength(1);
    expect(api.lease?.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 });
    expect(api.lease?.spec['renewTime']).toMatch(/^2026-01-01T00:0\d:\d\d\.\d{6}Z$/);
  });

  test('a released lease is taken within about a second, and only after the work of the term has ended', async () => {
    const api = new LeaseApi();
    const a = candidate(api, 'a');
    await settle();
    const b = candidate(api, 'b');
    await advance(5_000, a, b);
    a.stop.abort();
    await a.running;
    expect(a.terms[0]?.aborted).toBe(true);
    await advance(1_000, b);
    expect(b.election.isLeading).toBe(true);
    expect(api.lease?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  test('a leader that is gone is succeeded when its lease has run out, not before', async () => {
    const api = new LeaseApi();
    const a = candidate(api, 'a');
    await settle();
    const b = candidate(api, 'b');
    await advance(5_000, a, b);
    await advance(LEASE_MS - 3_000, b);
    expect(b.election.isLeading).toBe(false);
    await advance(4_000, b);
    expect(b.election.isLeading).toBe(true);
  });

  test('a leader whose renewals fail stops before anyone else may start, and leads again when they succeed', async () => {
    const api = new LeaseApi();
    const a = candidate(api, 'a');
    await settle();
    a.link.state = 'down';
    await advance(TRUST_MS - 100, a);
    expect(a.election.isLeading).toBe(true);
    await advance(100, a);
    expect(a.election.isLeading).toBe(false);
    expect(a.terms[0]?.aborted).toBe(true);
    expect(() => a.election.check()).toThrow('not the leader');
    expect(a.errors.length).toBeGreaterThan(2);
    a.link.state = 'up';
    await advance(1_000, a);
    expect(a.election.isLeading).toBe(true);
    expect(a.terms).toHaveLength(2);
    expect(a.errors.length).toBeGreaterThan(1);
    expect(a.recoveries).toEqual(['a']);
  });

  test.each(['hanging', 'deaf'] as const)('calls that are %s cost the lease in time, too', async (state) => {
    const api = new LeaseApi();
    const a = candidate(api, 'a');
    await settle();
    a.link.state = state;
    await advance(TRUST_MS, a);
    expect(a.election.isLeading).toBe(false);
  });

  test('a claim whose answer was lost is recognised as the own one', async () => {
    const api = new LeaseApi();
    const clock = new FakeClock();
    const a = candidate(api, 'a', clock);
    a.link.state = 'deaf';
    await advance(500, a);
    expect(a.election.isLeading).toBe(false);
    a.link.state = 'up';
    await advance(6_000, a);
    expect(a.election.isLeading).toBe(true);
    expect(api.lease?.spec['leaseTransitions']).toBe(0);
  });

  test('a process that was frozen knows it is no leader before any of its timers has run', async () => {
    const api = new LeaseApi();
    const a = candidate(api, 'a');
    await settle();
    a.clock.freeze(TRUST_MS);
    expect(a.election.isLeading).toBe(false);
    expect(a.election.signal.aborted).toBe(false);
    expect(() => a.election.check()).toThrow('not the leader');
    expect(a.election.signal.aborted).toBe(true);
  });

  test('a renewal that was answered while the process was frozen counts from when it was sent', async () => {
    const api = new LeaseApi();
    const a = candidate(api, 'a');
    await settle();
    a.link.state = 'deaf';
    await advance(2_000, a);
    a.clock.freeze(TRUST_MS);
    await settle();
    expect(a.election.isLeading).toBe(false);
  });

  test('a virtual machine that was paused, so that only the wall clock moved on, is no leader', async () => {
    const api = new LeaseApi();
    const a = candidate(api, 'a');
    await settle();
    a.clock.step(TRUST_MS);
    expect(a.election.isLeading).toBe(false);
  });

  test.each([-86_400_000, 86_400_000])('a wall clock that is %d ms off lets nobody start early', async (skew) => {
    const api = new LeaseApi();
    const a = candidate(api, 'a');
    await settle();
    const b = candidate(api, 'b', new FakeClock(Date.UTC(2026, 0, 1) + skew));
    for (let i = 0; i < 30; i += 1) {
      await advance(1_000, a, b);
      b.clock.step(skew / 30);
      expect([a.election.isLeading, b.election.isLeading]).toEqual([true, false]);
    }
  });

  test('two candidates that race for the same free lease never both win', async () => {
    for (let round = 0; round < 20; round += 1) {
      const api = new LeaseApi();
      const all = ['a', 'b', 'c'].map((identity) => candidate(api, identity));
      await advance(2_000, ...all);
      expect(all.filter(({ election }) => election.isLeading)).toHaveLength(1);
    }
  });

  test('a leader that sees another holder stops at once', async () => {
    const api = new LeaseApi();
    const a = candidate(api, 'a');
    await settle();
    api.write({ holderIdentity: 'thief', leaseDurationSeconds: 15 });
    await advance(2_500, a);
    expect(a.election.isLeading).toBe(false);
    expect(a.errors).toEqual([]);
  });

  test('the duration that the holder wrote counts, not the own one', async () => {
    const api = new LeaseApi();
    api.write({ holderIdentity: 'old', leaseDurationSeconds: 60 });
    const b = candidate(api, 'b');
    await advance(58_000, b);
    expect(b.election.isLeading).toBe(false);
    await advance(4_000, b);
    expect(b.election.isLeading).toBe(true);
  });

  test('work that throws ends its term and the election goes on', async () => {
    const api = new LeaseApi();
    const clock = new FakeClock();
    const errors: unknown[] = [];
    const client = new KubeClient(api.link(), { fieldManager: 'a', clock });
    const stop = new AbortController();
    const named = { namespace: 'sekisho-system', name: 'operator', identity: 'a' };
    const onError = (error: unknown) => errors.push(error);
    const election = new LeaderElection({ client, ...named, onError, clock, random: () => 0 });
    let terms = 0;
    const lead = async () => {
      terms += 1;
      throw new Error(`term ${terms}`);
    };
    const running = election.run(lead, stop.signal);
    await advance(2_500, { clock });
    expect(terms).toBeGreaterThan(1);
    expect(errors[0]).toMatchObject({ message: 'term 1' });
    stop.abort();
    await running;
    expect(api.lease?.spec).not.toHaveProperty('holderIdentity');
  });
});
