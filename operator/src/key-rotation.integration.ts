import { readIssuerStatus } from '@sekisho/policy';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ISSUERS } from './resources.ts';
import { frozenObject } from './testing/frozen-object.ts';
import { History } from './testing/history.ts';
import { KeyServer } from './testing/key-server.ts';
import { publicJwk } from './testing/keys.ts';
import { useCluster } from './testing/use-cluster.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
/** Above the longest pause between two tries of what fails. */
const PATIENCE_MS = 150_000;
const cluster = useCluster({ operator: false });
const [old, fresh] = [publicJwk('old'), publicJwk('fresh')];
let server: KeyServer;

beforeEach(async () => {
  server = await KeyServer.start(old);
  // Only ever from inline keys to a URL: otherwise the two would be merged and refused.
  await cluster.client.delete(ISSUERS, { name: cluster.issuerName });
  await cluster.client.apply(ISSUERS, cluster.issuer({ jwksUri: server.uri }), { force: true });
  await cluster.startOperator({ jwksRefreshMs: 250 });
  for (const name of NAMES) await cluster.apply(cluster.policy(name));
  await Promise.all(NAMES.map((name) => cluster.programmed(name)));
  await counted('old', NAMES.length, NAMES.length);
});
afterEach(async () => {
  // Before its keys go: what it makes of that is no part of the test.
  await cluster.stopOperator();
  await server.close();
});

const keysIn = async (name: string): Promise<string> =>
  JSON.stringify((await cluster.generatedOne(name, 'RequestAuthentication')).spec);
const count = async (kid: string) => (await cluster.issuerStatus()).keys?.find((key) => key.kid === kid);
const counted = (kid: string, policies: number, of: number) =>
  vi.waitFor(async () => expect(await count(kid)).toMatchObject({ policies, of }), PATIENCE_MS);

async function gauge(name: string): Promise<number> {
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(await cluster.operator.metrics.render())?.[1]);
}

interface Watching {
  readonly kid: string;
  /** A version from before all that is to be seen. */
  readonly from: string;
}

/** Gathers the versions at which the status said that every policy holds the key. */
async function watchClaims({ kid, from }: Watching, claims: string[], stop: AbortSignal): Promise<void> {
  const query = { resourceVersion: from, fieldSelector: `metadata.name=${cluster.issuerName}` };
  try {
    for await (const event of cluster.client.watch(ISSUERS, query, { signal: stop })) {
      if (event.type === 'BOOKMARK') continue;
      const claimed = readIssuerStatus(event.object.status).keys?.find((key) => key.kid === kid);
      if (claimed !== undefined && claimed.policies === claimed.of)
        claims.push(event.object.metadata.resourceVersion ?? '');
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}

/** Objects that lacked the key at the very moment at which the status said that all of them held it. */
async function behindDuring(kid: string, work: () => Promise<void>): Promise<readonly string[]> {
  const history = new History(cluster.client, cluster.namespace);
  await history.start();
  const stop = new AbortController();
  const claims: string[] = [];
  const { resourceVersion: from } = await cluster.client.list(ISSUERS);
  const claiming = watchClaims({ kid, from }, claims, stop.signal);
  await work();
  // The watch may bring it later than a read does.
  await vi.waitFor(() => expect(claims).not.toEqual([]), PATIENCE_MS);
  stop.abort();
  await claiming;
  const states = await Promise.all(claims.map(async (version) => ({ version, held: await history.at(version) })));
  await history.stop();
  return states.flatMap(({ version, held }) =>
    held
      .filter((object) => object.kind === 'RequestAuthentication' && !holdsKey(object.spec, kid))
      .map(({ metadata }) => `${metadata.name} at version ${version}`),
  );
}

const holdsKey = (spec: unknown, kid: string) => JSON.stringify(spec).includes(`\\"${kid}\\"`);

describe('a key rotation', { timeout: 600_000 }, () => {
  test('brings a new key to every policy before it is counted in all, and takes a removed one from every policy', async () => {
    const behind = await behindDuring('fresh', async () => {
      server.keys = [old, fresh];
      await counted('fresh', NAMES.length, NAMES.length);
    });
    expect(behind).toEqual([]);
    for (const name of NAMES) expect(await keysIn(name)).toMatch(/"fresh\\".*"old\\"/);

    server.keys = [fresh];
    await vi.waitFor(async () => expect(await count('old')).toBeUndefined(), PATIENCE_MS);
    for (const name of NAMES) {
      await vi.waitFor(async () => expect(await keysIn(name)).not.toContain('"old\\"'), PATIENCE_MS);
    }
    await counted('fresh', NAMES.length, NAMES.length);
  });

  test('waits for a policy that cannot be programmed, and goes on when it can', async () => {
    const stubborn = await frozenObject(cluster, await cluster.generatedOne('c', 'RequestAuthentication'));
    const behind = await behindDuring('fresh', async () => {
      server.keys = [old, fresh];
      await counted('fresh', NAMES.length - 1, NAMES.length);
      await vi.waitFor(async () => {
        expect(await cluster.condition('c', 'Programmed')).toMatchObject({ status: 'False', reason: 'ApplyFailed' });
      }, PATIENCE_MS);
      expect(await count('fresh')).toMatchObject({ policies: NAMES.length - 1, of: NAMES.length });
      await stubborn.release();
      await counted('fresh', NAMES.length, NAMES.length);
    });
    expect(behind).toEqual([]);
    await cluster.programmed('c', PATIENCE_MS);
  });

  test('counts a policy that was created a moment ago only with the key in it', async () => {
    const behind = await behindDuring('fresh', async () => {
      server.keys = [old, fresh];
      for (let turn = 0; turn < 20; turn += 1) await cluster.apply(cluster.policy(`late-${turn}`));
      await counted('fresh', NAMES.length + 20, NAMES.length + 20);
    });
    expect(behind).toEqual([]);
  });

  test('leaves a withdrawn key in force while the URL is down, says so, and the age of the set grows', async () => {
    server.failure = 503;
    server.keys = [fresh];
    await vi.waitFor(async () => {
      const { conditions } = await cluster.issuerStatus();
      expect(conditions).toMatchObject([{ type: 'Ready', status: 'True', reason: 'FetchFailed' }]);
    }, PATIENCE_MS);
    expect(await keysIn('a')).toContain('"old\\"');
    const age = await gauge('sekisho_jwks_age_seconds');
    await vi.waitFor(async () => expect(await gauge('sekisho_jwks_age_seconds')).toBeGreaterThan(age + 1), PATIENCE_MS);
    expect(await gauge('sekisho_jwks_fetch_failures_total')).toBeGreaterThan(0);
    server.failure = undefined;
    await vi.waitFor(async () => expect(await keysIn('a')).not.toContain('"old\\"'), PATIENCE_MS);
    await counted('fresh', NAMES.length, NAMES.length);
  });
});
