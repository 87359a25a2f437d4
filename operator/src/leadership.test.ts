import { once } from 'node:events';
import type { KubeObject } from '@sekisho/kube';
import { type Jwks, parseJwks } from '@sekisho/policy';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { GENERATED, ISSUERS, POLICIES, toIstioObject } from './resources.ts';
import { publicJwk } from './testing/keys.ts';
import { NOW, planOf, serviceAuthPolicy, settled, tokenIssuer } from './testing/objects.ts';
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
  async function toldOf(policy: KubeObject): Promise<readonly string[]> {
    scenario = await Scenario.of({ objects: [...everything, policy] });
    for (const { kind, metadata } of planOf(policy, issuer).apply) void scenario.applied(GENERATED[kind], metadata);
    const status = scenario.statusApplied(POLICIES, policy);
    scenario.issuerStatusAllowed(issuer);
    scenario.run();
    await status;
    await scenario.settle();
    return scenario.told;
  }

  test('hear nothing of policies that are as good as expected, new or unchanged', async () => {
    expect(await toldOf(serviceAuthPolicy('fresh'))).toEqual([]);
  });

  test('hear when a policy that was refused and not programmed is, at last', async () => {
    const bad = (type: string) => ({
      type,
      status: 'False',
      reason: 'Bad',
      message: '',
      lastTransitionTime: NOW.toISOString(),
    });
    const status = { conditions: [bad('Accepted'), bad('Programmed')] };
    expect(await toldOf({ ...serviceAuthPolicy('mended'), status })).toEqual([
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

  test('hear what was done last: it is told while this process may still write', async () => {
    const { election, elect } = ballot();
    const leading: boolean[] = [];
    const onLastEvents = () => void leading.push(election.isLeading);
    scenario = await Scenario.of({ objects: everything, election, onLastEvents });
    scenario.run();
    await elect();
    await scenario.stop();
    expect(leading).toEqual([true]);
  });

  test('hear of a repair, and of each more as long as somebody insists', async () => {
    scenario = await Scenario.of({ objects: everything });
    scenario.run();
    await scenario.settle();
    const object = authorizationPolicy();
    for (let turn = 1; turn <= 3; turn += 1) {
      const again = scenario.applied(GENERATED.AuthorizationPolicy, object.metadata);
      await scenario.event('DELETED', GENERATED.AuthorizationPolicy, object);
      await again;
      await vi.waitFor(() => expect(scenario.told).toHaveLength(turn), 30_000);
    }
    expect(scenario.told[0]).toBe(
      `Warning Repaired: put back AuthorizationPolicy ${object.metadata.name}: ` +
        'generated objects belong to the policy, change that instead',
    );
    await vi.waitFor(
      async () => expect(await scenario.metrics.render()).toContain('sekisho_reconcile_total{result="repaired"} 3'),
      30_000,
    );
  });
});
