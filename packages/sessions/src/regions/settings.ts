import { ConfigError } from '@sekisho/telemetry';
import { parseRedisUrl } from '../redis-url.ts';
import { MAX_REGIONS, REGION_NAME_PATTERN, type Region, type WithoutGlobal, type WithoutLocal } from './region.ts';

/** The variables of regions, each by itself as it should be. */
export interface RegionVariables {
  readonly REGION?: string | undefined;
  readonly REGIONS?: string | undefined;
  readonly REDIS_URL: string;
  readonly GLOBAL_REDIS_URL?: string | undefined;
  readonly REGION_MAX_STALENESS_SECONDS: number;
  readonly SESSIONS_WITHOUT_GLOBAL: WithoutGlobal;
  readonly SESSIONS_WITHOUT_LOCAL: WithoutLocal;
}

/** How a process takes part in several regions. */
export interface RegionSettings {
  readonly region: Region;
  /** Whether it goes on with what there was before there were regions, as the first of REGIONS does. @default false */
  readonly isFirst?: boolean;
  readonly globalRedisUrl: string;
  /** Milliseconds that may pass without news of another region's revocations. */
  readonly maxBehindMs: number;
  readonly withoutGlobal: WithoutGlobal;
  readonly withoutLocal: WithoutLocal;
}

const NAME = new RegExp(REGION_NAME_PATTERN);

/**
 * @returns undefined where there is one region only
 * @throws ConfigError when the variables contradict each other, SessionError `redis_url_invalid`
 */
export function regionSettings(variables: RegionVariables): RegionSettings | undefined {
  const { REGION: name, REGIONS: list, GLOBAL_REDIS_URL: globalRedisUrl, REDIS_URL: localUrl } = variables;
  if (name === undefined) {
    for (const variable of ['REGIONS', 'GLOBAL_REDIS_URL'] as const) {
      if (variables[variable] !== undefined) throw wrong(variable, 'is set, but REGION, the name of this one, is not');
    }
    return undefined;
  }
  const all = regionNames(list);
  if (!all.includes(name)) throw wrong('REGIONS', 'must name the region of REGION too');
  if (globalRedisUrl === undefined)
    throw wrong('GLOBAL_REDIS_URL', 'is not set: regions share the store that it names');
  if (isOneStore(localUrl, globalRedisUrl)) {
    throw wrong('GLOBAL_REDIS_URL', "must lead to another store than REDIS_URL, which is the region's own");
  }
  return {
    region: { name, others: all.filter((other) => other !== name) },
    isFirst: all[0] === name,
    globalRedisUrl,
    maxBehindMs: variables.REGION_MAX_STALENESS_SECONDS * 1000,
    withoutGlobal: variables.SESSIONS_WITHOUT_GLOBAL,
    withoutLocal: variables.SESSIONS_WITHOUT_LOCAL,
  };
}

function regionNames(list: string | undefined): readonly string[] {
  if (list === undefined) throw wrong('REGIONS', 'is not set: REGION needs the names of all regions, its own included');
  const names = list.split(',').map((name) => name.trim());
  if (names.length > MAX_REGIONS) throw wrong('REGIONS', `must name at most ${MAX_REGIONS} regions`);
  if (new Set(names).size < names.length) throw wrong('REGIONS', 'must name each region once');
  if (names.every((name) => NAME.test(name))) return names;
  throw wrong('REGIONS', 'must be names of lower case letters, digits and "-", separated by commas');
}

/** Sessions would be pushed to where they are, and the loss of one store be that of both. */
function isOneStore(local: string, global: string): boolean {
  const [one, other] = [parseRedisUrl(local), parseRedisUrl(global)];
  if (one.db !== other.db || one.primary !== other.primary) return false;
  return one.addresses.some(({ host, port }) =>
    other.addresses.some((address) => address.host === host && address.port === port),
  );
}

function wrong(variable: keyof RegionVariables, text: string): ConfigError {
  return new ConfigError([{ variable, text }]);
}
