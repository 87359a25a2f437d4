import { describe, expect, test } from 'vitest';
import { edgePolicy, issuer, policy, requestAuthentication } from '../testing/objects.ts';
import { find, jwks, PARTNER, PLATFORM, routingOf, state } from '../testing/routing.ts';

describe('a policy', () => {
  const broken = policy('bucket', { issuers: ['nobody'] });

  test('that is refused after an edit is decided by as it last stood', () => {
    expect(find(routingOf(state(), state({ policies: [edgePolicy(), broken] })))).toMatchObject({ kind: 'target' });
  });

  test('that was never in order, or is another one of the same name, closes its routes', () => {
    const closed = { kind: 'closed', policy: 'shop/bucket' };
    expect(find(routingOf(state({ policies: [edgePolicy(), broken] })))).toMatchObject(closed);
    const another = policy('bucket', { issuers: ['nobody'] }, { uid: 'another' });
    expect(find(routingOf(state(), state({ policies: [edgePolicy(), another] })))).toMatchObject(closed);
  });

  test('without keys for its issuer is not in force yet', () => {
    expect(find(routingOf(state({ keys: [] })))).toMatchObject({ kind: 'closed', policy: 'shop/bucket' });
  });

  test('that is older governs, and one whose labels the Service does not name only where no other does', () => {
    const young = policy(
      'young',
      { selector: { matchLabels: { app: 'bucket' } } },
      { creationTimestamp: '2026-02-01T00:00:00Z' },
    );
    const near = policy('near', { selector: { matchLabels: { app: 'bucket', tier: 'api' } } });
    const nameOf = (...policies: readonly ReturnType<typeof policy>[]) =>
      find(routingOf(state({ policies: [edgePolicy(), ...policies] })));
    expect(nameOf(young, policy('bucket'))).toMatchObject({ target: { name: 'shop/bucket' } });
    expect(nameOf(near, young)).toMatchObject({ target: { name: 'shop/young' } });
    expect(nameOf(near)).toMatchObject({ target: { name: 'shop/near' } });
  });

  test('gets no tokens for a name that another namespace has, and changes nothing for that one', () => {
    const inForce = { status: { service: 'bucket', objects: [{ kind: 'AuthorizationPolicy', name: 'allow' }] } };
    const elsewhere = policy(
      'bucket',
      {},
      { namespace: 'other', uid: 'elsewhere', creationTimestamp: '2025-01-01T00:00:00Z' },
    );
    const lenient = policy('bucket', { revocation: { whenUnavailable: 'Allow' } });
    const withPolicies = (...policies: readonly ReturnType<typeof policy>[]) =>
      routingOf(state({ policies: [edgePolicy(), ...policies] }));
    const taken = { kind: 'closed', policy: 'shop/bucket', why: expect.stringContaining('other/bucket') };
    expect(find(withPolicies(policy('bucket'), elsewhere))).toMatchObject(taken);
    const held = withPolicies({ ...lenient, ...inForce }, elsewhere);
    expect(find(held)).toMatchObject({ kind: 'target', target: { service: 'bucket' } });
    expect(held.whenUnavailable(['bucket'])).toBe('Allow');
    expect(withPolicies({ ...lenient, ...inForce }, { ...elsewhere, ...inForce }).whenUnavailable(['bucket'])).toBe(
      'Deny',
    );
  });

  test('says what holds while revocations are not known: at a hop all policies of the service must', () => {
    const lenient = policy('bucket', { revocation: { whenUnavailable: 'Allow' } });
    const strict = policy('other', { service: 'bucket' });
    const issuers = (...policies: readonly ReturnType<typeof policy>[]) => routingOf(state({ policies }));
    expect(issuers(lenient).whenUnavailable(['bucket'])).toBe('Allow');
    expect(issuers(lenient).whenUnavailable(['bucket', 'user'])).toBe('Deny');
    expect(issuers(lenient).whenUnavailable([])).toBe('Deny');
    expect(issuers(lenient, strict).whenUnavailable(['bucket'])).toBe('Deny');
  });

  test('that was never seen in order may say what it likes: until it is, the others of the service cannot let through', () => {
    const lenient = policy('bucket', { revocation: { whenUnavailable: 'Allow' } });
    const unread = policy('other', { service: 'bucket', issuers: ['nobody'] });
    const leniently = (...policies: readonly ReturnType<typeof policy>[]) =>
      routingOf(state({ policies })).whenUnavailable(['bucket']);
    expect(leniently(lenient, unread)).toBe('Deny');
    const inForce = { status: { service: 'bucket', objects: [{ kind: 'AuthorizationPolicy', name: 'allow' }] } };
    const renamed = policy('other', { service: 'files', issuers: ['nobody'] });
    expect(leniently(lenient, renamed)).toBe('Allow');
    expect(leniently(lenient, { ...renamed, ...inForce })).toBe('Deny');
    // Nobody of another namespace has a say by asking for the name.
    expect(leniently(lenient, policy('bucket', { issuers: ['nobody'] }, { namespace: 'z', uid: 'z' }))).toBe('Allow');
  });
});

describe('issuers beside the platform', () => {
  const both = { issuers: ['platform', 'partner'] };
  const partner = issuer('partner', { issuer: PARTNER, jwksUri: 'https://partner.example/jwks' });

  function target(policies: readonly ReturnType<typeof policy>[], edgeKeys: object = { [PARTNER]: jwks }) {
    const edge = edgePolicy(both);
    const routing = routingOf(
      state({
        policies: [edge, ...policies],
        issuers: [...state().issuers, partner],
        keys: [
          requestAuthentication(policy('bucket'), { [PLATFORM]: jwks, [PARTNER]: jwks }),
          requestAuthentication(edge, { [PLATFORM]: jwks, ...edgeKeys }),
        ],
      }),
    );
    const found = find(routing);
    return found.kind === 'target' ? found.target : undefined;
  }

  test('count with the keys of the Gateway, where the policy names them', () => {
    expect([...(target([policy('bucket', both)])?.external.keys() ?? [])]).toEqual([PARTNER]);
    expect(target([policy('bucket')])?.external.size).toBe(0);
    expect(target([policy('bucket', both)], {})?.external.size).toBe(0);
  });

  test('are exchanged where the service takes the platform, and every policy of its name takes the issuer', () => {
    expect(target([policy('bucket', both)])?.exchanged.has(PARTNER)).toBe(true);
    expect(target([policy('bucket', { issuers: ['partner'] })])?.exchanged.size).toBe(0);
    const second = policy('second', { service: 'bucket' });
    expect(target([policy('bucket', both), second])?.exchanged.has(PARTNER)).toBe(false);
    const unread = policy('second', { service: 'bucket', issuers: ['nobody'] });
    expect(target([policy('bucket', both), unread])?.exchanged.has(PARTNER)).toBe(false);
  });

  test('change nothing for tokens of the platform, which are for more services than this one', () => {
    const second = policy('second', { service: 'bucket', issuers: ['partner'] });
    expect([...(target([policy('bucket', both), second])?.exchanged ?? [])]).toEqual([PLATFORM, PARTNER]);
  });
});
