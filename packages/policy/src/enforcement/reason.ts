/** Why a policy is, is not, or is not known to be enforced. */
export type EnforcedReason =
  | 'Enforced'
  | 'NotAccepted'
  | 'Pending'
  | 'ProxiesRejecting'
  | 'ProxiesBehind'
  | 'ProxiesNotConnected'
  | 'IstiodBehind'
  | 'ForeignObject'
  | 'NoWorkloads'
  | 'WorkloadsUnknown'
  | 'WithoutProxy'
  | 'NotObserved'
  | 'IstiodNotFound'
  | 'IstiodUnreachable'
  | 'IstiodForbidden'
  | 'IstiodUnreadable';
