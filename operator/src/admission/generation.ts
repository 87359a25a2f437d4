import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { BACKDATED_MS, type CertificateFiles, type CertificateRequest, issueCertificate } from './certificate.ts';

/** One serving certificate of the row that follow each other. */
export interface Generation extends CertificateFiles {
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

export async function nextGeneration(request: CertificateRequest): Promise<Generation> {
  const generation = readGeneration(await issueCertificate(request));
  // Its own reader must take what it wrote; X.509 holds whole seconds, so the times come from there.
  if (generation === undefined) throw new TypeError('a certificate just issued cannot be read');
  return generation;
}

/** Undefined unless the three belong together: anyone who may write the Secret may have written anything. */
export function readGeneration(files: CertificateFiles): Generation | undefined {
  try {
    const authority = new X509Certificate(files.authority);
    const leaf = new X509Certificate(files.certificate);
    const fits =
      authority.ca && leaf.verify(authority.publicKey) && leaf.checkPrivateKey(createPrivateKey(files.key)) && !leaf.ca;
    if (!fits) return undefined;
    const expiresAt = Math.min(authority.validToDate.getTime(), leaf.validToDate.getTime());
    return { ...files, createdAt: leaf.validFromDate.getTime() + BACKDATED_MS, expiresAt };
  } catch {
    // Not PEM, not a certificate, not a key: all the same here, and the parser's words could quote the key.
    return undefined;
  }
}

export function covers({ certificate }: Generation, host: string): boolean {
  const leaf = new X509Certificate(certificate);
  return (isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)) !== undefined;
}
