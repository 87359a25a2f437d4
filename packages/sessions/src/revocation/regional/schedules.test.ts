import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { type MemoryRegion, memoryRegions, type Step } from '../../testing/memory-regions.ts';
import { kidOf } from '../../testing/refusals.ts';
import type { RevocationReader } from '../reader.ts';
import type { RevocationEntry } from '../revocation.ts';

const NAMES = ['tokyo', 'osaka', 'kyoto'] as const;
const LIFE_MS = 7 * 24 * 60 * 60_000;

const name = fc.constantFrom(...NAMES);
const step = fc.constantFrom<Step>('restoreLocal', 'restoreGlobal', 'answer', 'beat', 'mark', 'onArrival');
const act = fc.oneof(
  fc.record({ do: fc.constant('session' as const), in: name }),
  fc.record({ do: fc.constant('user' as const), in: name, id: fc.constantFrom('alice', 'bob') }),
  fc.record({
    do: fc.constantFrom('cut' as const, 'mend' as const, 'crash' as const, 'trim' as const, 'duplicate' as const),
    in: name,
  }),
  fc.record({ do: fc.constant('fail' as const), in: name, step }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(100, 5_000, 700_000) }),
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** Regions that are cut off, crash, and fail at any step, in any order; what a reader refuses it refuses for good, and all converge. */
async function run(acts: readonly Act[]): Promise<void> {
  const { region, global, time, tick, stop } = memoryRegions({ tokyo: 0, osaka: 240_000, kyoto: -240_000 });
  const readers = new Map<string, RevocationReader>(NAMES.map((one) => [one, region(one).start()]));
  const made: RevocationEntry[] = [];
  const refused = new Map(NAMES.map((one) => [one as string, new Set<string>()]));
  const settle = async () => {
    for (let moment = 0; moment < 10; moment += 1) {
      tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const revoke = ({ local }: MemoryRegion, entry: RevocationEntry) => {
    local.add(entry);
    made.push(entry);
  };
  const perform = async (one: Act) => {
    if (one.do === 'pass') return tick(one.ms);
    const at = region(one.in);
    const until = time.now + LIFE_MS;
    switch (one.do) {
      case 'session':
        return revoke(at, { kind: 'session', id: `s-${made.length}`, until });
      case 'user':
        return revoke(at, { kind: 'user', id: one.id, region: at.name, issuedBefore: at.seconds(), until });
      case 'cut':
        at.isCut = true;
        return;
      case 'mend':
        at.isCut = false;
        return;
      case 'crash':
        await readers.get(at.name)?.stop();
        readers.set(at.name, at.start());
        refused.set(at.name, new Set());
        return;
      case 'trim':
        at.local.trim(0);
        global.trim(0);
        return;
      case 'duplicate':
        if (made.length > 0) at.local.add(...made.slice(-2));
        return;
      case 'fail':
        at.before[one.step] = () => {
          throw new Error('fails');
        };
    }
  };
  const assertKept = () => {
    for (const [of, reader] of readers) {
      const known = refused.get(of) ?? new Set();
      for (const { kind, id } of made) {
        if (kind === 'session' && reader.check({ session: { id } }) !== undefined) known.add(id);
      }
      for (const id of known) expect(reader.check({ session: { id } })).toEqual({ kind: 'session' });
    }
  };
  for (const one of acts) {
    await perform(one);
    await settle();
    assertKept();
  }
  for (const one of NAMES) region(one).isCut = false;
  await vi.waitFor(
    () => {
      tick();
      assertConverged();
    },
    { timeout: 60_000, interval: 1 },
  );
  await stop();

  function assertConverged(): void {
    for (const reader of readers.values()) {
      expect(reader.behindMs).toBeLessThan(60_000);
      for (const { kind, id, region: of = '', issuedBefore = 0 } of made) {
        if (kind === 'session') expect(reader.check({ session: { id } })).toEqual({ kind });
        else expect(reader.check({ sub: id, iat: issuedBefore }, kidOf(of))).toEqual({ kind });
      }
      for (const one of NAMES) {
        // Answered everywhere: who logs in now is let in, whatever the clocks say.
        const iat = region(one).seconds() + 2;
        expect(reader.check({ sub: 'alice', iat }, kidOf(one))).toBeUndefined();
      }
    }
  }
}

test('whatever fails, in whatever order: nothing is lost, what is refused stays refused, and all learn the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), async (acts) => run(acts)),
    { numRuns: 25 },
  );
});
