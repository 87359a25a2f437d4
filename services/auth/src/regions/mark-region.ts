import type { RegionState } from '@sekisho/sessions';
import type { Logger } from '@sekisho/telemetry';
import type { Actor, AuditRecord } from '../audit/audit.ts';
import type { AuthAuditTrail } from '../audit/trail.ts';
import { AuthError } from '../errors.ts';
import type { RegionDirectory } from './directory.ts';

export interface MarkRegionOptions {
  readonly regions: RegionDirectory;
  /** Writes into the audit log of the database. */
  readonly record: (record: AuditRecord) => Promise<void>;
  readonly trail: AuthAuditTrail;
  readonly log: Logger;
}

/** @throws AuthError `region_unknown`, `request_invalid`; SessionError `redis_unavailable` */
export type MarkRegion = (name: string, state: RegionState, by: Actor) => Promise<void>;

const ACTIONS = { lost: 'region.lost', present: 'region.returned' } as const;

/**
 * The primary of the database may be what was lost with the region, and the others must go on nevertheless: who did it then
 * stands in the audit log of the process alone.
 */
export function createMarkRegion({ regions, record, trail, log }: MarkRegionOptions): MarkRegion {
  return async (name, state, by) => {
    const region = regions.list().find((known) => known.name === name);
    if (region === undefined) throw new AuthError('region_unknown', 'there is no region of this name');
    if (state === 'lost' && name === regions.own) {
      const detail = 'a region cannot give itself up: ask another one';
      throw new AuthError('request_invalid', detail, { field: '/state' });
    }
    await regions.mark(name, state);
    const target = `region:${name}`;
    const actor = { user: by.subject, ...(by.session !== undefined && { session: by.session }) };
    trail.tell({ action: 'region_marked', outcome: 'success', actor, target, details: { state } });
    try {
      const changes = { state: { ...(region.state !== undefined && { old: region.state }), new: state } };
      await record({ actor: by, action: ACTIONS[state], target, changes });
    } catch (err) {
      log.error({ err, region: name, state }, 'the region is marked, and the database does not know who did it');
    }
  };
}
