import { SessionError } from './errors.ts';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

export interface RedisPlace {
  /** One server, the primary that Sentinels name, or a Cluster of which these are some nodes. */
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly addresses: readonly RedisAddress[];
  /** Of the primary, as Sentinels know it; empty for the other kinds. */
  readonly primary: string;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  /** Of the Sentinels themselves. */
  readonly sentinelPassword?: string;
  /** Number of the database; a Cluster has only 0. */
  readonly db: number;
}

/** What a configuration schema may hold an address to. */
export const REDIS_URL_PATTERN = '^rediss?(\\+(sentinel|cluster))?://';

const SCHEME = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(.*)$/s;
const PORTS = { single: 6379, sentinel: 26379, cluster: 6379 } as const;
const MAX_ADDRESSES = 32;

/**
 * - `redis://[USER:PASSWORD@]HOST[:PORT][/DB]`
 * - `redis+sentinel://[USER:PASSWORD@]HOST[:PORT],HOST[:PORT].../PRIMARY[/DB][?sentinelPassword=PASSWORD]`
 * - `redis+cluster://[USER:PASSWORD@]HOST[:PORT],HOST[:PORT]...`
 *
 * `rediss` speaks TLS, with Sentinels too. What a URL reserves is percent-encoded (RFC 3986).
 * @throws SessionError `redis_url_invalid`; the message never holds the URL, which may hold a password
 */
export function parseRedisUrl(text: string): RedisPlace {
  const [, scheme, kind = 'single', rest = ''] = SCHEME.exec(text) ?? [];
  if (scheme === undefined || !isKind(kind))
    throw invalid('it must begin with redis://, redis+sentinel:// or redis+cluster://, or with rediss');
  const { credentials, hosts, path, query } = split(rest);
  return {
    kind,
    addresses: addresses(hosts, PORTS[kind]),
    ...place(kind, path),
    ...sentinelCredentials(kind, query),
    ...login(credentials),
    tls: scheme === 'rediss',
  };
}

function isKind(kind: string): kind is RedisPlace['kind'] {
  return Object.hasOwn(PORTS, kind);
}

function split(rest: string) {
  const [beforeQuery = '', query = ''] = cut(rest, '?');
  const [authority = '', path = ''] = cut(beforeQuery, '/');
  const at = authority.lastIndexOf('@');
  return { credentials: authority.slice(0, Math.max(at, 0)), hosts: authority.slice(at + 1), path, query };
}

function cut(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function addresses(hosts: string, defaultPort: number): RedisAddress[] {
  const list = hosts.split(',');
  if (list.length > MAX_ADDRESSES) throw invalid(`it names more than ${MAX_ADDRESSES} hosts`);
  return list.map((host) => {
    const url = URL.parse(`redis://${host}`);
    if (url === null || url.hostname === '' || url.username !== '' || url.pathname !== '' || url.hash !== '') {
      throw invalid('each host must be a name or an address, and a port after a colon if any');
    }
    // An IPv6 address has brackets in a URL, and none in a socket's address.
    const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
    return { host: name, port: url.port === '' ? defaultPort : Number(url.port) };
  });
}

function place(kind: RedisPlace['kind'], path: string): Pick<RedisPlace, 'primary' | 'db'> {
  const parts = path === '' ? [] : path.split('/').map(decoded);
  const primary = kind === 'sentinel' ? (parts.shift() ?? '') : '';
  if (kind === 'sentinel' && primary === '')
    throw invalid('behind the Sentinels it must name the primary, as in /mymaster');
  const [db = '0', ...more] = parts;
  if (!/^\d{1,3}$/.test(db) || more.length > 0) throw invalid('the database must be a number');
  if (kind === 'cluster' && db !== '0') throw invalid('a Cluster has only the database 0');
  return { primary, db: Number(db) };
}

function sentinelCredentials(kind: RedisPlace['kind'], query: string): Pick<RedisPlace, 'sentinelPassword'> {
  if (query === '') return {};
  const { sentinelPassword, ...unknown } = Object.fromEntries(new URLSearchParams(query));
  if (kind !== 'sentinel' || sentinelPassword === undefined || Object.keys(unknown).length > 0) {
    throw invalid('it may be asked for nothing but sentinelPassword, of Sentinels');
  }
  return { sentinelPassword };
}

function login(credentials: string): Pick<RedisPlace, 'username' | 'password'> {
  if (credentials === '') return {};
  const [username = '', password] = cut(credentials, ':').map(decoded);
  return { ...(username !== '' && { username }), ...(password !== undefined && { password }) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new SessionError('redis_url_invalid', 'the address of Redis is wrong: a % must be encoded as %25', { cause });
  }
}

function invalid(reason: string): SessionError {
  return new SessionError('redis_url_invalid', `the address of Redis is wrong: ${reason}`);
}
