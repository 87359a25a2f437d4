import { Type } from 'typebox';
import { REDIS_URL_PATTERN } from '../redis-url.ts';
import { REGION_NAME_PATTERN, WITHOUT_GLOBAL, WITHOUT_LOCAL } from './region.ts';

/** Where services differ, as the descriptions of the variables tell it. */
export interface RegionTexts {
  /** What REGIONS is beside names separated by commas. */
  readonly regions: string;
  /** What a region leads to that was not heard of for too long. */
  readonly behind: string;
}

/** Variables of a service that is in one of several regions; `regionSettings` holds them against each other. */
export function regionEnvironment({ regions, behind }: RegionTexts) {
  return {
    REGION: Type.Optional(
      Type.String({
        pattern: REGION_NAME_PATTERN,
        description: 'the name of this region where there are several: lower case letters, digits and "-"',
      }),
    ),
    REGIONS: Type.Optional(
      Type.String({
        maxLength: 1_024,
        description: `the names of all regions, this one included, separated by commas, ${regions}`,
      }),
    ),
    GLOBAL_REDIS_URL: Type.Optional(
      Type.String({ pattern: REDIS_URL_PATTERN, description: 'the store that all regions share, as REDIS_URL' }),
    ),
    REGION_MAX_STALENESS_SECONDS: Type.Integer({
      default: 900,
      minimum: 10,
      maximum: 86_400,
      description: `10 to 86400: without news of another region's revocations for longer, ${behind}`,
    }),
    SESSIONS_WITHOUT_GLOBAL: Type.Union(
      WITHOUT_GLOBAL.map((choice) => Type.Literal(choice)),
      {
        default: 'local',
        description: `sessions known here while the global store is away: ${WITHOUT_GLOBAL.join(', ')}`,
      },
    ),
    SESSIONS_WITHOUT_LOCAL: Type.Union(
      WITHOUT_LOCAL.map((choice) => Type.Literal(choice)),
      {
        default: 'global',
        description: `sessions while the store of this region is away: ${WITHOUT_LOCAL.join(', ')}`,
      },
    ),
  };
}
