import { once } from 'node:events';
import type { KubeObject } from '@sekisho/kube';
import { type Jwks, parseJwks } from '@sekisho/policy';
import { afterEach, describe, expect, test } from 'vitest';
import { GENERATED, ISSUERS, POLICIES, toIstioObject } from './resources.ts';
import { publicJwk } from './testing/keys.ts';
import { planOf, serviceAuthPolicy, settled, tokenIssuer } from './testing/objects.ts';
import { Scenario } from './testing/scenario.ts';

const issuer = tokenIssuer('platform');
const bucket = settled(serviceAuthPolicy('bucket'), issuer);
const everything = [bucket.policy, bucket.issuer, ...bucket.generated];

let scenario: Scenario;
afterEach(() => scenario.close());

/** The same keys whenever they are asked for. */
const keys = ['k1', 'k2'].map(publicJwk);
function jwksOf(...kids: readonly string[]): Jwks {
  const parsed = parseJwks({ keys: keys.filter(({ kid }) => kids.includes(kid)) });
  if (!parsed.ok) throw new Error('refused');
  return parsed.value;
}

/** An election whose outcome the test decides. */
function ballot() {
  let term = new AbortController();
  const started = Promise.withResolvers<(term: AbortSignal) => Promise<void>>();
  return {
    election: {
      get isLeading() {
        return !term.signal.aborted;
      },
      async run(lead: (term: AbortSignal) => Promise<void>, stop: AbortSignal) {
        term.abort();
        started.resolve(lead);
        await once(stop, 'abort');
        term.abort();
      },
    },
    /** Begins a term; `ended` is when the work has stopped. */
    async elect(): Promise<{ ended: Promise<void> }> {
      const lead = await started.promise;
      term = new AbortController();
      return { ended: lead(term.signal) };
    },
    depose: () => term.abort(),
  };
}

function authorizationPolicy(): KubeObject {
  const found = bucket.generated.find(({ kind }) => kind === 'AuthorizationPolicy');
  if (!found || !toIstioObject(found)) throw new Error('none');
  return found;
}

describe('a replica', () => {
  test('that stands by is ready, writes nothing, and does what gathered once it leads', async () => {
    const { election, elect } = ballot();
    const policy = serviceAuthPolicy('bucket');
    scenario = await Scenario.of({ objects: [policy, issuer], election });
    scenario.run();
    await scenario.settle();
    expect(scenario.ready).toBe(true);
    expect(scenario.api.calls.every(({ method }) => method === 'GET')).toBe(true);
    expect(await scenario.metrics.render()).toContain('sekisho_leader 0\n');

    for (const { kind, metadata } of planOf(policy, issuer).apply) void scenario.applied(GENERATED[kind], metadata);
    const status = scenario.statusApplied(POLICIES, policy);
    scenario.issuerStatusAllowed(issuer);
    await elect();
    await status;
    expect(await scenario.metrics.render()).toContain('sekisho_leader 1\n');
    await scenario.settle();
  });

  test('that loses the lease aborts its write, and does the work again when it leads again', async () => {
    const { election, elect, depose } = ballot();
    scenario = await Scenario.of({ objects: everything, election });
    scenario.run();
    const { ended } = await elect();
    await scenario.settle();
    const object = authorizationPolicy();
    const hanging = scenario.hanging(GENERATED.AuthorizationPolicy, object.metadata);
    await scenario.event('DELETED', GENERATED.AuthorizationPolicy, object);
    await hanging;
    depose();
    await ended;
    await scenario.settle();
    const again = scenario.applied(GENERATED.AuthorizationPolicy, object.metadata);
    await elect();
    await again;
    await scenario.settle();
  });

  test('that leads again acts on no key set from an earlier term: another one may have written newer keys since', async () => {
    const { election, elect, depose } = ballot();
    const [early, late] = [jwksOf('k1'), jwksOf('k1', 'k2')];
    const web = tokenIssuer('platform', { jwksUri: 'https://idp.example/jwks.json' });
    const before = settled(serviceAuthPolicy('bucket'), web, early);
    const rotated = settled(serviceAuthPolicy('bucket'), web, late);
    const answers = [early, late];
    const fetch = async () => answers.shift();
    scenario = await Scenario.of({ objects: [before.policy, before.issuer, ...before.generated], election, fetch });
    scenario.run();
    const { ended } = await elect();
    await scenario.settle();
    depose();
    await ended;
    for (const object of rotated.generated) {
      if (object.kind !== 'RequestAuthentication') continue;
      await scenario.event('MODIFIED', GENERATED.RequestAuthentication, object);
    }
    await scenario.event('MODIFIED', ISSUERS, rotated.issuer);
    await scenario.settle();
    await elect();
    await scenario.settle();
    expect(answers).toHaveLength(0);
  });
});

describe('people', () => {
  test('hear when a policy is accepted and programmed, and nothing when nothing changed', async () => {
    const policy = serviceAuthPolicy('fresh');
    scenario = await Scenario.of({ objects: [...everything, policy] });
    for (const { kind, metadata } of planOf(policy, issuer).apply) void scenario.applied(GENERATED[kind], metadata);
    const status = scenario.statusApplied(POLICIES, policy);
    scenario.issuerStatusAllowed(issuer);
    scenario.run();
    await status;
    await scenario.settle();
    expect(scenario.told).toEqual([
      'Normal Accepted: the policy is valid',
      'Normal Programmed: the API server holds exactly the generated objects',
    ]);
  });

  test('hear of a refusal with its reason, and what it leaves in force', async () => {
    const policy = serviceAuthPolicy('broken', { rules: [] });
    scenario = await Scenario.of({ objects: [issuer, policy] });
    for (const { kind, metadata } of planOf(policy, issuer).apply) void scenario.applied(GENERATED[kind], metadata);
    const status = scenario.statusApplied(POLICIES, policy);
    scenario.issuerStatusAllowed(issuer);
    scenario.run();
    await status;
    await scenario.settle();
    expect(scenario.told).toHaveLength(1);
    expect(scenario.told[0]).toMatch(/^Warning Refused: Invalid: .*spec\.rules.*;/s);
  });

  test('hear of a repair, which comes at once the first time and later when somebody insists', async () => {
    scenario = await Scenario.of({ objects: everything });
    scenario.run();
    await scenario.settle();
    const object = authorizationPolicy();
    const repairs: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const again = scenario.applied(GENERATED.AuthorizationPolicy, object.metadata);
      const undone = performance.now();
      await scenario.event('DELETED', GENERATED.AuthorizationPolicy, object);
      await again;
      repairs.push(performance.now() - undone);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(repairs[0]).toBeLessThan(150);
    expect(repairs[1]).toBeGreaterThan(150);
    expect(repairs[2]).toBeGreaterThan(300);
    expect(scenario.told[0]).toBe(
      `Warning Repaired: put back AuthorizationPolicy ${object.metadata.name}: ` +
        'generated objects belong to the policy, change that instead',
    );
    expect(await scenario.metrics.render()).toContain('sekisho_reconcile_total{result="repaired"} 3');
  });
});
