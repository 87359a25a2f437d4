import { type AuthClientOptions, createAuthClient } from '../auth/auth-client.ts';
import type { KeySourceProcess } from './key-source.ts';
import { createKeyObserver, type KeyObserverOptions } from './observer.ts';
import { PolledKeySource, type PolledKeySourceOptions } from './polled-key-source.ts';
import { createSignerClient } from './signer-client.ts';

export type KeySourceOptions = AuthClientOptions &
  Omit<PolledKeySourceOptions, 'client' | 'observer'> &
  Omit<KeyObserverOptions, 'source'>;

/** The keys of this process, not yet asked for. */
export function createKeySource(options: KeySourceOptions): KeySourceProcess {
  const source: KeySourceProcess = new PolledKeySource({
    ...options,
    client: createSignerClient(createAuthClient(options)),
    observer: createKeyObserver({ ...options, source: () => source }),
  });
  return source;
}
