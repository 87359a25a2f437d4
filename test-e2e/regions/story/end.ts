import type { Chapter } from '../../story/step.ts';
import { REGION_NAMES } from '../regions-info.ts';
import { atRest } from './at-rest.ts';
import type { RegionsContext } from './context.ts';
import { until } from './seen.ts';

const OUT = ['alice', 'bob', 'ivan', 'frank'] as const;
const IN = ['carol', 'dave', 'grace', 'heidi', 'judy'] as const;

/** After all that, both regions say the same. */
export const endChapter: Chapter<RegionsContext> = {
  title: 'At the end',
  steps: [
    {
      title: `whoever logged out is refused in both: ${OUT.join(', ')}`,
      expected: Array(2 * OUT.length)
        .fill('401 token_revoked')
        .join(', '),
      run: ({ people }) => inBoth(OUT.map((name) => people[name])),
    },
    {
      title: `whoever did not is in, in both: ${IN.join(', ')}`,
      expected: Array(2 * IN.length)
        .fill('200')
        .join(', '),
      run: ({ people }) =>
        until(
          Array(2 * IN.length)
            .fill('200')
            .join(', '),
          () => inBoth(IN.map((name) => people[name])),
        ),
    },
    atRest,
  ],
};

async function inBoth(people: readonly RegionsContext['people']['alice'][]): Promise<string> {
  const answers = people.flatMap((person) => REGION_NAMES.map((region) => person.ask(region)));
  return (await Promise.all(answers)).join(', ');
}
