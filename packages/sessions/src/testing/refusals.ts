import type { RevocationReader } from '../revocation/reader.ts';

/** As long as one is: of a key that nobody has. */
export const THUMBPRINT = 'x'.repeat(43);

/** The id of a key that signs in a region. */
export function kidOf(region: string): string {
  return `${region}.${THUMBPRINT}`;
}

/** Whether a session is refused by name. */
export function refuses(reader: Pick<RevocationReader, 'check'>, id: string): boolean {
  return reader.check({ session: { id } }) !== undefined;
}
