/** Every URL that is told to anybody is the issuer's, whatever host or scheme a request came by. */
export interface Issuer {
  readonly issuer: string;
  readonly origin: string;
  readonly host: string;
  readonly isHttps: boolean;
  /** Path before ours, without a slash at its end; a proxy takes it off. */
  readonly basePath: string;
  /** @param path with a slash at its start */
  url(path: string): string;
}

export function parseIssuer(issuer: string): Issuer {
  const { origin, host, protocol, pathname } = new URL(issuer);
  const basePath = pathname.replace(/\/$/, '');
  return {
    issuer,
    origin,
    host,
    isHttps: protocol === 'https:',
    basePath,
    url: (path) => `${origin}${basePath}${path}`,
  };
}
