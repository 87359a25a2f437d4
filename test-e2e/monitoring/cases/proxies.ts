import type { AlertCase } from '../alert-case.ts';

const EDGE = 'namespace="istio-edge",workload="edge-istio"';
const BUCKET = 'namespace="shop",workload="bucket"';
const DENIED = `envoy_http_rbac{${BUCKET},authz_enforce_result="denied"}`;

export const proxyCases: Readonly<Record<string, AlertCase>> = {
  SekishoGuardUnanswered: {
    series: { [`envoy_http_ext_authz_error{${EDGE}}`]: '0+6x20' },
    at: '10m',
    labels: { namespace: 'istio-edge', workload: 'edge-istio' },
    description:
      'edge-istio in istio-edge refuses 0.10 requests a second with 503: the guard is not reached, or slower than 250 ms.',
    quiet: { [`envoy_http_ext_authz_error{${EDGE}}`]: '0x20' },
  },
  SekishoRequestsDenied: {
    series: {
      [DENIED]: '0+60x60',
      [`envoy_http_jwt_authn_allowed{${BUCKET}}`]: '0+80x60',
      [`envoy_http_jwt_authn_cors_preflight_bypassed{${BUCKET}}`]: '0x60',
    },
    at: '30m',
    labels: { namespace: 'shop', workload: 'bucket' },
    description:
      '75% of the requests to bucket in shop are refused: a policy, a caller or a token is not what it should be.',
    quiet: { [DENIED]: '0+10x60' },
  },
};
