import { USER_AGENT } from './people.ts';

export interface Question {
  readonly place: 'edge' | 'hop';
  readonly host: string;
  readonly token: string;
  /** As a proxy sends it that traces. */
  readonly traceparent?: string;
}

/** Whatever Envoy 1.40 sends about a GET request with the providers of istio/mesh-config.yaml, in its order and its spelling. */
export function questionBytes({ place, host, token, traceparent }: Question): Buffer {
  const seen = place === 'edge' ? ['x-forwarded-proto: http', `user-agent: ${USER_AGENT}`] : ([] as readonly string[]);
  return Buffer.from(
    [
      `GET /${place}/api/items/4711?expand=owner HTTP/1.1`,
      `host: ${host}`,
      'content-length: 0',
      `authorization: Bearer ${token}`,
      ...seen,
      'x-request-id: 6c0b8d6e-4b6c-9d3a-8f0e-2f7f3a1c5b7d',
      'x-envoy-internal: true',
      'x-forwarded-for: 192.0.2.123',
      'x-envoy-expected-rq-timeout-ms: 250',
      ...(traceparent === undefined ? [] : [`traceparent: ${traceparent}`]),
      '',
      '',
    ].join('\r\n'),
    'latin1',
  );
}
