import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { DEVICE_POLICIES, regionEnvironment } from '@sekisho/sessions';
import { REDIS_URL_PATTERN } from '@sekisho/sessions/redis';
import { ConfigError, ListenSchema, LogLevelSchema } from '@sekisho/telemetry';
import { type EncryptionKeys, parseEncryptionKeys } from '@sekisho/tokens';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { normaliseEmail } from './accounts/account.ts';
import { Email, NewPassword } from './accounts/schemas.ts';
import type { FirstAdministrator } from './bootstrap.ts';
import { AuthError } from './errors.ts';
import { WorkloadEnvironment } from './exchange/config.ts';
import { KeyEnvironment } from './keys/config.ts';
import { SignerEnvironment } from './keys/signer-config.ts';
import { opaqueString } from './passwords/opaque-string.ts';
import { RevocationEnvironment } from './revocations/config.ts';

/** The environment of the process. Secrets come from files, so that they are not in its environment. */
export const AuthConfig = Type.Object({
  AUTH_LISTEN: ListenSchema('where log-in and keys are served'),
  AUTH_ADMIN_LISTEN: ListenSchema('where the administration, health and metrics are served'),
  AUTH_TRUSTED_PROXIES: Type.String({
    default: '',
    description: 'addresses and networks whose X-Forwarded-For is believed, for example 127.0.0.0/8 behind a sidecar',
  }),
  AUTH_ISSUER: Type.String({
    pattern: '^https?://[^\\s?#]+$',
    maxLength: 512,
    description: 'the iss of every token, for example https://auth.example.org',
  }),
  REDIS_URL: Type.String({
    pattern: REDIS_URL_PATTERN,
    description: 'redis://HOST:PORT, redis+sentinel://HOST,HOST/PRIMARY or redis+cluster://HOST,HOST; rediss for TLS',
  }),
  ...RevocationEnvironment,
  ...regionEnvironment({
    regions: 'in the same order everywhere: first the one that there was before',
    behind: 'this service accepts no token',
  }),
  DATABASE_URL: Type.String({
    pattern: '^(postgres(ql)?://|pglite:.)',
    description: 'postgres://USER:PASSWORD@HOST:PORT/NAME, or pglite:FOLDER for an embedded one',
  }),
  DATABASE_READ_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      description: 'a streaming replica of DATABASE_URL, as that is written: read while that does not answer',
    }),
  ),
  DATABASE_REPLICA_MAX_AGE_SECONDS: Type.Integer({
    default: 3_600,
    minimum: 60,
    maximum: 86_400,
    description: '60 to 86400: how old what DATABASE_READ_URL shows may be; by what is older nobody logs in',
  }),
  DATABASE_WAIT_SECONDS: Type.Integer({
    default: 300,
    minimum: 0,
    maximum: 3_600,
    description: '0 to 3600: how long a start waits for a database that is not there yet',
  }),
  KEY_ENCRYPTION_KEY_FILE: Type.String({
    minLength: 1,
    description: 'file with 32 random bytes in base64, as `openssl rand -base64 32` writes; below it, earlier ones',
  }),
  SESSION_KEY_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'file likewise, the same in every region: what refresh tokens and cookies are made with; KEY_ENCRYPTION_KEY_FILE if it is not set, which REGION does not allow',
    }),
  ),
  BACKCHANNEL_LOGOUT_NETWORKS: Type.String({
    default: '',
    description: 'addresses and networks that are not public and where applications may be told of log-outs',
  }),
  ...KeyEnvironment,
  ...WorkloadEnvironment,
  ...SignerEnvironment,
  BOOTSTRAP_ADMIN_EMAIL: Type.Optional(Email),
  BOOTSTRAP_ADMIN_PASSWORD_FILE: Type.Optional(
    Type.String({ minLength: 1, description: "file with the first administrator's password" }),
  ),
  ACCESS_TOKEN_TTL_SECONDS: Type.Integer({ default: 900, minimum: 60, maximum: 86_400, description: '60 to 86400' }),
  DEVICE_CHANGE: Type.Union(
    DEVICE_POLICIES.map((policy) => Type.Literal(policy)),
    { default: 'log', description: `what a refresh from a changed device leads to: ${DEVICE_POLICIES.join(', ')}` },
  ),
  AUDIT_RETENTION_DAYS: Type.Integer({ default: 400, minimum: 30, maximum: 36_500, description: '30 to 36500' }),
  LOG_LEVEL: LogLevelSchema,
});
export type AuthConfig = Static<typeof AuthConfig>;

type DatabaseEnvironment = Pick<AuthConfig, 'DATABASE_URL' | 'DATABASE_READ_URL' | 'DATABASE_REPLICA_MAX_AGE_SECONDS'>;

