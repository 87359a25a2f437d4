import { grafanaDashboard } from './grafana.ts';
import { platformDashboard } from './platform.ts';
import { securityDashboard } from './security.ts';
import { serviceTeamDashboard } from './service-team.ts';

/** As Grafana imports them, by reader. */
export const DASHBOARDS = {
  platform: grafanaDashboard(platformDashboard),
  security: grafanaDashboard(securityDashboard),
  'service-team': grafanaDashboard(serviceTeamDashboard),
} as const;
