import { KubeError, type KubeObject } from '@sekisho/kube';
import { parse } from 'yaml';
import type { ClusterReader } from './cluster-reader.ts';
import { FOREIGN_DEFINITIONS, foreignDefinitionFinding, OWN_DEFINITIONS, ownDefinitionFinding } from './definitions.ts';
import { type Finding, lacking, ok } from './finding.ts';
import { istiodFindings } from './istiod.ts';
import * as kinds from './kinds.ts';
import { meshFindings } from './mesh-settings.ts';
import { definitionGuardFinding, partFinding, webhookFinding } from './parts.ts';
import { ofRevision, type Places } from './places.ts';
import { injectionFinding, isOfService, issuerFindings, needsGuard, policyFindings } from './policies.ts';

const [OPERATOR, AUTH, GUARD] = ['sekisho-operator', 'auth', 'sekisho-guard'];
const WEBHOOK = 'sekisho';
const DEFINITION_GUARD = 'sekisho-definitions';
/** Under this key istiod reads its mesh config. */
const MESH_KEY = 'mesh';

/**
 * Looks at everything that Sekisho needs of a cluster, in the order in which one would mend it. What the API server does not tell
 * becomes a finding of its own; no Secret is read.
 */
export async function checkCluster(cluster: ClusterReader, places: Places): Promise<readonly Finding[]> {
  const looks: readonly (readonly [about: string, look: () => Promise<readonly Finding[]>])[] = [
    ['definitions', () => definitions(cluster)],
    ['istiod', () => istiod(cluster, places)],
    ['mesh config', () => meshConfig(cluster, places)],
    ['parts', () => parts(cluster, places)],
    ['admission', () => admission(cluster)],
    ['token issuers', async () => issuerFindings(await cluster.list(kinds.ISSUERS))],
    ['policies', () => policies(cluster, places)],
  ];
  const found: Finding[] = [];
  for (const [about, look] of looks) found.push(...(await telling(about, look)));
  return found;
}

async function telling(about: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 'forbidden') throw error;
    return [{ about, state: 'unknown', found: error.message, next: 'Use an account that may read it.' }];
  }
}

async function definitions(cluster: ClusterReader): Promise<readonly Finding[]> {
  const read = (name: string) => cluster.get(kinds.DEFINITIONS, name);
  const foreign = FOREIGN_DEFINITIONS.map(async (name) => foreignDefinitionFinding(name, await read(name)));
  const own = OWN_DEFINITIONS.map(async (name) => ownDefinitionFinding(name, await read(name)));
  return Promise.all([...foreign, ...own]);
}

async function istiod(cluster: ClusterReader, places: Places): Promise<readonly Finding[]> {
  const deployment = await cluster.get(kinds.DEPLOYMENTS, ofRevision('istiod', places), places.istioNamespace);
  return istiodFindings(deployment, places.namespace);
}

async function meshConfig(cluster: ClusterReader, places: Places): Promise<readonly Finding[]> {
  const { istioNamespace } = places;
  const name = ofRevision('istio', places);
  const map = await cluster.get(kinds.CONFIG_MAPS, name, istioNamespace);
  const text: unknown = Reflect.get(Object(map?.['data']), MESH_KEY);
  const about = 'mesh config';
  const next = 'Name the namespace and revision of Istio with --istio-namespace and --revision.';
  if (typeof text !== 'string') {
    return [lacking(about, `ConfigMap ${istioNamespace}/${name} has no key ${MESH_KEY}`, next)];
  }
  const document = decoded(text);
  // What is written there is not repeated: other people's settings, which may hold anything.
  return 'value' in document
    ? meshFindings(document.value, {
        service: `${GUARD}.${places.namespace}`,
        isAsked: needsGuard(await cluster.list(kinds.POLICIES)),
      })
    : [lacking(about, 'is not YAML', 'istiod keeps its last one: mend it.')];
}

function decoded(text: string): { readonly value: unknown } | { readonly problem: unknown } {
  try {
    return { value: parse(text) };
  } catch (problem) {
    return { problem };
  }
}

async function parts(cluster: ClusterReader, { namespace }: Places): Promise<readonly Finding[]> {
  const read = (name: string) => cluster.get(kinds.DEPLOYMENTS, name, namespace);
  const find = async (name: string) => partFinding({ name, namespace }, await read(name));
  return [await find(OPERATOR), await find(AUTH), await guard(cluster, { name: GUARD, namespace }, await read(GUARD))];
}

/** It need not be there while nobody asks it. */
async function guard(
  cluster: ClusterReader,
  place: { readonly name: string; readonly namespace: string },
  deployment: KubeObject | undefined,
): Promise<Finding> {
  if (deployment === undefined && !needsGuard(await cluster.list(kinds.POLICIES))) {
    return ok(`deployment ${place.namespace}/${place.name}`, 'not there, and no policy asks for it');
  }
  return partFinding(place, deployment);
}

async function admission(cluster: ClusterReader): Promise<readonly Finding[]> {
  return [
    webhookFinding(await cluster.get(kinds.WEBHOOKS, WEBHOOK)),
    definitionGuardFinding(await cluster.get(kinds.ADMISSION_BINDINGS, DEFINITION_GUARD)),
  ];
}

async function policies(cluster: ClusterReader, { namespace, istioNamespace }: Places): Promise<readonly Finding[]> {
  const all = await cluster.list(kinds.POLICIES);
  // A Gateway's proxy is there by itself, and the platform has none: its namespace would refuse to start what was injected.
  const beside = all.filter((policy) => isOfService(policy, namespace));
  const names = new Set(beside.map(({ metadata }) => metadata.namespace ?? ''));
  names.delete(istioNamespace);
  const injection = [...names]
    .sort()
    .map(async (name) => injectionFinding(name, await cluster.get(kinds.NAMESPACES, name)));
  return [...(await Promise.all(injection)), ...policyFindings(all, namespace)];
}
