import { randomUUID } from 'node:crypto';
import type { KubeObject } from '@sekisho/kube';
import { decide, type TokenIssuerSpec } from '@sekisho/policy';
import { createDeviceCheck, type DevicePolicy, deviceFingerprint, type Refusal, type Session } from '@sekisho/sessions';
import { type AccessGrant, createMinter, generateSigningKey, type SigningKey, toJwks } from '@sekisho/tokens';
import { SignJWT } from 'jose';
import { createBrowserTokens } from '../browser/browser-tokens.ts';
import type { CheckRequest } from '../edge/check-request.ts';
import { decideEdge } from '../edge/decide-edge.ts';
import { createSessionCheck } from '../edge/session-check.ts';
import { Routing } from '../routes/routing.ts';
import { createSessionGate } from '../sessions/session-gate.ts';
import { createNarrow } from '../tokens/narrow.ts';
import { createVerifyForTarget } from '../tokens/verify.ts';
import { edgePolicy, gateway, issuer, namespace, policy, requestAuthentication, route, service } from './objects.ts';

export const PLATFORM = 'https://auth.example';
export const PARTNER = 'https://partner.example';
export const ISSUERS = { issuers: ['platform', 'partner'] };

export interface WorldOptions {
  readonly policies?: readonly KubeObject[];
  readonly devices?: DevicePolicy;
}

type Grant = Partial<AccessGrant> & { readonly at?: Date };

/** An edge with everything that it needs, in memory: real keys, tokens, routes and policies, and stores that can be taken away. */
export async function edgeWorld({ policies = [policy('bucket')], devices = 'log' }: WorldOptions = {}) {
  const [authKey, guardKey, partnerKey] = await Promise.all([0, 1, 2].map(() => generateSigningKey()));
  if (authKey === undefined || guardKey === undefined || partnerKey === undefined) throw new Error('no keys');
  const world = new World({ authKey, guardKey, partnerKey }, devices);
  world.apply(policies);
  return world;
}

interface Keys {
  readonly authKey: SigningKey;
  readonly guardKey: SigningKey;
  readonly partnerKey: SigningKey;
}

export class World {
  readonly keys: Keys;
  now = new Date('2026-03-01T12:00:00Z');
  readonly sessions = new Map<string, Session>();
  readonly touched: string[] = [];
  readonly events: unknown[] = [];
  readonly ended: string[] = [];
  storeIsAway = false;
  reads = 0;
  /** Whatever happens while a session is read. */
  onRead: () => void = () => undefined;
  minted = 0;
  knowsRevocations = true;
  /** Of `jti` or session. */
  readonly revoked = new Set<string | undefined>();
  signing: SigningKey | undefined;
  readonly routing = new Routing({
    trustDomain: 'cluster.local',
    platformIssuer: PLATFORM,
    authService: 'shop/auth',
    visibleHeaders: [],
  });
  readonly parts: Parameters<typeof decideEdge>[0];

  /** What cookies stand for; undefined for nothing, an Error while the auth service is away. */
  readonly cookies = new Map<string, string | Error>();
  readonly exchanged: string[] = [];
  loginPath: string | undefined;

  constructor(keys: Keys, devices: DevicePolicy) {
    this.keys = keys;
    this.signing = keys.guardKey;
    this.parts = this.#makeParts(devices);
  }

  #makeParts(devices: DevicePolicy): Parameters<typeof decideEdge>[0] {
    const world = this;
    const clock = () => world.now;
    const accessJwks = toJwks([world.keys.authKey]);
    const gate = createSessionGate({
      sessions: { get: (userId, id) => world.#read(userId, id) },
      touches: { add: (_, id) => void world.touched.push(id), stop: async () => undefined },
      clock,
      monotonic: () => world.now.getTime(),
      freshMs: 30_000,
      maxStalenessMs: 60_000,
      onUnavailable: () => undefined,
    });
    return {
      routing: world.routing,
      browser: createBrowserTokens({
        exchange: (cookie) => world.#exchange(cookie),
        monotonic: () => world.now.getTime(),
        onExchange: () => undefined,
      }),
      get loginPath() {
        return world.loginPath;
      },
      verify: createVerifyForTarget({ platformIssuer: PLATFORM, keys: { accessJwks }, clock }),
      revocations: {
        check: ({ jti, session, sub }): Refusal | undefined =>
          [jti, session?.id, sub].some((id) => id !== undefined && world.revoked.has(id))
            ? { kind: 'token' }
            : undefined,
      },
      knowsRevocations: () => world.knowsRevocations,
      decide,
      checkSession: createSessionCheck({
        gate,
        checkDevice: createDeviceCheck({ policy: devices, onSecurityEvent: (event) => void world.events.push(event) }),
        endSession: async ({ id }) => void world.ended.push(id),
      }),
      narrow: createNarrow({
        platformIssuer: PLATFORM,
        keys: { signingKey: () => world.signing },
        clock,
        uuid: randomUUID,
        onMinted: () => {
          world.minted += 1;
        },
      }),
    };
  }

