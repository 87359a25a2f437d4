import Fastify from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Actor, Unavailable } from './actor.ts';
import { Ledger } from './ledger.ts';

const BUSY = { code: 'unavailable' };

function stage() {
  const app = Fastify();
  onTestFinished(() => app.close());
  app.get('/away', (_, reply) =>
    reply.code(503).headers({ 'retry-after': '1' }).type('application/problem+json').send(JSON.stringify(BUSY)),
  );
  app.get('/sent-away', (_, reply) => reply.redirect('https://shop.test/?error=temporarily_unavailable'));
  app.get('/broken', (_, reply) => reply.code(500).send());
  app.get('/never', () => new Promise(() => undefined));
  const ledger = new Ledger({ mayLose: false });
  return { ledger, watched: ledger.watching('codes', app) };
}

describe('Ledger', () => {
  test('counts for a part what it was answered, also while all of it insists', async () => {
    const { ledger, watched } = stage();
    const stopping = new AbortController();
    const nobody = { id: '', email: '', password: '' };
    const apps = { publicApp: watched, adminApp: watched };
    const actor = new Actor({
      ...apps,
      ledger,
      origin: '',
      admin: { token: '' },
      user: nobody,
      stopping: stopping.signal,
    });
    const insisting = actor.insist(() => actor.call({ url: '/away', expected: [200] }));
    await expect.poll(() => ledger.tally('codes').unavailable, { timeout: 30_000 }).toBeGreaterThan(1);
    stopping.abort();
    await expect(insisting).rejects.toThrow(Unavailable);
    expect(ledger.defects).toEqual([]);
  });

  test('counts what an application is told by the browser', async () => {
    const { ledger, watched } = stage();
    await watched.inject({ url: '/sent-away' });
    expect(ledger.tally('codes')).toEqual({ rounds: 0, lost: 0, unavailable: 1 });
    expect(ledger.tally('devices')).toEqual({ rounds: 0, lost: 0, unavailable: 0 });
  });

  test('keeps every answer that is wrong', async () => {
    const { ledger, watched } = stage();
    await watched.inject({ url: '/broken?secret=1' });
    expect(ledger.defects).toEqual(['GET /broken: 500 ']);
  });

  test('names what a part waits for', () => {
    const { ledger, watched } = stage();
    void watched.inject({ url: '/never' });
    expect(ledger.describe('codes')).toMatch(
      /^codes \(0 rounds, 0 lost, 0 times unavailable, unanswered: GET \/never for \d+ ms\)$/,
    );
    expect(ledger.describe('devices')).toContain('unanswered: nothing');
  });
});
