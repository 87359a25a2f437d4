import { LIMIT } from '../vocabulary.ts';
import { type CelRule, list, text } from './dsl.ts';

/** The path of a claim, from the outermost inwards. */
export const claimPath = (description: string) =>
  list(
    text(LIMIT.claimName, {
      cel: [
        {
          rule: "!self.contains('[') && !self.contains(']')",
          message: 'must not hold a bracket: the mesh cannot name such a claim',
        },
      ],
    }),
    LIMIT.claimPath,
    { description },
  );

const noWildcard: CelRule = {
  rule: "!self.startsWith('*') && !self.endsWith('*')",
  message: "must not start or end with '*': the mesh would read it as a wildcard; write the whole value",
};

/** What a claim is compared with. */
export const claimValue = text(LIMIT.value, { cel: [noWildcard] });
