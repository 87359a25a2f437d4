import { isCorsPreflight } from '@sekisho/policy';
import type { RouteQuery } from '../routes/match.ts';
import type { Arrival } from '../routes/sections.ts';

/** A request that Envoy asks about, taken apart once. */
export interface CheckRequest extends RouteQuery, Arrival {
  /** Values of the `Authorization` headers as they came, joined by commas where there were several. */
  readonly authorization: string | undefined;
}

/** As Envoy takes it for one, and then verifies no token of it. */
export function isPreflight({ method, header }: Pick<CheckRequest, 'method' | 'header'>): boolean {
  if (method !== 'OPTIONS') return false;
  return isCorsPreflight(method, {
    origin: header('origin'),
    accessControlRequestMethod: header('access-control-request-method'),
  });
}
