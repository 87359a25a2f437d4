import type { NetworkProps } from './network-props.ts';
import { NEIGHBOURS, PROXIES } from './peers.ts';

/** What a platform is surrounded by. */
export type Surroundings = Required<NetworkProps>;

const DEFAULTS: Surroundings = {
  metricsFrom: ['monitoring'],
  administrationFrom: [],
  authFrom: [...PROXIES, ...NEIGHBOURS],
  apiServer: { ports: [443, 6443] },
  redis: { ports: [6379, 6380, 26_379] },
  globalRedis: { ports: [6379, 6380, 26_379] },
  postgresql: { ports: [5432] },
  web: { ports: [443] },
};

export function surroundings(props: NetworkProps = {}): Surroundings {
  return { ...DEFAULTS, ...props };
}
