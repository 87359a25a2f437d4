import { grafanaDashboard } from './grafana.ts';
import { platformDashboard } from './platform.ts';
import { regionsDashboard } from './regions.ts';
import { securityDashboard } from './security.ts';
import { serviceTeamDashboard } from './service-team.ts';

/** As Grafana imports them, by reader. */
export const DASHBOARDS = {
  platform: grafanaDashboard(platformDashboard),
  security: grafanaDashboard(securityDashboard),
  'service-team': grafanaDashboard(serviceTeamDashboard),
} as const;

/** The same where there are several regions. */
export const REGION_DASHBOARDS = { regions: grafanaDashboard(regionsDashboard) } as const;