  async #read(userId: string, id: string): Promise<Session | undefined> {
    this.reads += 1;
    this.onRead();
    if (this.storeIsAway) throw new Error('the store is away');
    const session = this.sessions.get(id);
    return session?.userId === userId ? session : undefined;
  }

  async #exchange(cookie: string) {
    this.exchanged.push(cookie);
    const token = this.cookies.get(cookie);
    if (token instanceof Error) throw token;
    return token === undefined ? undefined : { token, expiresIn: 900 };
  }

  /**
   * Makes these the policies of the cluster, beside that of the Gateway.
   * @param partnerSpec what differs in the TokenIssuer of the other identity provider
   */
  apply(policies: readonly KubeObject[], partnerSpec: Partial<TokenIssuerSpec> = {}): void {
    const jwks = toJwks([this.keys.authKey]);
    const partner = toJwks([this.keys.partnerKey]);
    const edge = edgePolicy(ISSUERS);
    const names = new Set(policies.map(({ metadata }) => metadata.name));
    this.routing.update({
      gateways: [gateway()],
      routes: [...names].map((name) =>
        route({ rules: [{ backendRefs: [{ name, port: 80 }] }], hostnames: [`${name}.example`] }, { name }),
      ),
      grants: [],
      service: ({ name }) => (names.has(name) ? service(name) : undefined),
      namespace: (name) => namespace(name),
      policies: [edge, ...policies],
      issuers: [
        issuer('platform', {
          ...{ issuer: PLATFORM, jwksUri: 'https://auth.example/jwks', default: true },
          requiredClaims: [{ path: ['client_id'] }],
        }),
        issuer('partner', {
          ...{ issuer: PARTNER, jwksUri: 'https://partner.example/jwks', permissions: ['realm', 'can'] },
          ...partnerSpec,
        }),
      ],
      keys: [requestAuthentication(edge, { [PLATFORM]: jwks, [PARTNER]: partner })],
    });
  }

  ask(request: Partial<CheckRequest> & { readonly token?: string } = {}, parts: Partial<World['parts']> = {}) {
    const { token, ...rest } = request;
    return decideEdge(
      { ...this.parts, ...parts },
      {
        ...{
          scheme: 'http',
          serverName: undefined,
          host: 'bucket.example',
          method: 'GET',
          path: '/api/items',
          query: '',
        },
        header: () => undefined,
        authorization: token === undefined ? undefined : `Bearer ${token}`,
        ...rest,
      },
    );
  }

  /** An access token of a user with a live session. */
  async logIn(id: string, grant: Grant = {}): Promise<string> {
    const now = this.now.getTime();
    const device = { userAgent: 'Browser/1' };
    const session: Session = {
      ...{ id: `session-${id}`, userId: id, device, fingerprint: deviceFingerprint(device) },
      ...{ createdAt: now, lastAccessedAt: now, expiresAt: now + 7 * 86_400_000 },
    };
    this.sessions.set(session.id, session);
    return this.token({ subject: id, session: { id: session.id }, ...grant });
  }

  async token({ at, ...grant }: Grant = {}, key = this.keys.authKey): Promise<string> {
    const clock = () => at ?? this.now;
    const minter = createMinter({ issuer: PLATFORM, key: () => key, clock, uuid: randomUUID });
    const subject = grant.subject ?? 'somebody';
    const services = { bucket: { permissions: ['bucket:read'] }, user: { permissions: ['user:read'] } };
    const whole = {
      ...{ subject, clientId: 'web', audience: ['bucket', 'user'], services, lifetimeSeconds: 900 },
      user: { id: subject, roles: ['member'], permissions: [] },
      ...grant,
    };
    return (await minter.access(whole)).token;
  }

  /** Of the identity provider outside the platform. */
  partnerToken(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const now = Math.floor(this.now.getTime() / 1000);
    const all = { iss: PARTNER, sub: 'p1', aud: 'bucket', exp: now + 600, realm: { can: ['bucket:read'] }, ...claims };
    const { kid, privateKey } = this.keys.partnerKey;
    return new SignJWT(all).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
  }
}