/** @throws ConfigError for a replica of the embedded database, which has none */
export function databaseSettings({
  DATABASE_URL: databaseUrl,
  DATABASE_READ_URL: databaseReadUrl,
  DATABASE_REPLICA_MAX_AGE_SECONDS: maxAgeSeconds,
}: DatabaseEnvironment): DatabaseSettings {
  if (databaseReadUrl !== undefined && databaseUrl.startsWith('pglite:')) {
    const text = 'is set, but the embedded database of DATABASE_URL has no replica';
    throw new ConfigError([{ variable: 'DATABASE_READ_URL', text }]);
  }
  return { databaseUrl, databaseReadUrl, databaseReplicaMaxAgeMs: maxAgeSeconds * 1000 };
}

interface DatabaseSettings {
  readonly databaseUrl: string;
  readonly databaseReadUrl: string | undefined;
  readonly databaseReplicaMaxAgeMs: number;
}

/**
 * Addresses and networks, separated by commas.
 * @throws ConfigError for what is neither, and for a network of all addresses
 */
export function parseNetworks(variable: string, text: string): readonly string[] {
  const networks = text.split(',').flatMap((part) => part.trim() || []);
  if (networks.every(isNetwork)) return networks;
  throw new ConfigError([{ variable, text: 'must be addresses or networks, for example 127.0.0.0/8,::1' }]);
}

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]*)(?:\/([1-9]\d{0,2}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(bits ?? 1) <= (version === 4 ? 32 : 128);
}

/**
 * Text of a file that holds a secret, without the newline at its end.
 * @param variable the one that named the file, for the message
 * @throws AuthError `secret_unusable`
 */
export async function readSecret(variable: string, path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new AuthError('secret_unusable', `${variable}: the file cannot be read`, { cause });
  }
}

/**
 * @returns undefined when neither variable is set
 * @throws ConfigError when only one is, AuthError `secret_unusable` unless the file holds a password that a user may have
 */
export async function readFirstAdministrator(config: AuthConfig): Promise<FirstAdministrator | undefined> {
  const { BOOTSTRAP_ADMIN_EMAIL: email, BOOTSTRAP_ADMIN_PASSWORD_FILE: file } = config;
  if (email === undefined && file === undefined) return undefined;
  if (email === undefined || file === undefined) {
    const variable = email === undefined ? 'BOOTSTRAP_ADMIN_EMAIL' : 'BOOTSTRAP_ADMIN_PASSWORD_FILE';
    throw new ConfigError([{ variable, text: 'is not set: the first administrator needs an address and a password' }]);
  }
  if (!Value.Check(Email, normaliseEmail(email))) {
    throw new ConfigError([{ variable: 'BOOTSTRAP_ADMIN_EMAIL', text: 'is too long once it is normalised' }]);
  }
  const password = await readSecret('BOOTSTRAP_ADMIN_PASSWORD_FILE', file);
  if (Value.Check(NewPassword, opaqueString(password))) return { email, password };
  throw new AuthError('secret_unusable', 'BOOTSTRAP_ADMIN_PASSWORD_FILE: the password must have 8 to 1024 characters');
}

export interface KeyFiles {
  readonly encryptionKeys: EncryptionKeys;
  readonly sessionKeys?: EncryptionKeys;
}

/**
 * What is stored is encrypted with the key on the first line; those on the lines below only open what they once sealed.
 * @throws ConfigError for a region without SESSION_KEY_FILE
 * @throws AuthError `secret_unusable`, or TokenError `key_invalid` unless each line of the file holds exactly 32 bytes in base64
 */
export async function readKeyFiles({
  KEY_ENCRYPTION_KEY_FILE: encryption,
  SESSION_KEY_FILE: session,
  REGION: region,
}: Pick<AuthConfig, 'KEY_ENCRYPTION_KEY_FILE' | 'SESSION_KEY_FILE' | 'REGION'>): Promise<KeyFiles> {
  if (region !== undefined && session === undefined) {
    const text = 'is not set: the other regions could not read the refresh tokens and cookies of this one';
    throw new ConfigError([{ variable: 'SESSION_KEY_FILE', text }]);
  }
  const encryptionKeys = await readKeyFile('KEY_ENCRYPTION_KEY_FILE', encryption);
  if (session === undefined) return { encryptionKeys };
  return { encryptionKeys, sessionKeys: await readKeyFile('SESSION_KEY_FILE', session) };
}

async function readKeyFile(variable: string, path: string): Promise<EncryptionKeys> {
  return parseEncryptionKeys(variable, await readSecret(variable, path));
}
