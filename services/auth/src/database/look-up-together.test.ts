import { expect, test } from 'vitest';
import { lookUpTogether } from './look-up-together.ts';

const PATIENCE = { timeout: 60_000 };

function controlled() {
  const begun: { readonly ids: readonly string[]; readonly end: PromiseWithResolvers<ReadonlyMap<string, string>> }[] =
    [];
  const find = lookUpTogether((ids) => {
    const end = Promise.withResolvers<ReadonlyMap<string, string>>();
    begun.push({ ids, end });
    return end.promise;
  });
  return { begun, find };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('all who ask in one turn share one look-up, in which each id is asked for once', async () => {
  const { begun, find } = controlled();
  const found = [find('a'), find('b'), find('a'), find('nobody')];
  expect(begun).toHaveLength(0);
  await expect.poll(() => begun.map(({ ids }) => ids), PATIENCE).toEqual([['a', 'b', 'nobody']]);
  begun[0]?.end.resolve(new Map(['a', 'b'].map((id) => [id, `found ${id}`])));
  expect(await Promise.all(found)).toEqual(['found a', 'found b', 'found a', undefined]);
});

test('who asks while another look-up is under way neither waits for it nor is told what it reads', async () => {
  const { begun, find } = controlled();
  const first = find('a');
  await expect.poll(() => begun.length, PATIENCE).toBe(1);
  const second = find('a');
  await expect.poll(() => begun.length, PATIENCE).toBe(2);
  begun[1]?.end.resolve(new Map([['a', 'as it is']]));
  expect(await second).toBe('as it is');
  begun[0]?.end.resolve(new Map([['a', 'as it was']]));
  expect(await first).toBe('as it was');
});

test('a failure is told to those who share it, and the next begins all the same', async () => {
  const { begun, find } = controlled();
  const shared = [find('a'), find('b')];
  await expect.poll(() => begun.length, PATIENCE).toBe(1);
  begun[0]?.end.reject(new Error('away'));
  for (const each of shared) await expect(each).rejects.toThrow('away');
  const next = find('a');
  await expect.poll(() => begun.length, PATIENCE).toBe(2);
  begun[1]?.end.resolve(new Map([['a', 'back']]));
  expect(await next).toBe('back');
});

test('100 who come one after another are each answered by a look-up that began later', async () => {
  let version = 0;
  const find = lookUpTogether(async (ids) => {
    const read = version;
    await nextTurn();
    return new Map(ids.map((id) => [id, read]));
  });
  const told = Array.from({ length: 100 }, async (_, index) => {
    for (let turn = 0; turn < index % 7; turn += 1) await nextTurn();
    version += 1;
    const asked = version;
    expect(await find('web')).toBeGreaterThanOrEqual(asked);
  });
  await Promise.all(told);
});
