import { hash } from 'node:crypto';

/** What a client tells of itself that stays the same over a session's life. */
export interface Device {
  readonly userAgent?: string;
  readonly platform?: string;
  readonly language?: string;
}

export const DEVICE_PROPERTIES = ['userAgent', 'platform', 'language'] as const satisfies (keyof Device)[];
export type DeviceProperty = (typeof DEVICE_PROPERTIES)[number];

/**
 * What happens when a session is used from a device that tells other properties than at log-in:
 * - `log`: nothing more than the event, as browsers update themselves
 * - `step-up`: the user must show again who they are
 * - `revoke`: the session is over
 */
export const DEVICE_POLICIES = ['log', 'step-up', 'revoke'] as const;
export type DevicePolicy = (typeof DEVICE_POLICIES)[number];

/**
 * One name for the device, the same for the same properties; base64url, 43 characters.
 * A hash because it travels in tokens, which should not tell the device to every service.
 */
export function deviceFingerprint({ userAgent, platform, language }: Device): string {
  const properties = JSON.stringify([userAgent ?? null, platform ?? null, language ?? null]);
  return hash('sha256', properties, 'base64url');
}
