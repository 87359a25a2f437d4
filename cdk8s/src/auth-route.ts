import type { ServiceAuthPolicySpec } from '@sekisho/policy';
import { Construct } from 'constructs';
import { type GatewayRef, PublicRoute } from './public-gateway.ts';
import { ServiceAuthPolicy } from './service-auth-policy.ts';
import type { WorkloadFacts } from './workload.ts';

export interface AuthRouteProps {
  readonly workload: WorkloadFacts;
  /** Where applications find it: a Gateway that asks the guard, which leaves its credentials alone (`AUTH_SERVICE`). */
  readonly gateway: GatewayRef;
}

const DISCOVERY = [
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/jwks.json',
];
const LOG_IN = '/login';
const LOG_OUT = '/logout';
const SESSIONS = '/v1/sessions';
const PASSWORD = '/v1/users/me/password';

const RULES: ServiceAuthPolicySpec['rules'] = [
  {
    // Pages and endpoints that look at codes, cookies and client secrets themselves.
    name: 'protocol',
    to: [{ methods: ['GET', 'POST', 'OPTIONS'], paths: ['/oauth/{**}'] }],
    allow: { public: true },
  },
  {
    // For browsers with a cookie.
    name: 'log-in-page',
    to: [
      { methods: ['GET', 'POST'], paths: [LOG_IN] },
      { methods: ['POST'], paths: [LOG_OUT] },
    ],
    allow: { public: true },
  },
  { name: 'discovery', to: [{ methods: ['GET', 'OPTIONS'], paths: DISCOVERY }], allow: { public: true } },
  { name: 'log-in', to: [{ methods: ['POST'], paths: [SESSIONS, `${SESSIONS}/refresh`] }], allow: { public: true } },
  {
    name: 'own-sessions',
    to: [
      { methods: ['GET', 'DELETE'], paths: [SESSIONS] },
      { methods: ['DELETE'], paths: [`${SESSIONS}/{*}`] },
    ],
    allow: { authenticated: true },
  },
  { name: 'own-password', to: [{ methods: ['PUT'], paths: [PASSWORD] }], allow: { authenticated: true } },
];

/** What applications and browsers may reach of the auth service, on the host of the services. Administration is not among it. */
export class AuthRoute extends Construct {
  constructor(scope: Construct, id: string, { workload, gateway }: AuthRouteProps) {
    super(scope, id);
    const { name, namespace, labels } = workload;
    // Workloads and the operator come past the Gateway, and from outside of the mesh too. It asks by itself what is revoked, and lets
    // people log out while nobody knows.
    const revocation = { whenUnavailable: 'Allow' } as const;
    const spec = { selector: { matchLabels: labels }, mtls: 'Permissive', revocation, rules: RULES } as const;
    new ServiceAuthPolicy(this, 'policy', { name, namespace, spec });
    const prefixes = ['/oauth', SESSIONS];
    new PublicRoute(this, 'route', {
      gateways: [gateway],
      workload,
      prefixes,
      paths: [...DISCOVERY, LOG_IN, LOG_OUT, PASSWORD],
    });
  }
}
