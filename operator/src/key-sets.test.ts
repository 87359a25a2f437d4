import type { KubeObject } from '@sekisho/kube';
import { FakeClock } from '@sekisho/kube/testing';
import { describe, expect, test } from 'vitest';
import { OperatorError } from './errors.ts';
import { KeySets } from './key-sets.ts';
import { publicJwk } from './testing/keys.ts';
import { tokenIssuer } from './testing/objects.ts';

const REFRESH_MS = 300_000;
const never = new AbortController().signal;

function setup(answers: (() => Promise<unknown>)[]) {
  const clock = new FakeClock();
  const fetched: string[] = [];
  const changes: string[] = [];
  const failures: unknown[] = [];
  const keySets = new KeySets({
    fetch(uri) {
      fetched.push(uri);
      const answer = answers.shift();
      return answer ? answer() : Promise.reject(new Error('no more answers'));
    },
    refreshMs: REFRESH_MS,
    clock,
    random: () => 1,
    onChange: (name) => changes.push(name),
    onFailure: (_name, error) => failures.push(error),
  });
  return { clock, keySets, fetched, changes, failures };
}

const published = (...kids: string[]) => {
  const keys = kids.map(publicJwk);
  return async () => ({ keys });
};
const down = async () => {
  throw new OperatorError('jwks_unreachable', 'no answer (ECONNREFUSED)');
};
const issuer = tokenIssuer('web', { jwksUri: 'https://idp.example/jwks.json' });

function kids(keySets: KeySets, of: KubeObject = issuer): readonly string[] {
  const state = keySets.stateOf(of);
  return 'jwks' in state && state.jwks ? state.jwks.keys.map(({ kid }) => kid) : [];
}

describe('KeySets', () => {
  test('knows inline keys without any fetch', async () => {
    const { keySets, fetched } = setup([]);
    const inline = tokenIssuer('inline');
    expect(await keySets.refresh(inline, never)).toBeUndefined();
    expect(kids(keySets, inline)).toEqual(['k1']);
    expect(fetched).toEqual([]);
  });

  test('is pending until the first fetch ended, and tells when it did', async () => {
    const { keySets, changes } = setup([published('a')]);
    expect(keySets.stateOf(issuer)).toEqual({ state: 'pending' });
    expect(await keySets.refresh(issuer, never)).toEqual({ againAfterMs: REFRESH_MS });
    expect(keySets.stateOf(issuer)).toMatchObject({ state: 'fetched' });
    expect(changes).toEqual(['web']);
  });

  test('fetches again only when it is time, and tells of keys only when they differ', async () => {
    const same = published('a');
    const { clock, keySets, changes, fetched } = setup([same, same, published('a', 'b')]);
    await keySets.refresh(issuer, never);
    await clock.advance(REFRESH_MS - 1);
    expect(await keySets.refresh(issuer, never)).toEqual({ againAfterMs: 1 });
    expect(fetched).toHaveLength(1);
    await clock.advance(1);
    await keySets.refresh(issuer, never);
    expect(changes).toHaveLength(1);
    await clock.advance(REFRESH_MS);
    await keySets.refresh(issuer, never);
    expect(changes).toHaveLength(2);
    expect(kids(keySets)).toEqual(['a', 'b']);
  });

  test('fetches when it would have been time, also after the clock was set back', async () => {
    const clock = {
      time: 10 * REFRESH_MS,
      now: () => clock.time,
      monotonic: () => clock.time,
      after: () => () => undefined,
    };
    const answers = [published('a'), published('b')];
    const keySets = new KeySets({
      fetch: async () => answers.shift()?.(),
      refreshMs: REFRESH_MS,
      clock,
      random: () => 1,
      onChange: () => undefined,
      onFailure: () => undefined,
    });
    await keySets.refresh(issuer, never);
    clock.time = 0;
    await keySets.refresh(issuer, never);
    expect(kids(keySets)).toEqual(['b']);
  });

  test.each([
    ['a failed fetch', down],
    ['garbage', async () => '<html>'],
    ['a private key', async () => ({ keys: [{ ...publicJwk('p'), d: 'AAAA' }] })],
    ['two keys of one kid', published('x', 'x')],
  ])('keeps the last good keys after %s', async (_what, bad) => {
    const { clock, keySets, failures } = setup([published('a'), bad]);
    await keySets.refresh(issuer, never);
    await clock.advance(REFRESH_MS);
    await keySets.refresh(issuer, never);
    expect(keySets.stateOf(issuer)).toMatchObject({ state: 'failed', problem: expect.stringContaining('jwksUri') });
    expect(kids(keySets)).toEqual(['a']);
    expect(failures).toHaveLength(1);
  });

  test('tries sooner after a failure, then less and less often, never less than a refresh', async () => {
    const { clock, keySets } = setup(Array.from({ length: 12 }, () => down));
    const pauses: (number | undefined)[] = [];
    for (let i = 0; i < 12; i += 1) {
      const wait = (await keySets.refresh(issuer, never))?.againAfterMs ?? 0;
      pauses.push(wait);
      await clock.advance(wait);
    }
    expect(pauses.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(Math.max(...pauses.map(Number))).toBe(REFRESH_MS);
  });

  test.each([
    ['URL', { jwksUri: 'https://other.example/jwks.json' }],
    ['issuer', { jwksUri: 'https://idp.example/jwks.json', issuer: 'https://other.example' }],
  ])('keys of another %s are not the last good ones', async (_what, spec) => {
    const { keySets } = setup([published('a'), down]);
    await keySets.refresh(issuer, never);
    const moved = tokenIssuer('web', spec);
    expect(keySets.stateOf(moved)).toEqual({ state: 'pending' });
    await keySets.refresh(moved, never);
    expect(keySets.stateOf(moved)).toMatchObject({ state: 'failed' });
    expect(kids(keySets, moved)).toEqual([]);
  });

  test('an issuer that cannot be parsed is invalid and not fetched', async () => {
    const { keySets, fetched } = setup([]);
    const broken = tokenIssuer('broken', { jwksUri: 'ftp://idp.example' });
    await keySets.refresh(broken, never);
    expect(keySets.stateOf(broken)).toMatchObject({
      state: 'invalid',
      problem: expect.stringContaining('spec.jwksUri'),
    });
    expect(fetched).toEqual([]);
  });

  test('reports the age of the oldest set', async () => {
    const { clock, keySets } = setup([published('a'), down]);
    expect(keySets.oldestAgeMs).toBe(0);
    await keySets.refresh(issuer, never);
    await clock.advance(REFRESH_MS + 1_000);
    await keySets.refresh(issuer, never);
    expect(keySets.oldestAgeMs).toBe(REFRESH_MS + 1_000);
    keySets.forget('web');
    expect(keySets.oldestAgeMs).toBe(0);
  });
});
