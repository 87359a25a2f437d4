import { waitFor } from '../../mesh/wait.ts';
import { Administration } from '../api.ts';
import type { Regions } from '../launcher.ts';
import { SERVICE_NAMES } from '../objects.ts';
import { REGION_NAMES, type RegionName } from '../regions-info.ts';
import { Traveller } from './traveller.ts';

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'] as const;
type Name = (typeof NAMES)[number];

/** Somebody else may work on this machine, too. */
const PATIENT = { timeout: 120_000 };

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
  const settle = async (name: Name) => {
    const create = () => administrators.tokyo.create({ name, roles: ['member'], grants });
    const person = await waitFor(`${name} has an account`, create, PATIENT);
    return [name, new Traveller(info, person)] as const;
  };
  const people = Object.fromEntries(await Promise.all(NAMES.map(settle))) as Record<Name, Traveller>;
  // Each region knows its administrator before anything fails.
  for (const name of REGION_NAMES)
    await waitFor(`${name} is administered`, () => administrators[name].regions(), PATIENT);
  return { info, lines, down, up, administrators, people };
}
