import { type ApiServerPlace, apiServerPlace, KubeEnvironment } from '@sekisho/kube';
import { ConfigError } from '@sekisho/telemetry';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '@sekisho/tokens';
import { type Static, Type } from 'typebox';

const DAY_SECONDS = 86_400;

export interface KeySettings {
  readonly alg: SigningAlgorithm;
  readonly periodMs: number;
  readonly publishMs: number;
  readonly pollMs: number;
  /** Who tells when every policy holds a key. @default nobody: `publishMs` decides */
  readonly tokenIssuer?: TokenIssuerPlace;
}

export interface TokenIssuerPlace extends ApiServerPlace {
  readonly name: string;
}

export const KEY_DEFAULTS: KeySettings = {
  alg: 'ES256',
  periodMs: 30 * DAY_SECONDS * 1000,
  // Three times as long as the operator waits, unless told otherwise, until it reads the key set again.
  publishMs: 900_000,
  pollMs: 30_000,
};

/** Variables of the signing keys. */
export const KeyEnvironment = {
  SIGNING_ALGORITHM: Type.Union(
    SIGNING_ALGORITHMS.map((alg) => Type.Literal(alg)),
    { default: KEY_DEFAULTS.alg, description: SIGNING_ALGORITHMS.join(' or ') },
  ),
  KEY_ROTATION_SECONDS: Type.Integer({
    default: KEY_DEFAULTS.periodMs / 1000,
    minimum: 3600,
    maximum: 400 * DAY_SECONDS,
    description: `how long one key signs, 3600 to ${400 * DAY_SECONDS}`,
  }),
  KEY_PUBLISH_SECONDS: Type.Integer({
    default: KEY_DEFAULTS.publishMs / 1000,
    minimum: 300,
    maximum: DAY_SECONDS,
    description: `how long a key is published before it signs where no TokenIssuer tells who holds it, 300 to ${DAY_SECONDS}`,
  }),
  KEY_POLL_SECONDS: Type.Integer({
    default: KEY_DEFAULTS.pollMs / 1000,
    minimum: 1,
    maximum: 300,
    description: 'how often each replica looks at the keys, 1 to 300; the same for all replicas',
  }),
  TOKEN_ISSUER_NAME: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$',
      description: 'the TokenIssuer that stands for this service: its status then tells when a new key may sign',
    }),
  ),
  ...KubeEnvironment,
};

const KeyConfig = Type.Object(KeyEnvironment);

/** @throws ConfigError when the variables contradict each other */
export function keySettings(config: Static<typeof KeyConfig>): KeySettings {
  const periodMs = config.KEY_ROTATION_SECONDS * 1000;
  const publishMs = config.KEY_PUBLISH_SECONDS * 1000;
  if (periodMs < 2 * publishMs) {
    const text = 'must be at least twice KEY_PUBLISH_SECONDS: a key signs for longer than it waits';
    throw new ConfigError([{ variable: 'KEY_ROTATION_SECONDS', text }]);
  }
  const tokenIssuer = placeOf(config);
  return {
    alg: config.SIGNING_ALGORITHM,
    periodMs,
    publishMs,
    pollMs: config.KEY_POLL_SECONDS * 1000,
    ...(tokenIssuer && { tokenIssuer }),
  };
}

function placeOf(config: Static<typeof KeyConfig>): TokenIssuerPlace | undefined {
  const { TOKEN_ISSUER_NAME: name } = config;
  if (name === undefined) return undefined;
  const place = apiServerPlace(config);
  if (place.kubeconfig === undefined && place.pod === undefined) {
    const text = 'is set, but no cluster is known: this is no pod, and KUBECONFIG is not set';
    throw new ConfigError([{ variable: 'TOKEN_ISSUER_NAME', text }]);
  }
  return { name, ...place };
}
