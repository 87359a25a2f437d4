export interface PreflightHeaders {
  readonly origin?: string | undefined;
  readonly accessControlRequestMethod?: string | undefined;
}

/** Whether Envoy takes a request for a CORS preflight: OPTIONS with both headers, neither of them empty. */
export function isCorsPreflight(method: string, { origin, accessControlRequestMethod }: PreflightHeaders): boolean {
  return method === 'OPTIONS' && Boolean(origin) && Boolean(accessControlRequestMethod);
}
