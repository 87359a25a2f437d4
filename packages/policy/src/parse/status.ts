import { Value } from 'typebox/value';
import {
  type ServiceAuthPolicyStatus,
  serviceAuthPolicyStatusSchema,
  type TokenIssuerStatus,
  tokenIssuerStatusSchema,
} from '../schema/status.ts';

/** The status as the API server holds it; empty when absent or written by something that does not know its shape. */
export function readPolicyStatus(raw: unknown): ServiceAuthPolicyStatus {
  return Value.Check(serviceAuthPolicyStatusSchema, raw) ? raw : {};
}

export function readIssuerStatus(raw: unknown): TokenIssuerStatus {
  return Value.Check(tokenIssuerStatusSchema, raw) ? raw : {};
}
