import { createLogger, createMetrics } from '@sekisho/telemetry';
import { expect, test } from 'vitest';
import { denied, PASSED } from './answer.ts';
import type { PlacedRequest } from './http/request.ts';
import { openAuditTrail, tellDenials, tellSecurityEvent } from './telling.ts';

function trail() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLogger({ name: 'guard', level: 'error', destination });
  return { lines, audit: openAuditTrail(log, createMetrics({ processMetrics: false })) };
}

const HEADERS: Readonly<Record<string, string>> = {
  'x-request-id': 'r1',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
  cookie: 'hunter2',
};
const QUESTION: PlacedRequest = {
  place: 'edge',
  request: {
    ...{
      scheme: 'http',
      serverName: undefined,
      host: 'shop.example',
      method: 'GET',
      path: '/items',
      query: 'code=hunter2',
    },
    header: (name) => HEADERS[name],
    authorization: 'Bearer hunter2',
  },
};

test('a denial tells who, what, by which policy and why, and nothing that could be used', () => {
  const { lines, audit } = trail();
  const asker = { user: 'u1', session: 's1' };
  tellDenials(audit)(QUESTION, denied('permission_missing', 'no', { policy: 'shop/bucket', rule: 'read', asker }));
  expect(lines).toMatchObject([
    {
      ...{ stream: 'audit', action: 'request', outcome: 'denied', code: 'permission_missing' },
      ...{ actor: asker, policy: 'shop/bucket', rule: 'read' },
      details: { place: 'edge', method: 'GET', host: 'shop.example', path: '/items', status: 403 },
      ...{ requestId: 'r1', traceId: '0af7651916cd43dd8448eb211c80319c' },
    },
  ]);
  expect(JSON.stringify(lines)).not.toContain('hunter2');
});

test('of what a client writes at any length, as long as its headers may be, a denial tells the beginning', () => {
  const { lines, audit } = trail();
  const long = 'x'.repeat(60_000);
  const header = () => long;
  const request = { ...QUESTION.request, host: long, path: `/${long}`, query: long, header, authorization: long };
  tellDenials(audit)({ ...QUESTION, request }, denied('route_unknown', 'no'));
  expect(JSON.stringify(lines).length).toBeLessThan(2_000);
});

test('what passes is not told, and what is no question is told without one', () => {
  const { lines, audit } = trail();
  tellDenials(audit)(QUESTION, PASSED);
  tellDenials(audit)(undefined, denied('request_malformed', 'no'));
  expect(lines).toMatchObject([{ code: 'request_malformed', details: { status: 400 } }]);
});

test('a changed device is told with what was done about it', () => {
  const { lines, audit } = trail();
  const event = { kind: 'device_changed', userId: 'u1', sessionId: 's1', changed: ['userAgent'] } as const;
  tellSecurityEvent(audit)({ ...event, policy: 'log' });
  tellSecurityEvent(audit)({ ...event, policy: 'revoke' });
  expect(lines).toMatchObject([
    { action: 'device_changed', outcome: 'failure', actor: { user: 'u1', session: 's1' } },
    { action: 'device_changed', outcome: 'denied', details: { policy: 'revoke' } },
  ]);
});
