import { FakeClock } from '@sekisho/kube/testing';
import { createLogger, createMetrics } from '@sekisho/telemetry';
import { expect, test } from 'vitest';
import type { StoredKey } from './key-store.ts';
import { createKeyMetrics } from './metrics.ts';
import { createKeyObserver } from './observer.ts';
import type { WaitReason } from './rotation.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const overdueMs = 15 * MINUTE;

function setUp() {
  const clock = new FakeClock();
  const registry = createMetrics({ processMetrics: false, undeclared: 'throw' });
  const lines: { readonly msg: string; readonly level: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLogger({ name: 'test', destination });
  const metrics = createKeyMetrics(registry, {
    ageMs: (signer) => (signer === 'auth' ? 7_000 : 9_000),
    periodMs: 3_600_000,
  })('auth');
  const observer = createKeyObserver({ log, metrics, clock, overdueMs });
  const since = clock.now();
  const base = { alg: 'ES256', longestTokenMs: 1, sealed: new Uint8Array(), since, region: '', holders: [] } as const;
  const keys: StoredKey[] = [
    { ...base, kid: 'old', state: 'active' },
    { ...base, kid: 'new', state: 'next' },
  ];
  const see = (waits?: WaitReason) =>
    observer.seen(keys, clock.now(), { kind: 'rest', ...(waits !== undefined && { wait: { reason: waits, since } }) });
  const warnings = () => lines.filter(({ level }) => level !== 'info');
  return { clock, registry, observer, lines, see, warnings, keys };
}

test('a key that waits as it should is not worth a word, one that waits too long is, once an hour', async () => {
  const { clock, see, warnings } = setUp();
  see('publishing');
  see('policies_behind');
  await clock.advance(overdueMs);
  see('policies_behind');
  expect(warnings()).toEqual([]);
  await clock.advance(1);
  for (let minute = 0; minute < 150; minute += 1) {
    see('policies_behind');
    await clock.advance(MINUTE);
  }
  expect(warnings()).toHaveLength(3);
  expect(warnings()[0]).toMatchObject({ kid: 'new', reason: 'policies_behind', waitsMs: overdueMs + 1 });
});

test('an API server that is away is told at once, and again when it went away again', async () => {
  const { see, warnings } = setUp();
  see('unreachable');
  see('unreachable');
  expect(warnings()).toHaveLength(1);
  see('publishing');
  see('unreachable');
  expect(warnings()).toHaveLength(2);
});

test('a failure is told at once, then hourly, and so is its end', async () => {
  const { clock, observer, lines, see, warnings } = setUp();
  for (let minute = 0; minute < 90; minute += 1) {
    observer.failed(new Error('away'));
    await clock.advance(MINUTE);
  }
  expect(warnings()).toHaveLength(2);
  see();
  see();
  expect(lines.filter(({ msg }) => msg.includes('again'))).toHaveLength(1);
});

test('metrics tell how old keys are, what the next one waits for, and what was done', async () => {
  const { clock, registry, observer, see, keys } = setUp();
  await clock.advance(HOUR);
  see('not_listed');
  observer.done({ kind: 'promote', kid: 'new', replaces: 'old' });
  observer.done({ kind: 'lengthen', longestTokenMs: 1 });
  observer.compromised('old');
  const text = await registry.render();
  expect(text).toContain('signing_key_age_seconds{signer="auth",state="next"} 3600');
  expect(text).toContain('signing_key_age_seconds{signer="auth",state="active"} 3600');
  expect(text).toContain('signing_key_waiting{signer="auth",reason="not_listed"} 1');
  expect(text).toContain('signing_key_waiting{signer="auth",reason="unreachable"} 0');
  expect(text).toContain('signing_key_transitions_total{signer="auth",state="active"} 1');
  expect(text).toContain('signing_key_transitions_total{signer="auth",state="compromised"} 1');
  expect(text).toContain('signing_keys_read_age_seconds{signer="auth"} 7');
  expect(text).toContain('signing_keys_read_age_seconds{signer="guard"} 9');
  keys.pop();
  see();
  expect(await registry.render()).toContain('signing_key_age_seconds{signer="auth",state="next"} 0');
  expect(await registry.render()).toContain('signing_key_waiting{signer="auth",reason="not_listed"} 0');
});
