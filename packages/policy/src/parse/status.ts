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
  return policyStatus.fits(raw) ? raw : {};
}

export function readIssuerStatus(raw: unknown): TokenIssuerStatus {
  return issuerStatus.fits(raw) ? raw : {};
}
