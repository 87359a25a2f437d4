// @peculiar/x509 asks for this polyfill before it is imported.
import 'reflect-metadata';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A serving certificate with the authority that signed it, all PEM. */
export interface CertificateFiles {
  readonly authority: string;
  readonly certificate: string;
  /** Private key of `certificate` (PKCS #8). */
  readonly key: string;
}

export interface CertificateRequest {
  /** DNS name or IP address under which the API server calls. */
  readonly host: string;
  /** Milliseconds since the epoch; valid a little earlier too, for clocks that are behind. */
  readonly now: number;
  /** Milliseconds from `now`. */
  readonly lifetimeMs: number;
}

/** How far behind a verifier's clock may be. */
export const BACKDATED_MS = 5 * 60_000;

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;

/**
 * Makes an authority and one certificate under it. The authority's private key is never exported and is gone when this returns:
 * whoever reads what is kept can sign nothing.
 */
export async function issueCertificate({ host, now, lifetimeMs }: CertificateRequest): Promise<CertificateFiles> {
  const validity = { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + lifetimeMs) };
  const keys = {
    authority: await webcrypto.subtle.generateKey(CURVE, false, ['sign', 'verify']),
    leaf: await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']),
  };
  const authority = await issueAuthority(keys.authority, validity);
  const leaf = await X509CertificateGenerator.create({
    ...validity,
    serialNumber: serialNumber(),
    subject: 'CN=sekisho-webhook',
    issuer: authority.subject,
    publicKey: keys.leaf.publicKey,
    signingKey: keys.authority.privateKey,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }]),
      await AuthorityKeyIdentifierExtension.create(keys.authority.publicKey),
      await SubjectKeyIdentifierExtension.create(keys.leaf.publicKey),
    ],
  });
  const key = KeyObject.from(keys.leaf.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { authority: pem(authority), certificate: pem(leaf), key: key.toString() };
}

async function issueAuthority(
  keys: webcrypto.CryptoKeyPair,
  validity: { readonly notBefore: Date; readonly notAfter: Date },
): Promise<X509Certificate> {
  const serial = serialNumber();
  return X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: serial,
    // A name of its own for each: two of them are trusted while one takes over from the other.
    name: `CN=sekisho-webhook-ca-${serial.slice(0, 16)}`,
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
}

/** Ends its last line: bundles are made by putting one behind the other. */
function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem').trimEnd()}\n`;
}

/** Positive and of at most 20 octets (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
