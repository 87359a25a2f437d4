import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '@sekisho/kube';
import {
  type Advice,
  GROUP,
  ISSUER_KIND,
  issuerAdvice,
  type KnownIssuer,
  misplacement,
  missingIssuers,
  newServiceDispute,
  type Parsed,
  POLICY_KIND,
  type Problem,
  parseServiceAuthPolicy,
  parseTokenIssuer,
  policyAdvice,
  type RawObject,
  type ServiceAuthPolicy,
} from '@sekisho/policy';
import type { AdmissionRequest } from './request.ts';

/** What the API server is to be told. */
export type Verdict =
  | { readonly allowed: true; readonly advice: readonly Advice[] }
  | { readonly allowed: false; readonly problems: readonly Problem[] };

/** What a verdict depends on beside the request. */
export interface Known {
  /** TokenIssuers that exist, or undefined where they are not known yet: then nothing is said about them. */
  readonly issuers: readonly KnownIssuer[] | undefined;
  /** Policies of other namespaces that have to do with the same service name, as far as they are known yet. */
  readonly namesakes: (policy: RawObject) => readonly RawObject[];
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
export function judge(request: AdmissionRequest, known: Known): Verdict {
  const { kind, operation, object, oldObject } = request;
  const { issuers } = known;
  if (kind.group !== GROUP || (operation !== 'CREATE' && operation !== 'UPDATE')) return SILENT;
  if (operation === 'UPDATE' && (isDeleting(object) || isDeepStrictEqual(specOf(object), specOf(oldObject)))) {
    return SILENT;
  }
  switch (kind.kind) {
    case POLICY_KIND:
      return verdict(judgePolicy(request, known), (policy) => [
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

function judgePolicy({ namespace = '', object, oldObject }: AdmissionRequest, known: Known): Parsed<ServiceAuthPolicy> {
  const parsed = parseServiceAuthPolicy(object);
  const misplaced = misplacement(namespace, known.rootNamespace);
  if (misplaced !== undefined) return { ok: false, problems: [misplaced, ...(parsed.ok ? [] : parsed.problems)] };
  if (!parsed.ok) return parsed;
  const policy = { ...parsed.value, metadata: { ...parsed.value.metadata, namespace } };
  const dispute = newServiceDispute(policy, oldObject, known.namesakes(policy));
  return dispute === undefined ? parsed : { ok: false, problems: [dispute] };
}

function specOf(object: unknown): unknown {
  return isRecord(object) ? object['spec'] : undefined;
}

function isDeleting(object: unknown): boolean {
  return isRecord(object) && isRecord(object['metadata']) && object['metadata']['deletionTimestamp'] !== undefined;
}
