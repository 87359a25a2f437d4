import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Artefacts } from '../store/artefacts.ts';
import type { Origin } from './user-tokens.ts';

const KIND = 'Origin';
const MAX_USER_AGENT = 512;
const TTL_SECONDS = 120;

/** Where a request comes from: the address that the listener vouches for, and what the client tells of itself. */
export function originOf(ctx: Pick<KoaContextWithOIDC, 'ip' | 'get'>): Origin {
  const userAgent = ctx.get('user-agent').slice(0, MAX_USER_AGENT);
  return { ip: ctx.ip, device: userAgent === '' ? {} : { userAgent } };
}

/** A code is exchanged by the application's server, while the session is the browser's: its origin is kept with the code. */
export async function saveOrigin(artefacts: Artefacts, code: string, ctx: KoaContextWithOIDC): Promise<void> {
  await artefacts.save(KIND, code, { json: JSON.stringify(originOf(ctx)), ttl: TTL_SECONDS });
}

export async function readOrigin(artefacts: Artefacts, code: string, ctx: KoaContextWithOIDC): Promise<Origin> {
  const kept = await artefacts.find(KIND, code);
  return kept === undefined ? originOf(ctx) : JSON.parse(kept.json);
}
