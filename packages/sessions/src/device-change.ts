import { DEVICE_PROPERTIES, type Device, type DevicePolicy, type DeviceProperty, deviceFingerprint } from './device.ts';
import type { OnSecurityEvent } from './security-event.ts';
import type { Session } from './session.ts';

/**
 * The properties in which a device differs from the one that a session began on.
 * @param device told in the same way as at log-in; a property that is not told any more is another one
 * @returns undefined when there are none
 */
export function deviceChange(
  session: Pick<Session, 'device' | 'fingerprint'>,
  device: Device,
): readonly DeviceProperty[] | undefined {
  if (deviceFingerprint(device) === session.fingerprint) return undefined;
  return DEVICE_PROPERTIES.filter((name) => device[name] !== session.device[name]);
}

export interface DeviceCheckOptions {
  readonly policy: DevicePolicy;
  readonly onSecurityEvent: OnSecurityEvent;
}

/** Costs no look-up: the caller has the session. */
export type DeviceCheck = (session: Session, device: Device) => 'same' | DevicePolicy;

/** Makes the check of a policy: each change is told, and answered with what is to be done. */
export function createDeviceCheck({ policy, onSecurityEvent }: DeviceCheckOptions): DeviceCheck {
  return (session, device) => {
    const changed = deviceChange(session, device);
    if (changed === undefined) return 'same';
    onSecurityEvent({ kind: 'device_changed', userId: session.userId, sessionId: session.id, changed, policy });
    return policy;
  };
}
