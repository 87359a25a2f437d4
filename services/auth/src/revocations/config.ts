import { Type } from 'typebox';

export const RevocationEnvironment = {
  REVOCATION_MAX_STALENESS_SECONDS: Type.Integer({
    default: 60,
    minimum: 2,
    maximum: 3_600,
    description: '2 to 3600: without news of revocations for longer, this service accepts no token',
  }),
  REVOCATION_MIN_REPLICAS: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 16,
    description:
      '0 to 16 replicas of Redis that must confirm a revocation; keep it below their number, else none works while one is away',
  }),
};
