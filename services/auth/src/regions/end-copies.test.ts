import type { Heard } from '@sekisho/sessions';
import { describe, expect, test } from 'vitest';
import { endingCopies } from './end-copies.ts';

const ENTRIES: readonly Heard[] = [{ kind: 'session', id: 's1', until: 1 }];

function setUp({ restoring, ending }: { readonly restoring?: Error; readonly ending?: Error }) {
  const steps: unknown[] = [];
  const does = (name: string, failure: Error | undefined) => async (entries: readonly unknown[]) => {
    steps.push([name, entries]);
    if (failure !== undefined) throw failure;
  };
  const warn = (told: object) => steps.push(['told', told]);
  const restore = endingCopies({
    restoreLocal: does('restored', restoring),
    endCopies: does('ended', ending),
    log: { warn },
  });
  return { steps, restore };
}

describe('sessions that another region revoked', () => {
  test('are refused in the region before its copies end', async () => {
    const { steps, restore } = setUp({});
    await restore(ENTRIES);
    expect(steps).toEqual([
      ['restored', ENTRIES],
      ['ended', ENTRIES],
    ]);
  });

  test('are refused although a copy cannot be ended, which is told', async () => {
    const err = new Error('away');
    const { steps, restore } = setUp({ ending: err });
    await restore(ENTRIES);
    expect(steps.at(-1)).toEqual(['told', { err }]);
  });

  test('are tried again as a whole while they cannot be refused', async () => {
    const { steps, restore } = setUp({ restoring: new Error('away') });
    await expect(restore(ENTRIES)).rejects.toThrow('away');
    expect(steps).toEqual([['restored', ENTRIES]]);
  });
});
