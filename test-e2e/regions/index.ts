export { type Regions, startRegions } from './launcher.ts';
export { type Lines, ROUND_TRIP_MS } from './lines.ts';
export { hostOf, SERVICE_NAMES, type ServiceName } from './objects.ts';
export type { Environment, RegionPlace, RegionsInfo } from './regions-info.ts';
