import type { Provider } from 'oidc-provider';
import type { Asked } from './grants/granted.ts';
import type { Resources } from './resources.ts';

export type ConsentGrant = Pick<InstanceType<Provider['Grant']>, 'addResourceScope' | 'getResourceScope'>;

/** No scope that a request can hold (RFC 6749 section 3.3 has no quotation mark in it). */
const EVERYTHING = '"everything"';

/** What a person allowed is kept by service: an application that was allowed one is asked about again for another. */
export interface Consents {
  covers(grant: ConsentGrant, asked: Asked): boolean;
  record(grant: ConsentGrant, asked: Asked): void;
}

export function createConsents(resources: Resources): Consents {
  // Under the name of no service: everything but what has to be asked for by name.
  const everyService = resources.ofService('');
  return {
    covers(grant, { services, permissions }) {
      const scopes = (key: string) => new Set(grant.getResourceScope(key).split(' '));
      if (services.length === 0) return scopes(everyService).has(EVERYTHING);
      return services.every((service) => {
        const allowed = scopes(resources.ofService(service));
        if (allowed.has(EVERYTHING)) return true;
        return permissions?.every((permission) => allowed.has(permission)) === true;
      });
    },
    record(grant, { services, permissions }) {
      const scope = permissions === undefined ? EVERYTHING : permissions.join(' ');
      const keys = services.length === 0 ? [everyService] : services.map(resources.ofService);
      for (const key of keys) grant.addResourceScope(key, scope);
    },
  };
}
