import { systemClock } from '@sekisho/kube';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { meshConfigFromFile } from './mesh-config.ts';

const PATIENCE_MS = 60_000;
let stop = new AbortController();
beforeEach(() => {
  stop = new AbortController();
});
afterEach(() => stop.abort());

describe('the mesh config in a file', () => {
  test('is read again, tells of changes only, and keeps the last good one with the reason', async () => {
    let answer = 'trustDomain: one';
    const source = meshConfigFromFile(systemClock, async () => answer, 1);
    const heard = vi.fn();
    source.subscribe(heard);
    void source.run(stop.signal);
    await source.synced();
    expect(source.state).toMatchObject({ config: { trustDomain: 'one' } });
    answer = 'trustDomain: two';
    await vi.waitFor(() => expect(source.state).toMatchObject({ config: { trustDomain: 'two' } }), PATIENCE_MS);
    answer = 'extensionProviders: 3';
    await vi.waitFor(() => expect(source.state.problem).toContain('extensionProviders: must be a list'), PATIENCE_MS);
    expect(source.state.config?.trustDomain).toBe('two');
    expect(heard).toHaveBeenCalledTimes(3);
    answer = 'trustDomain: three';
    await vi.waitFor(() => expect(source.state).toMatchObject({ config: { trustDomain: 'three' } }), PATIENCE_MS);
    expect(source.state.problem).toBeUndefined();
  });

  test.each([
    ['that cannot be read', () => Promise.reject(new Error('ENOENT: secret')), 'cannot be read'],
    ['that is not YAML', async () => 'a: [', 'is not YAML'],
    ['that is too large', async () => 'x'.repeat(2 ** 20 + 1), 'is larger than'],
  ])('%s is told of without what is in it', async (_what, read, problem) => {
    const source = meshConfigFromFile(systemClock, read, 1);
    void source.run(stop.signal);
    await source.synced();
    expect(source.state.problem).toContain(problem);
    expect(source.state.config).toBeUndefined();
  });
});
