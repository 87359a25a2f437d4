import { ManifestError } from './errors.ts';
import { EDGE } from './guarded-edge.ts';
import type { SekishoPlatformProps } from './platform-props.ts';
import { PUBLIC } from './public-gateway.ts';

/**
 * A namespace that two things make would be rendered twice, and a proxy has no place where default-deny and `restricted` are.
 * templates/checks.yaml of the chart says the same.
 * @throws ManifestError `platform_invalid`
 */
export function checkGateways({ gateway = true, edge }: SekishoPlatformProps, namespace: string): void {
  const made = [...(gateway ? [PUBLIC] : []), ...(edge !== undefined && edge.gateway === undefined ? [EDGE] : [])];
  if (made.some((one) => one.namespace === namespace))
    refuse(`namespace is ${namespace}, which is that of a gateway: name another`);
  const guarded = edge?.gateway;
  if (gateway && guarded?.namespace === PUBLIC.namespace && guarded.name === PUBLIC.name)
    refuse('edge.gateway is the gateway `public`, which asks nobody: set gateway to false');
}

function refuse(reason: string): never {
  throw new ManifestError('platform_invalid', reason);
}
