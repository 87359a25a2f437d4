import type { KubeObject } from '@sekisho/kube';
import { crds } from '@sekisho/policy';
import { doubtful, type Finding, lacking, ok } from './finding.ts';

const ISTIO = ['authorizationpolicies', 'requestauthentications', 'peerauthentications'];
/** Definitions of others that policies are compiled to, or attached to. */
export const FOREIGN_DEFINITIONS = [
  ...ISTIO.map((plural) => `${plural}.security.istio.io`),
  'gateways.gateway.networking.k8s.io',
  'httproutes.gateway.networking.k8s.io',
];
export const OWN_DEFINITIONS = crds().map(({ metadata }) => metadata.name);

export function foreignDefinitionFinding(name: string, definition: KubeObject | undefined): Finding {
  const about = `definition ${name}`;
  if (definition !== undefined) return ok(about, 'there');
  if (name.endsWith('istio.io'))
    return lacking(about, 'not there', 'Install Istio, with its definitions (chart `base`).');
  return doubtful(
    about,
    'not there',
    'Install the Gateway API to have policies at a Gateway, and the guard at the edge.',
  );
}

/** Whether one of our own definitions is there, and is the one that this version of the command knows. */
export function ownDefinitionFinding(name: string, definition: KubeObject | undefined): Finding {
  const about = `definition ${name}`;
  if (definition === undefined) return lacking(about, 'not there', 'Install the chart, or apply its folder crds.');
  const known = crds().find(({ metadata }) => metadata.name === name);
  if (schemasOf(definition) === schemasOf(known)) return ok(about, 'of this version');
  return doubtful(
    about,
    'of another version',
    'Upgrade the older one: the definitions of the cluster, or this command.',
  );
}

/** Versions and schemas, whatever the order of their fields. */
function schemasOf(definition: { readonly spec?: unknown } | undefined): string {
  const { versions = [] }: { versions?: readonly { name?: unknown; schema?: unknown }[] } = Object(definition?.spec);
  return JSON.stringify(versions.map(({ name, schema }) => ({ name, schema: sorted(schema) })));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}
