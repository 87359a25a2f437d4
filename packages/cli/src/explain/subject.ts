import { readFile } from 'node:fs/promises';
import type { DirectCaller, PresentedToken } from '@sekisho/policy';
import Type from 'typebox';
import { Value } from 'typebox/value';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';

/** What Envoy allows clocks to differ, and Istio cannot set. */
const SKEW_SECONDS = 60;
const MAX_BYTES = 64 * 1024;
const Claims = Type.Record(Type.String(), Type.Unknown());

export interface SubjectOptions {
  /** A file of claims as JSON, or `-` for standard input. */
  readonly claims?: string | undefined;
  /** A file with a token, or `-` for standard input. */
  readonly token?: string | undefined;
}

/**
 * The token of the request, with its times checked and its signature not: what is explained is what the policy makes of it.
 * @throws CliError `usage`, `token_unreadable`; neither repeats anything of the file
 */
export async function presentedToken(
  context: Context,
  { claims, token }: SubjectOptions,
): Promise<PresentedToken | undefined> {
  if (claims !== undefined && token !== undefined)
    throw new CliError('usage', '--claims and --token exclude each other');
  if (claims !== undefined) {
    const read = asClaims(await contents(context, claims));
    if (read !== undefined) return { state: 'verified', claims: read };
    throw new CliError('token_unreadable', `${claims} does not hold claims`, { wayOut: 'Write a JSON object.' });
  }
  if (token === undefined) return undefined;
  const payload = asClaims(decoded((await contents(context, token)).trim()));
  if (payload === undefined) return { state: 'refused', code: 'token_malformed' };
  return inTime(payload, context.now().getTime() / 1000);
}

function inTime(claims: Readonly<Record<string, unknown>>, now: number): PresentedToken {
  const { exp, nbf } = claims;
  // Envoy takes a zero for no time at all.
  if (typeof exp === 'number' && exp !== 0 && exp + SKEW_SECONDS < now)
    return { state: 'refused', code: 'token_expired' };
  if (typeof nbf === 'number' && nbf - SKEW_SECONDS > now) return { state: 'refused', code: 'token_invalid' };
  return { state: 'verified', claims };
}

/** The payload of a compact JWS, as text; '' where it is none. */
function decoded(token: string): string {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token) ?? [];
  return Buffer.from(payload ?? '', 'base64url').toString('utf8');
}

function asClaims(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(Claims, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function contents({ terminal }: Context, file: string): Promise<string> {
  if (file === '-') return terminal.readInput();
  try {
    const bytes = await readFile(file);
    if (bytes.length <= MAX_BYTES) return bytes.toString('utf8');
  } catch (cause) {
    throw new CliError('token_unreadable', `cannot read ${file}`, { cause, wayOut: 'Check --claims and --token.' });
  }
  throw new CliError('token_unreadable', `${file} holds more than ${MAX_BYTES / 1024} KiB`);
}

/** `namespace/serviceAccount`. @throws CliError `usage` */
export function directCaller(text: string, trustDomain: string): DirectCaller {
  const [, namespace, serviceAccount] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (namespace === undefined || serviceAccount === undefined) {
    throw new CliError('usage', '--caller must be NAMESPACE/SERVICEACCOUNT');
  }
  return { trustDomain, namespace, serviceAccount };
}
