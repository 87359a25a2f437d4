import { ServiceName } from '@sekisho/tokens';
import { Value } from 'typebox/value';

/**
 * A service as a resource indicator (RFC 8707): `<issuer>/services/<name>`. An absolute URI under our own authority
 * means the same everywhere and needs no registration; the name alone is what `aud` and `services` then hold.
 */
export interface Resources {
  /** @returns the service's name; undefined for what is no service of this issuer */
  serviceOf(resource: string): string | undefined;
  ofService(name: string): string;
}

export function createResources(issuer: string): Resources {
  const prefix = `${issuer.replace(/\/$/, '')}/services/`;
  return {
    serviceOf(resource) {
      const name = resource.startsWith(prefix) ? resource.slice(prefix.length) : '';
      return Value.Check(ServiceName, name) ? name : undefined;
    },
    ofService: (name) => `${prefix}${name}`,
  };
}
