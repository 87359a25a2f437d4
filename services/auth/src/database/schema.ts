import type { Revocation } from '@sekisho/sessions';
import type { PublicJwk } from '@sekisho/tokens';
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { AuditAction, Changes } from '../audit/audit.ts';
import type { WorkloadTables } from '../exchange/tables.ts';
import type { OAuthTables } from '../oauth/clients/tables.ts';

/** Set by the database, never written. */
type Moment = ColumnType<Date, never, never>;

export interface Database extends OAuthTables, WorkloadTables {
  users: {
    id: string;
    /** Normalised, unique. */
    email: string;
    password_hash: string;
    active: Generated<boolean>;
    roles: readonly string[];
    permissions: readonly string[];
    version: Generated<number>;
    created_at: Moment;
  };
  grants: {
    user_id: string;
    service: string;
    permissions: readonly string[];
    expires: Date | null;
  };
  /** Revocations that are owed: written with the change that owes them, removed once they are made. */
  revocation_outbox: {
    id: Generated<string>;
    /** Whose account owes it; none owes what is named. */
    user_id: string | null;
    scope: 'tokens' | 'sessions' | 'named';
    revocation: ColumnType<Revocation | null, string | undefined, never>;
    /** The session in which the user asked for it. */
    kept_session: string | null;
    attempts: Generated<number>;
    created_at: Moment;
  };
  audit_log: {
    /** A bigint: text to pg, a number to PGlite. */
    id: ColumnType<string | number, never, never>;
    at: Moment;
    actor: string;
    client: string | null;
    session: string | null;
    action: AuditAction;
    target: string;
    changes: JSONColumnType<Changes>;
    request_id: string;
  };
  signing_keys: {
    /** RFC 7638 thumbprint, after the region's name and a dot if there are regions. */
    kid: string;
    /** The one that signs with it; empty where there are none. */
    region: Generated<string>;
    /** The service that signs with it. */
    signer: Generated<'auth' | 'guard'>;
    alg: Generated<'ES256' | 'RS256'>;
    state: 'next' | 'active' | 'retiring' | 'retired';
    /** PKCS #8, encrypted with the key that the operator of the service keeps; null once the key is retired. */
    sealed: Uint8Array | null;
    /** Null for a key of this service that was made before it was stored. */
    public_jwk: JSONColumnType<PublicJwk> | null;
    /** Life of the longest-living token that it may have signed. */
    longest_token_ms: Generated<number>;
    created_at: Moment;
    /** When it was asked to let another key take its place. */
    rotation_requested_at: Date | null;
    activated_at: Date | null;
    retiring_at: Date | null;
    retired_at: Date | null;
    compromised_at: Date | null;
    /** When the tokens of a compromised key were revoked. */
    revoked_at: Date | null;
  };
  /** Regions that publish a key which waits to sign. */
  signing_key_holders: {
    kid: string;
    region: string;
    published_since: Moment;
    /** Since when all of its verifiers hold it. */
    held_since: ColumnType<Date | null, never, unknown>;
  };
}
