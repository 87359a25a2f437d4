import type { DevicePolicy, DeviceProperty } from './device.ts';
import type { RevocationKind } from './revocation/revocation.ts';

export const SECURITY_EVENT_KINDS = ['device_changed', 'refresh_replayed', 'revoked'] as const;
export type SecurityEventKind = (typeof SECURITY_EVENT_KINDS)[number];

/** What somebody should know of, by ids alone: never an address, a device's properties or a token. */
export type SecurityEvent =
  | {
      readonly kind: 'device_changed';
      readonly userId: string;
      readonly sessionId: string;
      /** Which properties are others than at log-in. */
      readonly changed: readonly DeviceProperty[];
      /** What was done about it. */
      readonly policy: DevicePolicy;
    }
  /** A refresh token that had been used before came again: the session is over for whoever holds one. */
  | { readonly kind: 'refresh_replayed'; readonly userId: string; readonly sessionId: string }
  | {
      readonly kind: 'revoked';
      readonly what: RevocationKind;
      /** `*` for everything. */
      readonly id: string;
    };

export type OnSecurityEvent = (event: SecurityEvent) => void;
