import { isDeepStrictEqual } from 'node:util';
import {
  type Advice,
  GROUP,
  ISSUER_KIND,
  issuerAdvice,
  type KnownIssuer,
  misplacement,
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

/** What a verdict depends on beside the request. */
export interface Known {
  /** TokenIssuers that exist, or undefined where they are not known yet: then nothing is said about them. */
  readonly issuers: readonly KnownIssuer[] | undefined;
  /** Of the mesh; a policy there would reach every namespace. */
  readonly rootNamespace: string;
}

const SILENT: Verdict = { allowed: true, advice: [] };

/**
 * Judges one request with the parsers that reconciling uses. Pure.
 *
 * An update that leaves `spec` as it is passes whatever the spec: a label or the removal of a finalizer must not be held up by
 * a mistake that is stored already, and an object that is being deleted changes nothing any more.
 */
export function judge(request: AdmissionRequest, { issuers, rootNamespace }: Known): Verdict {
  const { kind, operation, namespace, object, oldObject } = request;
  if (kind.group !== GROUP || (operation !== 'CREATE' && operation !== 'UPDATE')) return SILENT;
  if (operation === 'UPDATE' && (isDeleting(object) || isDeepStrictEqual(specOf(object), specOf(oldObject)))) {
    return SILENT;
  }
  switch (kind.kind) {
    case POLICY_KIND:
      return verdict(placed(parseServiceAuthPolicy(object), misplacement(namespace ?? '', rootNamespace)), (policy) => [
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

function placed<T>(parsed: Parsed<T>, misplaced: Problem | undefined): Parsed<T> {
  if (misplaced === undefined) return parsed;
  return { ok: false, problems: [misplaced, ...(parsed.ok ? [] : parsed.problems)] };
}

function specOf(object: unknown): unknown {
  return isRecord(object) ? object['spec'] : undefined;
}

function isDeleting(object: unknown): boolean {
  return isRecord(object) && isRecord(object['metadata']) && object['metadata']['deletionTimestamp'] !== undefined;
}
