import type { Credential, Handed } from './credential.ts';

export interface HandedTokensOptions {
  /** Epoch seconds. */
  readonly now: () => number;
  /** Of all credentials together. @default 32 MiB */
  readonly maxBytes?: number;
  /** Of one credential: nobody who goes everywhere takes the room of all others. @default 32 */
  readonly maxPerCredential?: number;
}

/** Narrow tokens that may be handed out again. Of more than there is room for the oldest go, and so does what is too old to be used. */
export interface HandedTokens {
  keep(credential: Credential, service: string, handed: Handed): void;
  /** What they take, nearly. */
  readonly bytes: number;
}

interface Kept {
  readonly handed: Handed;
  readonly service: string;
  readonly among: Credential['handed'];
}

/** Of a token besides its characters: what holds it, here and at its credential. */
const OVERHEAD_BYTES = 256;

export function createHandedTokens(options: HandedTokensOptions): HandedTokens {
  const { now, maxBytes = 32 * 1024 * 1024, maxPerCredential = 32 } = options;
  /** In the order in which they were signed, which is nearly that in which they end. */
  const all = new Map<Handed, Kept>();
  let bytes = 0;
  const drop = (handed: Handed | undefined) => {
    const kept = handed && all.get(handed);
    if (kept === undefined) return;
    all.delete(kept.handed);
    kept.among.delete(kept.service);
    bytes -= sizeOf(kept.handed);
  };
  return {
    keep(credential, service, handed) {
      const among = credential.handed;
      drop(among.get(service));
      if (among.size >= maxPerCredential) drop(among.values().next().value);
      among.set(service, handed);
      all.set(handed, { handed, service, among });
      bytes += sizeOf(handed);
      for (const oldest of all.keys()) {
        if (bytes <= maxBytes && oldest.renewAt > now()) break;
        drop(oldest);
      }
    },
    get bytes() {
      return bytes;
    },
  };
}

function sizeOf({ authorization }: Handed): number {
  return authorization.length + OVERHEAD_BYTES;
}
