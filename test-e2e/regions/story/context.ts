import type { Person } from '../../story/accounts.ts';
import { Administration } from '../api.ts';
import type { Regions } from '../launcher.ts';
import { SERVICE_NAMES } from '../objects.ts';
import { REGION_NAMES, type RegionName } from '../regions-info.ts';
import { Traveller } from './traveller.ts';

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'] as const;
type Name = (typeof NAMES)[number];

/** What the steps of the story share. */
export interface RegionsContext extends Pick<Regions, 'info' | 'lines' | 'down' | 'up'> {
  readonly administrators: Readonly<Record<RegionName, Administration>>;
  /** Nobody is logged in yet. */
  readonly people: Readonly<Record<Name, Traveller>>;
}

export async function regionsContext({ info, lines, down, up }: Regions): Promise<RegionsContext> {
  const administration = (name: RegionName) => new Administration(info.regions[name]);
  const administrators = { tokyo: administration('tokyo'), osaka: administration('osaka') };
  const grants = SERVICE_NAMES.map((service) => ({ service, permissions: [`${service}:read`] }));
  const people = new Map<Name, Traveller>();
  for (const name of NAMES) {
    const person: Person = await administrators.tokyo.create({ name, roles: ['member'], grants });
    people.set(name, new Traveller(info, person));
  }
  // Each region knows its administrator before anything fails.
  for (const name of REGION_NAMES) await administrators[name].call('/v1/keys', {});
  return { info, lines, down, up, administrators, people: Object.fromEntries(people) as Record<Name, Traveller> };
}
