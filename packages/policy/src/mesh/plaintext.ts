import type { IstioObject, ServiceAuthPolicy } from '../resources.ts';
import type { Labels } from '../target.ts';
import type { Mesh } from './capability.ts';
import { attaches, isNarrow, type Surroundings } from './surroundings.ts';
import type { Warning } from './warning.ts';

/** Rules on callers read the client certificate, which a plaintext connection has none of. */
export function plaintextWarnings(
  policy: ServiceAuthPolicy,
  { rootNamespace }: Mesh,
  { workloads, foreign }: Surroundings,
): readonly Warning[] {
  const { spec, metadata } = policy;
  if (spec.targetRefs !== undefined || spec.mtls === 'Strict') return [];
  if (!spec.rules.some(({ allow }) => allow.callers !== undefined)) return [];
  const modes = foreign.filter(({ kind }) => kind === 'PeerAuthentication');
  const place = { namespace: metadata.namespace, rootNamespace };
  const strict =
    spec.mtls === undefined && workloads.labels.every((labels) => modeFor(labels, modes, place) === 'STRICT');
  if (strict) return [];
  const message =
    'the workloads accept plaintext, where a request has no identity and no rule with callers can match; set spec.mtls: Strict';
  return [{ reason: 'PlaintextCallers', message }];
}

interface Place {
  readonly namespace: string | undefined;
  readonly rootNamespace: string;
}

/** The narrowest PeerAuthentication that sets a mode decides; without any, Istio is permissive. */
function modeFor(workload: Labels, modes: readonly IstioObject[], { namespace, rootNamespace }: Place): unknown {
  const here = modes.filter(({ metadata }) => metadata.namespace === namespace);
  const ordered = [
    ...here.filter((object) => isNarrow(object) && attaches(object, workload, namespace)),
    ...here.filter((object) => !isNarrow(object)),
    ...modes.filter((object) => object.metadata.namespace === rootNamespace && !isNarrow(object)),
  ];
  return ordered.map(modeOf).find((mode) => mode !== undefined && mode !== 'UNSET');
}

function modeOf({ spec }: IstioObject): unknown {
  return Reflect.get(Object(spec['mtls']), 'mode');
}
