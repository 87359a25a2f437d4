import { Informer, type InformerOptions, isRecord, type KubeObject } from '@sekisho/kube';
import { type KnownIssuer, readPolicyStatus, serviceNames } from '@sekisho/policy';
import { isDefaultIssuer } from '../references.ts';
import { ISSUERS, POLICIES } from '../resources.ts';
import { namesakes } from '../rivals.ts';
import type { Known } from './verdict.ts';

type Watching = Pick<InformerOptions<never>, 'client' | 'clock' | 'random'> & {
  readonly onError: (kind: string, error: unknown) => void;
};

export interface Knowledge {
  known(): Omit<Known, 'rootNamespace'>;
  run(signal: AbortSignal): Promise<unknown>;
}

/** What verdicts depend on beside the request, kept up to date. */
export function createKnowledge({ onError, ...watching }: Watching): Knowledge {
  const issuers = new Informer({
    ...{ ...watching, resource: ISSUERS, indexes: {} },
    onError: (error) => onError(ISSUERS.kind, error),
  });
  const policies = new Informer({
    ...{ ...watching, resource: POLICIES, indexes: { service: serviceNames }, prune },
    onError: (error) => onError(POLICIES.kind, error),
  });
  return {
    known: () => ({
      issuers: issuers.hasSynced ? issuers.store.list().map(toKnownIssuer) : undefined,
      namesakes: (policy) => namesakes(policies.store, policy),
    }),
    run: (signal) => Promise.all([issuers.run(signal), policies.run(signal)]),
  };
}

/** Only what tells which names a policy has to do with: every replica holds all policies. */
function prune({ apiVersion, kind, metadata, spec, status }: KubeObject): KubeObject {
  const { managedFields: _, annotations: __, labels: ___, ownerReferences: ____, ...named } = metadata;
  const { service, selector, targetRefs } = isRecord(spec) ? spec : {};
  const { service: inForce, objects } = readPolicyStatus(status);
  return {
    ...{ apiVersion, kind },
    metadata: named,
    spec: { service, selector, targetRefs },
    status: { service: inForce, objects },
  };
}

/** Read without parsing: an issuer that is broken exists, and still is the default. */
function toKnownIssuer(issuer: KubeObject): KnownIssuer {
  const iss = isRecord(issuer.spec) ? issuer.spec['issuer'] : undefined;
  return {
    name: issuer.metadata.name,
    issuer: typeof iss === 'string' ? iss : '',
    isDefault: isDefaultIssuer(issuer),
  };
}
