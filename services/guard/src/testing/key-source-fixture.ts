import { randomBytes } from 'node:crypto';
import { FakeClock } from '@sekisho/kube/testing';
import { createLogger, createMetrics } from '@sekisho/telemetry';
import { generateSigningKey } from '@sekisho/tokens';
import { onTestFinished } from 'vitest';
import { createKeySource, type KeySourceOptions } from '../keys/open-key-source.ts';
import { FakeAuth } from './fake-auth.ts';

/** The key that signs access tokens. */
export const accessKey = await generateSigningKey();
/** The encryption key of every replica, unless a test gives it another one. */
export const encryptionKey = randomBytes(32);

/** Sources of keys that ask one auth service, each a replica; they stop with the test. */
export function keySourceFixture() {
  const clock = new FakeClock();
  const auth = new FakeAuth(accessKey);
  const lines: string[] = [];
  const log = createLogger({ name: 'test', destination: { write: (line: string) => void lines.push(line) } });
  const source = (more: Partial<KeySourceOptions> = {}) => {
    const metrics = createMetrics({ processMetrics: false, undeclared: 'throw' });
    const made = createKeySource({
      authUrl: 'http://auth.test/',
      readToken: async () => `${auth.token}\n`,
      encryptionKeys: { current: encryptionKey, previous: [] },
      random: () => 0.5,
      ...{ fetch: auth.fetch, clock, log, metrics },
      ...more,
    });
    onTestFinished(() => made.stop());
    return Object.assign(made, { metrics });
  };
  return { clock, auth, lines, source };
}

export function kidsOf({ keys }: { readonly keys: readonly { readonly kid: string }[] }): string[] {
  return keys.map(({ kid }) => kid);
}
