import { IdentityError } from './errors.ts';
import { type HeaderBag, MAX_HEADER_LENGTH } from './headers.ts';

/** The two prefixes that the generated RequestAuthentication lists; Envoy compares them with case. */
const AUTHORIZATION = /^(?:Bearer|Service) ([\w-]+\.([\w-]+)\.[\w-]+)$/;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type JsonObject = Readonly<Record<string, unknown>>;

export interface VerifiedToken {
  readonly token: string;
  readonly payload: JsonObject;
}

/**
 * The token that Envoy verified, with its payload. Envoy copies the token's middle segment into `x-jwt-payload` as it
 * stands and forwards the token, so the two are equal byte for byte; where they are not, no verified token came with
 * the request, and the header counts as absent.
 * @returns undefined when no verified token came with the request
 * @throws IdentityError `token_malformed` when the verified token is not a JSON object of bounded size
 */
export function readVerifiedToken(headers: HeaderBag): VerifiedToken | undefined {
  const { authorization, 'x-jwt-payload': payload } = headers;
  if (typeof payload !== 'string' || typeof authorization !== 'string') return undefined;
  if (authorization.length > MAX_HEADER_LENGTH) throw malformed('is too long');
  const [, token, segment] = AUTHORIZATION.exec(authorization) ?? [];
  if (token === undefined || segment !== payload) return undefined;
  return { token, payload: decode(payload) };
}

function decode(payload: string): JsonObject {
  const bytes = Buffer.from(payload, 'base64url');
  // Buffer drops what it cannot read and ignores stray bits; only the canonical text decodes to itself.
  if (bytes.toString('base64url') !== payload) throw malformed('is not base64url');
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(bytes));
  } catch {
    // Without the cause: the parser's message quotes the text.
    throw malformed('is not JSON in UTF-8');
  }
  if (!isObject(value)) throw malformed('is not a JSON object');
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(what: string): IdentityError {
  return new IdentityError('token_malformed', `The token's payload ${what}.`);
}
