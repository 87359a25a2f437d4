import type { EnforcedReason } from '../enforcement/reason.ts';
import type { AcceptedReason, ProgrammedReason, WarningConditionReason } from '../plan/conditions.ts';

/** What a reason tells a reader of `kubectl describe`, and what to do. A reason without an entry does not compile. */
type Meanings<Reason extends string> = Readonly<Record<Reason, string>>;

const accepted: Meanings<AcceptedReason> = {
  Accepted: 'True: the policy is valid.',
  Invalid: 'A field is wrong: the message names it and the way out.',
  Unsupported: 'Valid, but not carried out by this version.',
  RootNamespace: "In the mesh's root namespace it would reach every namespace: move it to that of its workloads.",
  TooLarge: 'What it compiles to is larger than the API server stores: split it.',
  IssuerNotFound: 'A TokenIssuer that it names does not exist.',
  IssuerNotReady: 'A TokenIssuer that it uses has no keys yet: look at its condition Ready.',
  IssuerAmbiguous: 'It names no issuer, and not exactly one is marked default.',
  ProviderMissing:
    'It asks for the guard, and the mesh config names no such extensionProvider: see istio/mesh-config.yaml.',
  ProviderFailsOpen: 'The extensionProvider would let everything pass while the guard is away: set failOpen: false.',
  Conflicted: 'An older policy may select the same workloads: the message names it.',
  ServiceConflicted: 'A policy of another namespace holds the service name: tokens of one would be good for the other.',
};

const programmed: Meanings<ProgrammedReason> = {
  Programmed: 'True: the API server holds exactly the generated objects.',
  Pending: 'They are being written.',
  ApplyFailed: 'The API server refused them: the message says why; it is tried again.',
  LastGoodKept: 'The policy is not accepted; the objects of the last accepted generation stay in force.',
  DenyAll: 'The policy is not accepted, and nothing good is left: every request to the workloads is denied.',
  NothingProgrammed: 'Nothing is written for it.',
};

const enforced: Meanings<EnforcedReason> = {
  Enforced: 'True: every proxy of the selected workloads acknowledged the generated objects.',
  NotAccepted: 'Only an accepted policy reaches proxies.',
  Pending: 'Normal right after a change: not every proxy was seen with the objects yet.',
  ProxiesRejecting: 'An Envoy refuses the configuration and goes on with an older one: the message quotes it.',
  ProxiesBehind: 'A proxy has not acknowledged it for long, and may serve the old policy.',
  ProxiesNotConnected: 'A proxy is connected to no istiod, so that its policy is old or unknown.',
  IstiodBehind: 'A replica of istiod does not hold the objects as they were written.',
  ForeignObject:
    'An object of others carries the label of generated ones, so that istiod cannot be seen to hold just these.',
  NoWorkloads: 'Unknown: no workload is selected, or none runs.',
  WorkloadsUnknown: 'Unknown: the operator has not listed workloads yet.',
  WithoutProxy: 'Unknown: a selected Pod has no sidecar, and nothing enforces the policy there.',
  NotObserved: 'Unknown: this operator does not ask istiod.',
  IstiodNotFound: 'Unknown: no replica of istiod was found.',
  IstiodUnreachable: 'Unknown: istiod does not answer on its monitoring port.',
  IstiodForbidden:
    'Unknown: istiod refuses: name the namespace of the operator in its DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES.',
  IstiodUnreadable: 'Unknown: istiod answers what this version does not understand.',
};

const warning: Meanings<WarningConditionReason> = {
  NothingToWarnOf: 'False: nothing around the policy is in its way.',
  NotAccepted: 'Unknown: only an accepted policy is looked at.',
  SeveralWarnings: 'More than one of those below: the message holds all.',
  NoWorkloads: 'Nothing has the labels of the selector, so nothing is guarded.',
  ForeignProvider: 'A CUSTOM policy of others asks another provider, and istiod denies where both apply.',
  ForeignAllow: 'An ALLOW policy of others may open what no rule here allows.',
  ForeignRequestAuthentication:
    'A RequestAuthentication of others verifies further tokens and may write identity headers.',
  PlaintextCallers:
    'Rules name callers, and the workloads accept plain text, where nobody has an identity: set mtls: Strict.',
  MeshSettingsDiffer: 'The operator assumes another trust domain or root namespace than the mesh config says.',
  PortNotHttp: 'A Service port is not declared HTTP, so that Envoy sees no method, path or token there.',
  RevocationUnchecked: 'The guard is installed, and this Gateway does not ask it.',
  ProviderWithoutTimeout: 'A guard that hangs would hold each request for ten minutes: set a timeout.',
  PathsNotNormalized: 'The mesh compares paths with encoded or doubled slashes as they were sent.',
};

/** Per condition of a ServiceAuthPolicy, each reason and what it means. */
export const POLICY_CONDITIONS = {
  Accepted: accepted,
  Programmed: programmed,
  Enforced: enforced,
  Warning: warning,
} as const;
