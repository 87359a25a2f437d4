import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@sekisho/kube';
import { createLogger, createMetrics } from '@sekisho/telemetry';
import { createMinter, createVerifier, type Jwks } from '@sekisho/tokens';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { patientFetch } from '../testing/patient-fetch.ts';
import type { KeySourceProcess } from './key-source.ts';
import { createKeySource, type KeySourceOptions } from './open-key-source.ts';

/** By its path: what the auth service is made of is none of the guard's business. */
const AUTH = fileURLToPath(new URL('../../../auth/src/testing/replicas-process.ts', import.meta.url));
const ISSUER = 'https://auth.test';
const PATIENCE = { timeout: 120_000, interval: 100 };

interface Auth {
  readonly replicas: readonly { readonly url: string; readonly adminUrl: string }[];
  readonly admin: object;
  readonly tokens: { readonly guard: string; readonly other: string };
}

describe.runIf(inject('postgresUrl') !== '')('keys of the guard, with two replicas of the auth service', () => {
  let process: ChildProcess;
  let auth: Auth;
  /** Each asks another replica. */
  let sources: readonly KeySourceProcess[];
  const encryptionKeys = { current: randomBytes(32), previous: [] };

  beforeAll(async () => {
    process = fork(AUTH, [inject('postgresUrl'), inject('redisUrl')]);
    [auth] = (await once(process, 'message')) as [Auth];
    sources = [source(0), source(1)];
    for (const each of sources) each.start();
    await vi.waitFor(() => expect(sources.every(({ ready }) => ready)).toBe(true), PATIENCE);
  });
  afterAll(async () => {
    await Promise.all((sources ?? []).map((each) => each.stop()));
    const ended = once(process, 'exit');
    process.disconnect();
    await ended;
  });

  function source(replica: number, more: Partial<KeySourceOptions> = {}): KeySourceProcess {
    return createKeySource({
      authUrl: auth.replicas[replica]?.url ?? '',
      readToken: async () => auth.tokens.guard,
      ...{ encryptionKeys, fetch, clock: systemClock, random: Math.random, pollMs: 500 },
      log: createLogger({ name: 'test', level: 'silent' }),
      metrics: createMetrics({ processMetrics: false }),
      ...more,
    });
  }

  const signers = () => sources.map((each) => each.signingKey()?.kid);

  async function keySet(replica: number): Promise<Jwks> {
    return (await patientFetch(`${auth.replicas[replica]?.url}/.well-known/jwks.json`)).json() as Promise<Jwks>;
  }
  const kids = async (replica: number) => (await keySet(replica)).keys.map(({ kid }) => kid);

  async function send(url: string, body: object, token?: string): Promise<Response> {
    const headers = {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    return patientFetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async function accessToken(): Promise<string> {
    const answer = await send(`${auth.replicas[0]?.url}/v1/sessions`, auth.admin);
    return ((await answer.json()) as { readonly access_token: string }).access_token;
  }

  async function rotate(body: object): Promise<void> {
    const answer = await send(`${auth.replicas[0]?.adminUrl}/v1/keys/rotate`, body, await accessToken());
    expect(answer.status).toBe(202);
  }

  /** What a guard makes of a user's token is taken by whoever asked the other replica for keys, now. */
  async function narrowed(replica: number): Promise<void> {
    const from = sources[replica];
    const key = from?.signingKey();
    if (from === undefined || key === undefined) throw new Error('there is no key to sign with');
    const clock = () => new Date();
    const verifyAccess = createVerifier({ issuer: ISSUER, audience: 'auth', jwks: () => from.accessJwks, clock });
    const claims = await verifyAccess(await accessToken());
    const minter = createMinter({ issuer: ISSUER, key: () => key, clock, uuid: randomUUID });
    const narrow = await minter.narrow(claims, 'auth');
    const jwks = await keySet(1 - replica);
    const verify = createVerifier({ issuer: ISSUER, audience: 'auth', jwks: () => jwks, clock });
    expect(await verify(narrow.token)).toEqual(narrow.claims);
    await expect(verifyAccess(narrow.token)).rejects.toMatchObject({ code: 'token_invalid' });
  }

  test('are the same for every replica, and what one signs is verified by the keys of any', async () => {
    const [one, other] = signers();
    expect(one).toBe(other);
    await expect.poll(() => sources[0]?.narrowJwks.keys.length, PATIENCE).toBe(2);
    await narrowed(0);
    await narrowed(1);
  });

  test('go over to the next one together, and what is signed meanwhile is always verified', async () => {
    const [old] = signers();
    await rotate({ signer: 'guard' });
    const bothSignAnew = async () => {
      await narrowed(0);
      await narrowed(1);
      return signers().every((kid) => kid !== undefined && kid !== old);
    };
    await expect.poll(bothSignAnew, PATIENCE).toBe(true);
    await expect.poll(() => new Set(signers()).size, PATIENCE).toBe(1);
    expect(await kids(0)).toContain(old);
    // Another one waits again.
    await expect.poll(() => sources[1]?.narrowJwks.keys.length, PATIENCE).toBe(3);
  });

  test('are left alone when a key of the auth service leaks', async () => {
    const before = signers();
    const [leaked] = sources[0]?.accessJwks.keys ?? [];
    await rotate({ compromised: leaked?.kid });
    const known = () => sources.flatMap(({ accessJwks }) => accessJwks.keys.map(({ kid }) => kid));
    await expect.poll(known, PATIENCE).not.toContain(leaked?.kid);
    expect(signers()).toEqual(before);
    await narrowed(0);
  });

  test('are left at once when one leaks, without another for the auth service', async () => {
    const [leaked = ''] = signers();
    const access = sources[0]?.accessJwks.keys.map(({ kid }) => kid) ?? [];
    await rotate({ compromised: leaked });
    const signAnew = () => signers().every((kid) => kid !== undefined && kid !== leaked);
    await expect.poll(signAnew, PATIENCE).toBe(true);
    await expect.poll(() => kids(1), PATIENCE).not.toContain(leaked);
    expect(await kids(1)).toEqual(expect.arrayContaining(access));
    await narrowed(0);
    await narrowed(1);
  });

  test('are told to nobody else', async () => {
    for (const token of [auth.tokens.other, await accessToken(), 'x.y.z']) {
      const stranger = source(0, { readToken: async () => token });
      await stranger.refresh();
      expect(stranger.ready).toBe(false);
      expect(stranger.jwks).toEqual({ keys: [] });
      await stranger.stop();
    }
  });

  test('outlive an auth service that hangs', async () => {
    const patient = source(0, { timeoutMs: 2_000 });
    await expect.poll(async () => patient.refresh().then(() => patient.ready), PATIENCE).toBe(true);
    const before = patient.signingKey();
    process.kill('SIGSTOP');
    try {
      const { ageMs } = patient;
      await patient.refresh();
      // It had its answer no sooner than it gave up.
      expect(patient.ageMs - ageMs).toBeGreaterThan(1_000);
      expect(patient.signingKey()).toBe(before);
    } finally {
      process.kill('SIGCONT');
    }
    const isYoung = async () => {
      const { ageMs } = patient;
      await patient.refresh();
      return patient.ageMs < ageMs;
    };
    await expect.poll(isYoung, PATIENCE).toBe(true);
    expect(patient.signingKey()).toBe(before);
    await patient.stop();
  });
});
