/** What may be granted at this service, each for a part of the administrators' API. */
export const ADMIN_PERMISSIONS = [
  'users:read',
  'users:write',
  /** Grant at this service what one does not hold oneself, and change users who hold more. */
  'grants:admin',
  'audit:read',
  'revocations:write',
  'keys:read',
  'keys:write',
  'clients:read',
  'clients:write',
  'workloads:read',
  'workloads:write',
  'regions:read',
  'regions:write',
] as const;

export type AdminPermission = (typeof ADMIN_PERMISSIONS)[number];
