import type { Problem } from '../problem.ts';
import type { PolicyRule } from '../schema/service-auth-policy.ts';
import { tokenlessOperations } from '../tokenless.ts';
import { LIMIT } from '../vocabulary.ts';

/** Bounds what rules without a token name together, because the guard that closes everything else grows with the product. */
export function openingProblems(rules: readonly PolicyRule[]): readonly Problem[] {
  const openings = tokenlessOperations(rules);
  return [
    ...tooMany(
      'methods',
      openings.flatMap(({ methods }) => methods ?? []),
      LIMIT.tokenlessMethods,
    ),
    ...tooMany(
      'ports',
      openings.flatMap(({ ports }) => ports ?? []),
      LIMIT.tokenlessPorts,
    ),
    ...tooMany(
      'paths',
      openings.flatMap(({ paths }) => paths ?? []),
      LIMIT.tokenlessPaths,
    ),
  ];
}

function tooMany(what: string, named: readonly (string | number)[], limit: number): readonly Problem[] {
  const count = new Set(named).size;
  if (count <= limit) return [];
  const message = `rules without a token name ${count} different ${what}, more than ${limit}`;
  return [{ path: 'spec.rules', code: 'OutOfBounds', message, hint: 'merge them, for paths by prefix* or {**}' }];
}
