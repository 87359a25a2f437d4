import { createHash } from 'node:crypto';

/** What a client tells of itself that stays the same over a session's life. */
export interface Device {
  readonly userAgent?: string;
  readonly platform?: string;
  readonly language?: string;
}

/**
 * One name for the device, the same for the same properties; base64url, 43 characters.
 * A hash because it travels in tokens, which should not tell the device to every service.
 */
export function deviceFingerprint({ userAgent, platform, language }: Device): string {
  const properties = JSON.stringify([userAgent ?? null, platform ?? null, language ?? null]);
  return createHash('sha256').update(properties).digest('base64url');
}
