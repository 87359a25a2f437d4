import {
  type ServiceAuthPolicyStatus,
  serviceAuthPolicyStatusSchema,
  type TokenIssuerStatus,
  tokenIssuerStatusSchema,
} from '../schema/status.ts';
import { shapeOf } from './shape.ts';

const policyStatus = shapeOf(serviceAuthPolicyStatusSchema);
const issuerStatus = shapeOf(tokenIssuerStatusSchema);

/** The status as the API server holds it; empty when absent or written by something that does not know its shape. */
export function readPolicyStatus(raw: unknown): ServiceAuthPolicyStatus {
  return isPolicyStatus(raw) ? raw : {};
}

/** A cache hands out one frozen status to many readers: of such a one it is remembered that it fits. */
const fitting = new WeakSet<object>();

function isPolicyStatus(raw: unknown): raw is ServiceAuthPolicyStatus {
  if (typeof raw !== 'object' || raw === null) return false;
  if (fitting.has(raw)) return true;
  const fits = policyStatus.fits(raw);
  if (fits && Object.isFrozen(raw)) fitting.add(raw);
  return fits;
}

export function readIssuerStatus(raw: unknown): TokenIssuerStatus {
  return issuerStatus.fits(raw) ? raw : {};
}
