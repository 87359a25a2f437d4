import { describe, expect, test } from 'vitest';
import { createLogger, type LogLevel } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { createAuditTrail } from './audit-trail.ts';

function trail(level: LogLevel = 'info') {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const metrics = createMetrics({ processMetrics: false });
  let now = 0;
  const audit = createAuditTrail({
    log: createLogger({ name: 'test', level, destination }),
    ...{ metrics, actions: ['request', 'log_in'], monotonic: () => now },
  });
  const elapse = (ms: number) => {
    now += ms;
  };
  return { audit, lines, metrics, elapse };
}

const DENIED = { action: 'request', outcome: 'denied', code: 'token_missing' } as const;

describe('the audit trail', () => {
  test('tells who, what, by which policy and why, and by what to find it again', () => {
    const { audit, lines } = trail();
    const event = { ...DENIED, actor: { user: 'u1', session: 's1' }, policy: 'shop/bucket', rule: 'read' };
    audit.tell({ ...event, details: { method: 'GET' } }, { requestId: 'r1', traceId: 't1' });
    expect(lines).toMatchObject([
      { stream: 'audit', msg: 'audit', ...event, details: { method: 'GET' }, requestId: 'r1', traceId: 't1' },
    ]);
  });

  test('belongs to the request within which it is told, however deep', async () => {
    const { audit, lines } = trail();
    await Promise.all(
      ['r1', 'r2'].map((requestId) =>
        audit.within({ requestId }, async () => {
          await Promise.resolve();
          audit.tell({ action: 'log_in', outcome: 'success', actor: { user: requestId } });
        }),
      ),
    );
    expect(lines.map(({ requestId, actor }) => [requestId, actor])).toEqual([
      ['r1', { user: 'r1' }],
      ['r2', { user: 'r2' }],
    ]);
  });

  test('is written by a log that else tells only errors, and not by one that is silent', () => {
    const loud = trail('error');
    loud.audit.tell(DENIED);
    expect(loud.lines).toHaveLength(1);
    const silent = trail('silent');
    silent.audit.tell(DENIED);
    expect(silent.lines).toEqual([]);
  });

  test('leaves out most of a flood, says how many, and hides nothing else behind it', async () => {
    const { audit, lines, metrics, elapse } = trail();
    for (let sent = 0; sent < 1_000; sent += 1) audit.tell(DENIED);
    expect(lines).toHaveLength(200);
    audit.tell({ ...DENIED, code: 'token_expired' });
    audit.tell({ action: 'log_in', outcome: 'success' });
    expect(lines).toHaveLength(202);
    elapse(1_000);
    audit.tell(DENIED);
    expect(lines.at(-1)).toMatchObject({ code: 'token_missing', leftOut: 800 });
    audit.tell(DENIED);
    expect(lines.at(-1)).not.toHaveProperty('leftOut');
    const text = await metrics.render();
    expect(text).toContain('audit_events_total{action="request",result="left_out"} 800');
    expect(text).toContain('audit_events_total{action="request",result="written"} 203');
  });

  test('never leaves out what succeeded', () => {
    const { audit, lines } = trail();
    for (let sent = 0; sent < 1_000; sent += 1) audit.tell({ action: 'log_in', outcome: 'success' });
    expect(lines).toHaveLength(1_000);
  });

  test('bounds how many kinds it tells apart', () => {
    const { audit, lines } = trail();
    for (let kind = 0; kind < 1_000; kind += 1) audit.tell({ ...DENIED, code: `code-${kind}` });
    expect(lines.length).toBeLessThanOrEqual(128 + 200);
  });
});
