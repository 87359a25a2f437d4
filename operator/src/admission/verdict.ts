import { isDeepStrictEqual } from 'node:util';
import {
  type Advice,
  GROUP,
  ISSUER_KIND,
  issuerAdvice,
  type KnownIssuer,
  missingIssuers,
  type Parsed,
  POLICY_KIND,
  type Problem,
  parseServiceAuthPolicy,
  parseTokenIssuer,
  policyAdvice,
} from '@sekisho/policy';
import { isRecord } from '../resources.ts';
import type { AdmissionRequest } from './request.ts';

/** What the API server is to be told. */
export type Verdict =
  | { readonly allowed: true; readonly advice: readonly Advice[] }
  | { readonly allowed: false; readonly problems: readonly Problem[] };

const SILENT: Verdict = { allowed: true, advice: [] };

/**
 * Judges one request with the parsers that reconciling uses. Pure.
 *
 * An update that leaves `spec` as it is passes whatever the spec: a label or the removal of a finalizer must not be held up by
 * a mistake that is stored already, and an object that is being deleted changes nothing any more.
 * @param issuers TokenIssuers that exist, or undefined where they are not known yet: then nothing is said about them
 */
export function judge(request: AdmissionRequest, issuers: readonly KnownIssuer[] | undefined): Verdict {
  const { kind, operation, object, oldObject } = request;
  if (kind.group !== GROUP || (operation !== 'CREATE' && operation !== 'UPDATE')) return SILENT;
  if (operation === 'UPDATE' && (isDeleting(object) || isDeepStrictEqual(specOf(object), specOf(oldObject)))) {
    return SILENT;
  }
  switch (kind.kind) {
    case POLICY_KIND:
      return verdict(parseServiceAuthPolicy(object), (policy) => [
        ...policyAdvice(policy),
        ...(issuers === undefined ? [] : missingIssuers(policy, issuers)),
      ]);
    case ISSUER_KIND:
      return verdict(parseTokenIssuer(object), (issuer) => issuerAdvice(issuer, issuers ?? []));
    default:
      return SILENT;
  }
}

function verdict<T>(parsed: Parsed<T>, advise: (value: T) => readonly Advice[]): Verdict {
  return parsed.ok ? { allowed: true, advice: advise(parsed.value) } : { allowed: false, problems: parsed.problems };
}

function specOf(object: unknown): unknown {
  return isRecord(object) ? object['spec'] : undefined;
}

function isDeleting(object: unknown): boolean {
  return isRecord(object) && isRecord(object['metadata']) && object['metadata']['deletionTimestamp'] !== undefined;
}
