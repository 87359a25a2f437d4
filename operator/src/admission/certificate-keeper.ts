import { backoffMs, type Clock, type KubeClient, type ObjectRef, pause, type Random } from '@sekisho/kube';
import { trustAuthorities } from './ca-bundle.ts';
import { keepGenerations } from './certificate-secret.ts';
import { type Generation, nextGeneration } from './generation.ts';
import { isDue, LIFETIME_MS, type RotationState, retained, serving } from './rotation.ts';

export interface CertificateKeeperOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  /** DNS name or IP address under which the API server calls. */
  readonly host: string;
  /** Where the generations are kept, for all replicas. */
  readonly secret: ObjectRef;
  /** Name of the ValidatingWebhookConfiguration. */
  readonly configuration: string;
  /** How often all is looked at. A certificate is served ten of these after it was made, so no replica misses it. */
  readonly checkMs: number;
  readonly onCertificate: (generation: Generation) => void;
  readonly onError: (error: unknown) => void;
}

const CHECKS_TO_SETTLE = 10;
const FIRST_RETRY_MS = 500;

/** Keeps a trusted serving certificate: made, rotated and told to the API server without anybody's help. */
export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  #known: readonly Generation[] = [];
  #current: Generation | undefined;

  constructor(options: CertificateKeeperOptions) {
    this.#options = options;
  }

  /** What is served now. */
  get current(): Generation | undefined {
    return this.#current;
  }

  /** Runs until `signal` aborts; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, checkMs, onError } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.check(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        onError(error);
        failures += 1;
      }
      const retryMs = backoffMs(failures, { baseMs: FIRST_RETRY_MS, maxMs: checkMs }, random);
      await pause(clock, failures === 0 ? checkMs : retryMs, signal);
    }
  }

  /** One level-based pass: certificates as they should be, then trust, and only then is the newest served. */
  async check(signal: AbortSignal): Promise<void> {
    const { client, clock, host, secret, configuration, checkMs, onCertificate } = this.#options;
    const state = { host, now: clock.now(), settleMs: CHECKS_TO_SETTLE * checkMs };
    const kept = await keepGenerations(client, secret, (held) => renewed(held, state), signal);
    // What was seen stays trusted although somebody emptied the Secret, until its successor has settled.
    const unlisted = this.#known.filter(({ certificate }) => !kept.some((other) => other.certificate === certificate));
    this.#known = retained([...unlisted, ...kept], state);
    const authorities = this.#known.map(({ authority }) => authority);
    await trustAuthorities(client, configuration, authorities, signal);
    const next = serving(this.#known, state);
    if (next === undefined || next.certificate === this.#current?.certificate) return;
    onCertificate(next);
    this.#current = next;
  }
}

async function renewed(held: readonly Generation[], state: RotationState): Promise<readonly Generation[]> {
  const kept = retained(held, state);
  const { host, now } = state;
  if (isDue(kept, state)) return [...kept, await nextGeneration({ host, now, lifetimeMs: LIFETIME_MS })];
  return kept.length === held.length ? held : kept;
}
