import { readFileSync, statSync } from 'node:fs';
import { ManifestError } from '../errors.ts';
import type { Manifest } from '../kubernetes.ts';
import { renderMonitoring } from '../monitoring.ts';
import { renderPlatform } from '../platform.ts';
import { renderShop } from '../shop.ts';
import type { Arguments } from './arguments.ts';

export type Files = Readonly<Record<string, readonly Manifest[]>>;

/** Manifests by the name of the file that they go into. @throws ManifestError */
export function renderFiles(values: Arguments): Files {
  const { target, issuer, jwks } = values;
  if (jwks !== undefined) return { shop: renderShop({ target, static: { issuer, jwks: readKeySet(jwks) } }).manifests };
  const platform = platformOf(values);
  // A second way in would be a way past the guard.
  const { edge } = platform;
  const { gateway } = edge ?? platform;
  const shop = renderShop({ target, gateway, ...(edge && { web: { gateway: edge.gateway, issuer } }) });
  const monitoring = values.monitoring ? { monitoring: renderMonitoring(platform) } : {};
  return { platform: platform.manifests, shop: shop.manifests, ...monitoring };
}

function platformOf({ target, issuer, edge, ...values }: Arguments) {
  const { 'jwks-uri': jwksUri, 'admin-email': bootstrapAdminEmail } = values;
  return renderPlatform({
    target,
    issuer,
    ...(jwksUri !== undefined && { jwksUri }),
    ...(bootstrapAdminEmail !== undefined && { bootstrapAdminEmail }),
    ...(edge && { edge: {} }),
  });
}

const MAX_BYTES = 256 * 1024;

function readKeySet(file: string): unknown {
  try {
    if (statSync(file).size <= MAX_BYTES) return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // What JSON.parse says quotes the text, in which a private key might be.
    throw unreadable(`${file} cannot be read as JSON`);
  }
  throw unreadable(`${file} is larger than ${MAX_BYTES} bytes`);
}

function unreadable(reason: string): ManifestError {
  const wayOut = 'name a file with a JSON Web Key Set (RFC 7517 section 5) of public keys';
  return new ManifestError('arguments_invalid', `--jwks: ${reason}; ${wayOut}`);
}
