import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseServiceAuthPolicy } from '../parse/service-auth-policy.ts';
import { plan } from '../plan/plan.ts';
import type { ServiceAuthPolicySpec } from '../schema/service-auth-policy.ts';
import { ISSUERS, issuerStates, MESH, operation, policyOf, request, SERVICE, spec } from '../testing/arbitraries.ts';
import { deciderFor } from '../testing/decision.ts';
import { meshAllows, operationMatches } from '../testing/reference-mesh.ts';
import { operationMatch } from './allow.ts';
import { complement } from './complement.ts';

const TRUST_DOMAIN = 'cluster.local';
const requests = fc.array(request, { minLength: 20, maxLength: 20 });
const RUNS = { numRuns: 400 };
const edge = spec.filter(({ targetRefs, revocation }) => targetRefs !== undefined && revocation?.check === 'Edge');

function objectsOf(written: ServiceAuthPolicySpec) {
  return plan(
    { policy: policyOf(written), rivals: [], namesakes: [], issuers: issuerStates(), owned: [], mesh: MESH },
    new Date(0),
  ).desired;
}

describe('the compiled objects', () => {
  test('allow exactly what the policy says, no more and no less', () => {
    fc.assert(
      fc.property(spec, requests, (written, sent) => {
        const objects = objectsOf(written);
        const decides = deciderFor(written);
        for (const one of sent) {
          expect(meshAllows(objects, TRUST_DOMAIN, one), JSON.stringify(one)).toBe(decides(one));
        }
      }),
      RUNS,
    );
  });

  test('hold off anonymous callers by the guard alone, wherever no rule opens to them', () => {
    const foreignAllow = { selector: {}, action: 'ALLOW', rules: [{}] };
    fc.assert(
      fc.property(spec, requests, (written, sent) => {
        const objects = objectsOf(written);
        const foreign = objects.slice(0, 1).map((object) => ({
          ...object,
          kind: 'AuthorizationPolicy' as const,
          spec: foreignAllow,
        }));
        const tokenless = {
          ...written,
          rules: written.rules.filter(({ allow }) => allow.public ?? onlyCallers(allow)),
        };
        const opened = {
          ...tokenless,
          rules: tokenless.rules.map((rule) => ({ ...rule, allow: { public: true as const } })),
        };
        const opens = opened.rules.length > 0 ? deciderFor(opened) : () => false;
        for (const { token: _, ...anonymous } of sent) {
          const meant = opens(anonymous);
          expect(meshAllows([...objects, ...foreign], TRUST_DOMAIN, anonymous)).toBe(meant);
        }
      }),
      RUNS,
    );
  });

  test('let nothing through at the edge once the question to the guard is deleted, whatever others allow', () => {
    fc.assert(
      fc.property(edge, requests, (written, sent) => {
        const objects = objectsOf(written).filter((object) => object.spec['action'] !== 'CUSTOM');
        const foreign = objects.map((object) => ({ ...object, spec: { action: 'ALLOW', rules: [{}] } }));
        const allows = foreign.filter(({ kind }) => kind === 'AuthorizationPolicy');
        expect(objects.length).toBeGreaterThan(0);
        for (const one of sent) expect(meshAllows([...objects, ...allows], TRUST_DOMAIN, one)).toBe(false);
      }),
      RUNS,
    );
  });

  test('accept no token of another issuer or audience, even where a foreign RequestAuthentication verifies it', () => {
    // Its keys are those of the issuers: with others for the same `iss` it would speak in that issuer's name.
    const stranger = { iss: 'https://stranger.example', kids: ['p1', 'p2', 'c1'] };
    const jwtRules = [...ISSUERS, stranger].map(({ iss, kids }) => ({
      issuer: iss,
      audiences: [SERVICE, 'user'],
      jwks: JSON.stringify({ keys: kids.map((kid) => ({ kid })) }),
    }));
    fc.assert(
      fc.property(spec, requests, (written, sent) => {
        const objects = objectsOf(written);
        const foreign = objects.filter(({ kind }) => kind === 'RequestAuthentication');
        const mixed = [...objects, ...foreign.map((object) => ({ ...object, spec: { jwtRules } }))];
        const decides = deciderFor(written);
        for (const one of sent) {
          const meant = decides({ ...one, token: undefined }) || decides(one);
          if (!meant) expect(meshAllows(mixed, TRUST_DOMAIN, one), JSON.stringify(one)).toBe(false);
        }
      }),
      RUNS,
    );
  });

  test('open nothing more to a token without what its issuer requires than to no token', () => {
    const lacking = fc.constantFrom<object>({ client_id: undefined }, { client_id: '' }, { client_id: 7 });
    fc.assert(
      fc.property(spec, requests, lacking, (written, sent, lack) => {
        const objects = objectsOf(written);
        for (const { token, ...anonymous } of sent) {
          const idToken = token && { ...token, claims: { ...token.claims, ...lack } };
          const passes = meshAllows(objects, TRUST_DOMAIN, { ...anonymous, token: idToken });
          if (passes) expect(meshAllows(objects, TRUST_DOMAIN, anonymous), JSON.stringify(anonymous)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  test('never hold an empty list, which Istio would read as anything', () => {
    fc.assert(
      fc.property(spec, (written) => {
        expect(JSON.stringify(objectsOf(written))).not.toContain('[]');
      }),
      RUNS,
    );
  });

  test('come from specs that the parser takes', () => {
    fc.assert(
      fc.property(spec, (written) => {
        expect(parseServiceAuthPolicy(policyOf(written))).toMatchObject({ ok: true });
      }),
      RUNS,
    );
  });
});

test('the complement of openings matches exactly what no opening matches', () => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 6 }), requests, (openings, sent) => {
      const closed = complement(openings);
      for (const one of sent) {
        const open = openings.some((opening) => operationMatches(operationMatch(opening), one));
        expect(closed.some((match) => operationMatches(match, one))).toBe(!open);
      }
    }),
    RUNS,
  );
});

function onlyCallers(allow: object): boolean {
  return Object.keys(allow).join() === 'callers';
}
