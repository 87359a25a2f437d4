/** Why a policy cannot be compiled: the reason of its condition `Accepted=False`. */
export type RefusalReason =
  | 'Invalid'
  | 'Unsupported'
  | 'RootNamespace'
  | 'TooLarge'
  | 'IssuerNotFound'
  | 'IssuerNotReady'
  | 'IssuerAmbiguous'
  | 'ProviderMissing'
  | 'ProviderFailsOpen'
  | 'Conflicted'
  | 'ServiceConflicted';

export interface Refusal {
  readonly reason: RefusalReason;
  /** Names the field and the way out. */
  readonly message: string;
}
