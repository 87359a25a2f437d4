import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** States, times and a signer for signing keys. A key from before may have signed tokens as long as they could be. */
export const keyRotation: Migration = {
  async up(db) {
    await sql`
      alter table signing_keys
        drop constraint signing_keys_state_check,
        alter column sealed drop not null,
        add column signer text not null default 'auth',
        add column alg text not null default 'ES256' check (alg in ('ES256', 'RS256')),
        add column longest_token_ms integer not null default 86400000,
        add column activated_at timestamptz,
        add column retiring_at timestamptz,
        add column retired_at timestamptz,
        add column compromised_at timestamptz,
        add column revoked_at timestamptz`.execute(db);
    await sql`update signing_keys set activated_at = created_at where state <> 'next'`.execute(db);
    await sql`update signing_keys set retiring_at = now() where state = 'retiring'`.execute(db);
    await sql`
      alter table signing_keys
        add constraint signing_keys_state_known check (state in ('next', 'active', 'retiring', 'retired')),
        add constraint signing_keys_retired_erased check ((state = 'retired') = (sealed is null)),
        add constraint signing_keys_times check (
          (state <> 'active' or activated_at is not null)
          and (state <> 'retiring' or retiring_at is not null)
          and (state <> 'retired' or retired_at is not null))`.execute(db);
    await sql`drop index signing_keys_active`.execute(db);
    await sql`
      create unique index signing_keys_one_active on signing_keys (signer) where state = 'active'`.execute(db);
    await sql`create unique index signing_keys_one_next on signing_keys (signer) where state = 'next'`.execute(db);
  },
};

/** That another key is to sign is a wish from now on: the key that then signs is published before anybody wishes. */
export const rotationRequests: Migration = {
  async up(db) {
    await sql`alter table signing_keys add column rotation_requested_at timestamptz`.execute(db);
    // Until now a next key was only made to replace the active one.
    await sql`
      update signing_keys set rotation_requested_at = now()
      where state = 'active' and exists (
        select from signing_keys other where other.signer = signing_keys.signer and other.state = 'next'
      )`.execute(db);
  },
};

/** Regions, each with keys of its own, which the others publish; and who holds a key that waits to sign. */
export const regionalKeys: Migration = {
  async up(db) {
    await sql`alter table signing_keys add column region text not null default ''`.execute(db);
    await sql`drop index signing_keys_one_active, signing_keys_one_next`.execute(db);
    for (const state of ['active', 'next']) {
      await sql`
        create unique index ${sql.ref(`signing_keys_one_${state}`)} on signing_keys (region, signer)
        where state = ${sql.lit(state)}`.execute(db);
    }
    await sql`
      create table signing_key_holders (
        kid text not null references signing_keys (kid) on delete cascade,
        region text not null,
        published_since timestamptz not null default now(),
        held_since timestamptz,
        primary key (kid, region)
      )`.execute(db);
  },
};

/** Keys that another service signs with: of those only it opens the private half, so the public one is stored beside it. */
export const otherSigners: Migration = {
  async up(db) {
    await sql`
      alter table signing_keys
        add column public_jwk jsonb,
        add constraint signing_keys_signer_known check (signer in ('auth', 'guard')),
        add constraint signing_keys_public check (signer = 'auth' or public_jwk is not null)`.execute(db);
  },
};
