/** What a browser says of where a request comes from and what it is for (https://www.w3.org/TR/fetch-metadata/). */
export interface FetchMetadata {
  /** `Sec-Fetch-Site`; browsers send these three to https and localhost only. */
  readonly site?: string | undefined;
  /** `Sec-Fetch-Mode` */
  readonly mode?: string | undefined;
  /** `Sec-Fetch-Dest` */
  readonly dest?: string | undefined;
  /** `Origin` */
  readonly origin?: string | undefined;
}

/**
 * Whether a page of this very origin sent the request: scripts can set none of these headers. Without any of them nobody knows,
 * which is no.
 * @param own scheme, host and port, as `Origin` spells it; undefined when that is not known
 */
export function isSameOrigin({ site, origin }: FetchMetadata, own: string | undefined): boolean {
  // First: with `Referrer-Policy: no-referrer` the Origin of a page's own form is `null`.
  if (site !== undefined) return site === 'same-origin';
  return own !== undefined && origin === own;
}

/** Whether another site asks for something to use in a page of its own: not for a page that the person goes to. */
export function isCrossSiteUse({ site, mode, dest }: FetchMetadata): boolean {
  if (site === undefined || KNOWN_SITES.includes(site)) return false;
  return mode !== 'navigate' || dest !== 'document';
}

const KNOWN_SITES: readonly string[] = ['same-origin', 'same-site', 'none'];
