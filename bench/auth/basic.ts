import type { ConfidentialClient } from './platform.ts';

/** RFC 6749 section 2.3.1; ids and secrets here need no encoding. */
export function basic({ id, secret }: ConfidentialClient): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}
