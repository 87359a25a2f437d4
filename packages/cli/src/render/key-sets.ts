import { readFile, stat } from 'node:fs/promises';
import {
  describeProblems,
  type IssuerState,
  type Jwks,
  parseJwks,
  type RawObject,
  writtenIssuers,
} from '@sekisho/policy';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';

/** Where the keys of an issuer are: `NAME=FILE` or `NAME=https://...`. */
export interface KeySource {
  readonly issuer: string;
  readonly place: string;
}

const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 10_000;

/**
 * Gives issuers the keys that are not written in them.
 * @throws CliError `keys_unreadable`, and `usage` for keys of an issuer that there is not
 */
export async function withKeys(
  issuers: readonly RawObject[],
  sources: readonly KeySource[],
  { fetch }: Pick<Context, 'fetch'>,
): Promise<readonly IssuerState[]> {
  const unknown = sources.find(({ issuer }) => !issuers.some(({ metadata }) => metadata.name === issuer));
  if (unknown) throw new CliError('usage', `--jwks: there is no TokenIssuer ${unknown.issuer}`);
  const keys = new Map<string, Jwks>();
  for (const source of sources) keys.set(source.issuer, await keysAt(source, fetch));
  return writtenIssuers(issuers, keys, 'give its keys with --jwks NAME=FILE or NAME=URL');
}

async function keysAt({ place }: KeySource, fetch: Context['fetch']): Promise<Jwks> {
  const text = place.startsWith('https://') ? await download(place, fetch) : await read(place);
  const keys = parseJwks(decoded(text, place));
  if (!keys.ok) throw unreadable(place, describeProblems(keys.problems));
  return keys.value;
}

async function read(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > MAX_BYTES) throw unreadable(file, `is larger than ${MAX_BYTES} bytes`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw cause instanceof CliError ? cause : unreadable(file, 'cannot be read', cause);
  }
}

async function download(url: string, fetch: Context['fetch']): Promise<string> {
  try {
    // Redirects could lead to anybody's keys.
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw unreadable(url, `was answered with ${response.status}`);
    return await bounded(url, response);
  } catch (cause) {
    throw cause instanceof CliError ? cause : unreadable(url, 'cannot be fetched', cause);
  }
}

async function bounded(url: string, { body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.byteLength;
    if (size > MAX_BYTES) throw unreadable(url, `is larger than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function decoded(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What JSON.parse says quotes the text, in which a private key might be.
    throw unreadable(place, 'is no JSON');
  }
}

function unreadable(place: string, reason: string, cause?: unknown): CliError {
  return new CliError('keys_unreadable', `the key set ${place} ${reason}`, {
    ...(cause !== undefined && { cause }),
    wayOut: 'Name a file or an https URL with a JSON Web Key Set (RFC 7517 section 5) of public keys.',
  });
}
