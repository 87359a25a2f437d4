import { expect, test } from 'vitest';
import { sharedLookUp } from './shared-look-up.ts';

function controlled() {
  const begun: { readonly id: string; readonly end: PromiseWithResolvers<string> }[] = [];
  const find = sharedLookUp((id: string) => {
    const end = Promise.withResolvers<string>();
    begun.push({ id, end });
    return end.promise;
  });
  return { begun, find };
}

test('all who ask while one is looked up share the next look-up, which begins after they asked', async () => {
  const { begun, find } = controlled();
  const first = find('web');
  const later = [find('web'), find('web'), find('web')];
  expect(begun).toHaveLength(1);
  begun[0]?.end.resolve('as it was');
  expect(await first).toBe('as it was');
  const other = find('other');
  expect(begun.map(({ id }) => id)).toEqual(['web', 'web', 'other']);
  begun[1]?.end.resolve('as it is');
  expect(await Promise.all(later)).toEqual(['as it is', 'as it is', 'as it is']);
  begun[2]?.end.resolve('another');
  expect(await other).toBe('another');
});

test('who asks when nobody else does has a look-up of their own', async () => {
  const { begun, find } = controlled();
  for (const answer of ['one', 'two']) {
    const found = find('web');
    begun.at(-1)?.end.resolve(answer);
    expect(await found).toBe(answer);
  }
  expect(begun).toHaveLength(2);
});

test('a failure is told to those who share it, and the next begins all the same', async () => {
  const { begun, find } = controlled();
  const first = find('web');
  const second = find('web');
  begun[0]?.end.reject(new Error('away'));
  await expect(first).rejects.toThrow('away');
  begun[1]?.end.resolve('back');
  expect(await second).toBe('back');
});

test('100 who come one after another while others wait are each answered by a look-up that began later', async () => {
  let version = 0;
  const find = sharedLookUp(async () => {
    const read = version;
    await new Promise((resolve) => setImmediate(resolve));
    return read;
  });
  const told = Array.from({ length: 100 }, async (_, index) => {
    for (let turn = 0; turn < index % 7; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    version += 1;
    const asked = version;
    expect(await find('web')).toBeGreaterThanOrEqual(asked);
  });
  await Promise.all(told);
});
