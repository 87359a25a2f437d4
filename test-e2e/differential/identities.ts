// @peculiar/x509 asks for this polyfill before it is imported.
import 'reflect-metadata';
import { createPrivateKey, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Cluster } from '../mesh/cluster.ts';

/** A workload's certificate and key, with the authority that verifies the mesh's own: read once, for many connections. */
export type Identity = SecureContext;

/** Makes a certificate for a SPIFFE ID. */
export type Issue = (spiffeId: string) => Promise<Identity>;

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

/**
 * Signs workload certificates with istiod's own authority, whose key it keeps in a Secret: so requests can be sent byte by byte in the
 * name of any workload, where a real workload's Envoy would tidy them up first.
 */
export async function identities(cluster: Cluster): Promise<Issue> {
  const { data } = (await cluster.get('v1', 'Secret', 'istio-system', 'istio-ca-secret')) as {
    data?: Readonly<Record<string, string>>;
  };
  const file = (name: string): string => Buffer.from(data?.[name] ?? '', 'base64').toString('utf8');
  const root = file('ca-cert.pem');
  const authority = new X509Certificate(root);
  const signingKey = createPrivateKey(file('ca-key.pem')).toCryptoKey(SIGNATURE, false, ['sign']);
  return async (spiffeId) => {
    const keys = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
    const leaf = await X509CertificateGenerator.create({
      notBefore: new Date(Date.now() - HOUR_MS),
      notAfter: new Date(Date.now() + 24 * HOUR_MS),
      serialNumber: `01${randomBytes(15).toString('hex')}`,
      issuer: authority.subjectName,
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: SIGNATURE,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension([{ type: 'url', value: spiffeId }], true),
      ],
    });
    const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
    return createSecureContext({ cert: leaf.toString('pem'), key, ca: root });
  };
}
