import type { ColumnType, Generated } from 'kysely';
import type { OAuthTables } from '../oauth/clients/tables.ts';

/** Set by the database, never written. */
type Moment = ColumnType<Date, never, never>;

export interface Database extends OAuthTables {
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
  signing_keys: {
    /** RFC 7638 thumbprint. */
    kid: string;
    state: 'next' | 'active' | 'retiring';
    /** PKCS #8, encrypted with the key that the operator of the service keeps. */
    sealed: Uint8Array;
    created_at: Moment;
  };
}
