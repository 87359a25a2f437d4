export type WarningReason =
  | 'NoWorkloads'
  | 'ForeignProvider'
  | 'ForeignAllow'
  | 'ForeignRequestAuthentication'
  | 'PlaintextCallers'
  | 'MeshSettingsDiffer'
  | 'PortNotHttp'
  | 'RevocationUnchecked'
  | 'ProviderWithoutTimeout'
  | 'PathsNotNormalized';

/** Something that does not keep a policy from being enforced, but from doing what its author may expect. */
export interface Warning {
  readonly reason: WarningReason;
  /** What is so, and the way out. */
  readonly message: string;
}
