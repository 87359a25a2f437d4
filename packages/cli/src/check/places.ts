/** Where things are in the cluster that is looked at. */
export interface Places {
  /** Of operator, auth service and guard. */
  readonly namespace: string;
  readonly istioNamespace: string;
  /** Of istiod, as in `istio.io/rev`; absent for the default one. */
  readonly revision?: string;
}

/** Objects of a revision carry its name, those of the default one do not. */
export function ofRevision(name: string, { revision }: Places): string {
  return revision === undefined ? name : `${name}-${revision}`;
}
