import { type Clock, KubeClient, type Random, type Transport } from '@sekisho/kube';
import { createDeviceCheck, type DevicePolicy } from '@sekisho/sessions';
import { type Checks, type ListenAddress, NO_TRACING, type Tracing } from '@sekisho/telemetry';
import { ANY_AUDIENCE, createVerifier } from '@sekisho/tokens';
import type { ExchangeCookie } from './browser/exchange-cookie.ts';
import { openBrowserTokens } from './browser/open-browser-tokens.ts';
import { decideEdge, type EdgeParts } from './edge/decide-edge.ts';
import { createSessionCheck } from './edge/session-check.ts';
import { GuardError } from './errors.ts';
import { decideHop, type HopParts } from './hop/decide-hop.ts';
import { createHopTokens } from './hop/hop-token.ts';
import { createCheckServer } from './http/server.ts';
import type { KeySource } from './keys/key-source.ts';
import { createRouteWatch } from './routes/route-watch.ts';
import { Routing } from './routes/routing.ts';
import { openStores, type Stores, type StoresOptions } from './stores.ts';
import { type GuardAuditTrail, openAuditTrail, tellDenials, tellOutages, tellSecurityEvent } from './telling.ts';
import { createNarrow } from './tokens/narrow.ts';
import { createVerifyForTarget } from './tokens/verify.ts';
import {
  recordedTrace,
  tracedDecide,
  tracedGate,
  tracedHopTokens,
  tracedNarrow,
  tracedPolicy,
  tracedVerify,
} from './traces.ts';

export interface ServiceOptions extends StoresOptions {
  /** `iss` of the platform's tokens. */
  readonly issuer: string;
  /** Service of the auth service, `namespace/name`, where a Gateway leads to it. */
  readonly authService?: string | undefined;
  readonly trustDomain: string;
  readonly deviceChange: DevicePolicy;
  /** Headers by which routes choose, in lower case, as far as Envoy sends them along. */
  readonly routeHeaders: readonly string[];
  readonly exchangeCookie: ExchangeCookie;
  /** Path of the log-in page; undefined where nobody is led to one. */
  readonly loginPath: string | undefined;
  readonly transport: Transport;
  readonly random: Random;
  /** @default nothing is recorded */
  readonly tracing?: Tracing;
}

export interface Service {
  /** What must be known before a question is answered well. */
  readonly checks: Checks;
  /** @returns where Envoy's questions are answered */
  listen(address: ListenAddress): Promise<ListenAddress>;
  /** Answers what was asked, notes what is to be noted, then ends. */
  close(): Promise<void>;
}

/** The guard with everything it needs, watching and following already, not yet listening. */
export function createService(options: ServiceOptions): Service {
  const { log, timers, issuer, authService, trustDomain, routeHeaders } = options;
  const { tracing = NO_TRACING } = options;
  const stores = openStores(options);
  const audit = openAuditTrail(log, options.metrics);
  const routing = new Routing({ trustDomain, platformIssuer: issuer, authService, visibleHeaders: routeHeaders });
  const outages = tellOutages(log);
  const watch = createRouteWatch({
    client: new KubeClient(options.transport, { fieldManager: 'sekisho-guard' }),
    ...{ routing, clock: timers, random: options.random },
    onError: (kind, error) => outages.failed(`watching ${kind}`, error),
    onRecovered: (kind) => outages.works(`watching ${kind}`),
  });
  const [edge, hop] = [edgeParts({ ...options, audit }, stores, routing), hopParts(options, stores, routing)];
  const tellDenial = tellDenials(audit);
  const server = createCheckServer({
    decide: tracedDecide(tracing, ({ place, request }) =>
      place === 'edge' ? decideEdge(edge, request) : decideHop(hop, request),
    ),
    onAnswer(question, answer, seconds) {
      stores.metrics.decided(answer, seconds, recordedTrace(tracing, question));
      tellDenial(question, answer);
    },
    onDefect: (err) => log.error({ err }, 'a question could not be decided'),
    monotonic: () => timers.monotonic(),
  });
  watch.start();
  return {
    checks: readiness(stores, watch, options.keys),
    listen: (address) => server.listen(address),
    async close() {
      await server.close();
      await watch.stop();
      await stores.close();
    },
  };
}

const clockOf = (timers: Clock) => () => new Date(timers.now());

function edgeParts(
  options: ServiceOptions & { readonly audit: GuardAuditTrail },
  { revocations, knowsRevocations, gate, endSession, metrics }: Stores,
  routing: Routing,
): EdgeParts {
  const { issuer: platformIssuer, keys, uuid, audit, tracing = NO_TRACING } = options;
  const clock = clockOf(options.timers);
  const checkDevice = createDeviceCheck({ policy: options.deviceChange, onSecurityEvent: tellSecurityEvent(audit) });
  return {
    ...{ routing, revocations, knowsRevocations, loginPath: options.loginPath },
    browser: openBrowserTokens(options),
    verify: tracedVerify(tracing, createVerifyForTarget({ platformIssuer, keys, clock })),
    checkSession: createSessionCheck({ gate: tracedGate(tracing, gate), checkDevice, endSession }),
    decide: tracedPolicy(tracing),
    narrow: tracedNarrow(
      tracing,
      createNarrow({ platformIssuer, keys, clock, uuid, onMinted: () => metrics.minted.inc({ kind: 'narrow' }) }),
    ),
  };
}

function hopParts(
  options: ServiceOptions,
  { revocations, knowsRevocations, gate }: Stores,
  routing: Routing,
): HopParts {
  const { issuer: platformIssuer, keys, tracing = NO_TRACING } = options;
  const clock = clockOf(options.timers);
  const jwks = () => keys.jwks;
  const verify = createVerifier({
    ...{ issuer: platformIssuer, audience: ANY_AUDIENCE, clock },
    jwks: () => keys.accessJwks,
    narrowJwks: () => keys.narrowJwks,
  });
  return {
    ...{ platformIssuer, revocations, knowsRevocations, gate: tracedGate(tracing, gate) },
    verified: tracedHopTokens(tracing, createHopTokens(verify, { jwks, clock, maxEntries: HOP_TOKENS })),
    whenUnavailable: (audience) => routing.whenUnavailable(audience),
    issuerNamed: (iss) => routing.issuerNamed(iss),
  };
}

/** Verified tokens that are remembered for hops. */
const HOP_TOKENS = 20_000;

/** A guard that has lost touch goes on by what it knows: not being ready would only take the answer away. */
function readiness({ revocationsLoaded }: Stores, watch: { readonly ready: boolean }, keys: KeySource): Checks {
  const loaded = (what: string, holds: () => boolean) => async () => {
    if (!holds()) throw new GuardError('not_loaded', `${what} not known yet`);
  };
  return {
    routes: loaded('routes and policies are', () => watch.ready),
    revocations: loaded('revocations are', revocationsLoaded),
    keys: loaded('keys are', () => keys.ready),
  };
}
