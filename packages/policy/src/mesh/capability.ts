import type { Refusal } from '../compile/refusal.ts';
import type { ServiceAuthPolicy } from '../resources.ts';
import { providerOf } from '../revocation.ts';
import type { ExtAuthzProvider, MeshConfig } from './mesh-config.ts';

/** What must be known of the mesh config. */
export interface MeshFacts {
  readonly trustDomain: string;
  /** Where Istio reads policies that apply to every namespace. */
  readonly rootNamespace: string;
}

/** The mesh as far as it is known. */
export interface Mesh extends MeshFacts {
  /** The last good mesh config; absent when there never was one. */
  readonly config?: MeshConfig;
  /** Why there is no (newer) mesh config. */
  readonly problem?: string;
}

/**
 * Why the mesh cannot enforce a policy that is valid in itself. A CUSTOM policy whose provider Istio does not know denies every
 * request, and one whose provider fails open lets everything through while the guard is away: neither may be written.
 */
export function capabilityRefusal({ spec }: ServiceAuthPolicy, { config, problem }: Mesh): Refusal | undefined {
  const name = providerOf(spec);
  if (name === undefined) return undefined;
  if (config === undefined) {
    const why = problem ?? 'it was not read yet';
    return missing(`whether the mesh config names the extensionProvider ${name} is not known: ${why}`);
  }
  const provider = findProvider(config, name);
  if (provider === undefined) {
    return missing(`the mesh config names no ext_authz extensionProvider ${name}; add it, or do not ask for the check`);
  }
  if (!provider.failOpen || spec.revocation.whenUnavailable === 'Allow') return undefined;
  const message =
    `spec.revocation: the extensionProvider ${name} has failOpen: true, so nothing is checked while the guard is away; ` +
    'set it to false in the mesh config';
  return { reason: 'ProviderFailsOpen', message };
}

export function findProvider({ providers }: MeshConfig, name: string): ExtAuthzProvider | undefined {
  return providers.find((provider) => provider.name === name);
}

function missing(what: string): Refusal {
  return { reason: 'ProviderMissing', message: `spec.revocation.check: ${what}` };
}
