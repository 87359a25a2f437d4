/** RFC 7638: SHA-256 in base64url. */
const THUMBPRINT = '[A-Za-z0-9_-]{43}';
const REGION = '[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?';

/** A region's name: a DNS label (RFC 1123) of at most 32 characters. */
export const REGION_PATTERN = `^${REGION}$`;
/** Name of a signing key: the RFC 7638 thumbprint of its public half, after the region that signs with it and a dot, if there are regions. */
export const KID_PATTERN = `^(?:${REGION}\\.)?${THUMBPRINT}$`;
export const MAX_KID_LENGTH = 76;

const region = new RegExp(REGION_PATTERN);
const regional = new RegExp(`^(${REGION})\\.${THUMBPRINT}$`);

export function isRegionName(text: string): boolean {
  return region.test(text);
}

/**
 * The region whose key it is, by its name alone: what a token says of itself counts once its signature is verified.
 * @returns undefined for a key of an installation without regions, and for one of another issuer
 */
export function regionOfKid(kid: string): string | undefined {
  // Every token is asked about, and without regions none has a dot.
  return kid.includes('.') ? regional.exec(kid)?.[1] : undefined;
}

/** @throws TypeError for what is no region's name: the configuration was to refuse it */
export function regionalKid(thumbprint: string, name: string | undefined): string {
  if (name === undefined) return thumbprint;
  if (!isRegionName(name)) throw new TypeError('this is no name of a region');
  return `${name}.${thumbprint}`;
}
