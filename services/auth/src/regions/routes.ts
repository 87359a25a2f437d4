import { REGION_NAME_PATTERN, REGION_STATES } from '@sekisho/sessions';
import { type Static, Type } from 'typebox';
import { type Authorize, administratorOf } from '../http/authorize.ts';
import { operation } from '../http/operation.ts';
import type { HttpServer } from '../http/server.ts';
import type { RegionDirectory, RegionView } from './directory.ts';
import type { MarkRegion } from './mark-region.ts';

export interface RegionRoutesOptions {
  readonly regions: Pick<RegionDirectory, 'own' | 'list' | 'sync'>;
  readonly mark: MarkRegion;
  /** Lets pass whom the others would refuse because this region is behind: how else could it be told to wait no longer? */
  readonly authorize: Authorize;
}

const strict = { additionalProperties: false } as const;
const State = Type.Enum([...REGION_STATES], { description: '`lost`: nobody waits for it any more' });
const Name = Type.String({ pattern: REGION_NAME_PATTERN });

const RegionsAnswer = Type.Object({
  region: Type.Optional({ ...Name, description: 'the one that answers; none where there is one only' }),
  regions: Type.Array(
    Type.Object({
      name: Name,
      state: Type.Optional({ ...State, description: 'whether it is waited for; not told of the one that answers' }),
      behindSeconds: Type.Optional(
        Type.Number({ description: 'since everything that it revoked was known here; none when it never was' }),
      ),
    }),
  ),
  sync: Type.Object(
    {
      waiting: Type.Integer({ description: 'sessions that wait' }),
      lagSeconds: Type.Number({ description: 'for how long the first of them does' }),
    },
    { description: 'what this region is still to tell the others' },
  ),
});
const RegionParams = Type.Object({ name: Name }, strict);
const MarkBody = Type.Object({ state: State }, strict);

const listOperation = operation(
  {
    id: 'listRegions',
    tag: 'regions',
    summary: 'List the regions, and how far this one is behind each',
    description: 'As the replica knows it that answers.',
    needs: 'regions:read',
  },
  { response: { 200: RegionsAnswer } },
);

const markOperation = operation(
  {
    id: 'markRegion',
    tag: 'regions',
    summary: 'Give a region up as lost, or take it back',
    description:
      'Nobody waits for a lost region: what it revoked and could not tell is not known, and new keys sign without it. It is known within a second wherever the stores are reached.',
    needs: 'regions:write',
    problems: ['region_unknown'],
  },
  { params: RegionParams, body: MarkBody, response: { 200: RegionsAnswer } },
);

/** Regions, for administrators. */
export function regionRoutes(app: HttpServer, { regions, mark, authorize }: RegionRoutesOptions): void {
  app.get('/v1/regions', { schema: listOperation, onRequest: authorize('regions:read') }, async () => answer(regions));
  app.put('/v1/regions/:name', { schema: markOperation, onRequest: authorize('regions:write') }, async (request) => {
    const { name } = request.params;
    const { state } = request.body;
    await mark(name, state, administratorOf(request));
    const { regions: known, ...rest } = answer(regions);
    // What was just written is heard of a moment later.
    return { ...rest, regions: known.map((region) => (region.name === name ? { ...region, state } : region)) };
  });
}

function answer({ own, list, sync }: RegionRoutesOptions['regions']): Static<typeof RegionsAnswer> {
  const { waiting, lagMs } = sync();
  return {
    ...(own !== undefined && { region: own }),
    regions: list().map(toAnswer),
    sync: { waiting, lagSeconds: lagMs / 1000 },
  };
}

function toAnswer({ name, state, ageMs }: RegionView) {
  return {
    name,
    ...(state !== undefined && { state }),
    ...(Number.isFinite(ageMs) && { behindSeconds: ageMs / 1000 }),
  };
}
