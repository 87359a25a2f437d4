import { backoffMs, type Clock, momentOf, pause, type Random } from '@sekisho/kube';
import { type EncryptionKeys, generateSigningKey, type Jwks, type SigningKey } from '@sekisho/tokens';
import { HeldKeys, type Holding } from './held-keys.ts';
import type { KeySourceProcess } from './key-source.ts';
import type { WantedKey } from './signer-answer.ts';
import { type SignerClient, toOffer } from './signer-client.ts';

/** What a key source tells of its work: for log and metrics. */
export interface KeySourceObserver {
  /** The auth service answered, and its answer was taken over. */
  told(holding: Holding): void;
  /** A key was made and taken in. */
  offered(kid: string): void;
  failed(error: unknown): void;
}

export interface PolledKeySourceOptions {
  readonly client: SignerClient;
  /** Shared by the replicas of the guard, and by nobody else. */
  readonly encryptionKeys: EncryptionKeys;
  readonly observer: KeySourceObserver;
  readonly clock: Clock;
  readonly random: Random;
  /** How often the auth service is asked, at least. @default 30_000 */
  readonly pollMs?: number;
}

const FIRST_RETRY_MS = 500;
/** One that signs, and one that waits. */
const MAX_OFFERS = 2;

/** Asks the auth service for the guard's keys, and makes one whenever one is wanted. */
export class PolledKeySource implements KeySourceProcess {
  readonly #options: PolledKeySourceOptions;
  readonly #held: HeldKeys;
  readonly #stopping = new AbortController();
  #looking: Promise<boolean> = Promise.resolve(true);
  /** The look that begins when the one in progress is over: whoever asks meanwhile shares it. */
  #following: Promise<boolean> | undefined;
  #running: Promise<void> | undefined;

  constructor(options: PolledKeySourceOptions) {
    this.#options = options;
    this.#held = new HeldKeys(options.encryptionKeys, options.clock);
  }

  signingKey(): SigningKey | undefined {
    return this.#held.signingKey();
  }

  get accessJwks(): Jwks {
    return this.#held.accessJwks;
  }

  get narrowJwks(): Jwks {
    return this.#held.narrowJwks;
  }

  get jwks(): Jwks {
    return this.#held.jwks;
  }

  get ready(): boolean {
    return this.#held.ready;
  }

  get ageMs(): number {
    return this.#held.ageMs;
  }

  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  async refresh(): Promise<void> {
    await this.#look();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#following;
    await this.#looking;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random, pollMs = 30_000 } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      failures = (await this.#look()) ? 0 : failures + 1;
      // Up to a half less, so that replicas do not come in step.
      const restMs = pollMs * (0.5 + 0.5 * random());
      const retryMs = backoffMs(failures, { baseMs: FIRST_RETRY_MS, maxMs: pollMs }, random);
      await pause(clock, failures === 0 ? restMs : retryMs, signal);
    }
  }

  /** @returns whether it succeeded */
  #look(): Promise<boolean> {
    this.#following ??= this.#looking.then(() => {
      this.#following = undefined;
      this.#looking = this.#attempt(this.#stopping.signal);
      return this.#looking;
    });
    return this.#following;
  }

  async #attempt(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const { observer } = this.#options;
    try {
      observer.told(await this.#ask(signal));
      return true;
    } catch (error) {
      if (!signal.aborted) observer.failed(error);
      return false;
    }
  }

  async #ask(signal: AbortSignal): Promise<Holding> {
    const { client, clock } = this.#options;
    for (let offers = 0; ; offers += 1) {
      const askedAt = momentOf(clock);
      const answer = await client.list(signal);
      // First: who cannot open what the others made must make nothing, for they could not open that.
      const holding = await this.#held.take(answer, askedAt);
      if (answer.wanted === undefined || offers === MAX_OFFERS) return holding;
      await this.#offer(answer.wanted, signal);
    }
  }

  async #offer({ alg, region }: WantedKey, signal: AbortSignal): Promise<void> {
    const { client, encryptionKeys, observer } = this.#options;
    const key = await generateSigningKey(alg, region);
    const taken = await client.offer(toOffer(key, encryptionKeys.current), signal);
    if (taken?.keys.some(({ kid }) => kid === key.kid)) observer.offered(key.kid);
  }
}
