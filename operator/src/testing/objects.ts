import type { KubeObject } from '@sekisho/kube';
import { type Jwks, type Mesh, plan, programmed, type Surroundings } from '@sekisho/policy';
import { type IssuerFacts, issuerStatus } from '../issuer-status.ts';
import { publicJwk } from './keys.ts';

export const NOW = new Date('2026-01-01T00:00:00Z');
export const MESH = { trustDomain: 'cluster.local', rootNamespace: 'istio-system' };
export const ISS = 'https://auth.example';
const API = 'auth.sekisho.dev/v1alpha1';

/** A TokenIssuer that every policy uses, with one inline key unless `spec` says otherwise. */
export function tokenIssuer(
  name: string,
  spec: Record<string, unknown> = { jwks: { keys: [publicJwk('k1')] } },
): KubeObject {
  const metadata = { name, uid: `uid-${name}`, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: API, kind: 'TokenIssuer', metadata, spec: { issuer: ISS, default: true, ...spec } };
}

export function serviceAuthPolicy(name: string, spec: Record<string, unknown> = {}): KubeObject {
  const rules = [{ name: 'read', to: [{ methods: ['GET'] }], allow: { permissions: { anyOf: ['bucket:read'] } } }];
  return {
    apiVersion: API,
    kind: 'ServiceAuthPolicy',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { selector: { matchLabels: { app: name } }, rules, ...spec },
  };
}

/** As the operator reads it from MESH_CONFIG. */
const KNOWN_MESH: Mesh = { ...MESH, config: { ...MESH, providers: [], normalizesPaths: true } };
export const MESH_CONFIG = 'pathNormalization: { normalization: DECODE_AND_MERGE_SLASHES }';
const NOTHING_AROUND: Surroundings = {
  workloads: { selected: 0, labels: [], proxies: [] },
  services: [],
  foreign: [],
};

/** What the compiler makes of a policy with this issuer. */
export function planOf(policy: KubeObject, issuer: KubeObject, jwks?: Jwks) {
  const issuers = [{ issuer, ...(jwks && { jwks }) }];
  return plan(
    { policy, rivals: [], namesakes: [], issuers, owned: [], mesh: KNOWN_MESH, surroundings: NOTHING_AROUND },
    NOW,
  );
}

/** Policy, issuer and objects as they are when all is done: a reconcile has nothing to write. With `fetched` keys, or the inline ones. */
export function settled(policy: KubeObject, issuer: KubeObject, fetched?: Jwks) {
  const planned = planOf(policy, issuer, fetched);
  const generated: readonly KubeObject[] = planned.desired.map(({ apiVersion, kind, metadata, spec }) => ({
    apiVersion,
    kind,
    metadata: { ...metadata, uid: `uid-${metadata.name}`, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec,
  }));
  const inline = issuer.spec as { jwks: Jwks };
  const keys: IssuerFacts['keys'] = fetched
    ? { state: 'fetched', jwks: fetched }
    : { state: 'inline', jwks: inline.jwks };
  const holders = [{ refused: false, objects: generated.filter(({ kind }) => kind === 'RequestAuthentication') }];
  return {
    policy: { ...policy, status: programmed(planned, { ok: true }, NOW) },
    issuer: { ...issuer, status: issuerStatus({ issuer, keys, policies: holders }, NOW) },
    generated,
  };
}
