import type { FastifySchema } from 'fastify';
import type { AuthErrorCode } from '../errors.ts';
import type { AdminPermission } from './permissions.ts';

/** What a route says of itself in the API document, beside its shapes. */
export interface About {
  /** Unique over the app: generators name functions after it. */
  readonly id: string;
  /** A part of the API, as the document groups routes: `users`, `sessions`, `keys`. */
  readonly tag: string;
  /** One line, in the imperative. */
  readonly summary: string;
  readonly description?: string;
  /**
   * The permission of the administrator, `token` where any access token does, or `workload` where a ServiceAccount token
   * does. @default none: anyone may ask
   */
  readonly needs?: AdminPermission | 'token' | 'workload';
  /** What it refuses beside what follows from its shapes: bad input, a missing token, an unavailable store. */
  readonly problems?: readonly AuthErrorCode[];
}

/** A route's schema with what is said about it; fastify itself ignores `about`. */
export interface DocumentedSchema extends FastifySchema {
  readonly about?: About;
}

/** The `schema` of a route: its shapes, and what the API document tells of it. The static types stay those of the shapes. */
export function operation<const S extends FastifySchema>(about: About, shapes: S): S {
  return { ...shapes, about };
}
