import type { Chapter } from '../../story/step.ts';
import { REGION_NAMES } from '../regions-info.ts';
import { atRest } from './at-rest.ts';
import type { RegionsContext } from './context.ts';
import { until } from './seen.ts';
import type { Traveller } from './traveller.ts';

const OUT = ['alice', 'bob', 'frank', 'ivan'] as const;
const IN = ['carol', 'dave', 'grace', 'heidi', 'judy'] as const;

/** After all that, both regions say the same. */
export const endChapter: Chapter<RegionsContext> = {
  title: 'At the end',
  steps: [
    {
      title: 'carol has a token by the key that was lost, and a session that lives: she refreshes in osaka',
      expected: '200',
      run: ({ people: { carol } }) => until('200', () => carol.refresh('osaka')),
    },
    {
      title: `whoever logged out is refused in both: ${OUT.join(', ')}`,
      expected: 'all are',
      run: ({ people }) => until('all are', async () => verdict('401', await inBoth(OUT.map((name) => people[name])))),
    },
    {
      title: `whoever did not is in, in both: ${IN.join(', ')}`,
      expected: 'all are',
      run: ({ people }) => until('all are', async () => verdict('200', await inBoth(IN.map((name) => people[name])))),
    },
    atRest,
  ],
};

function inBoth(people: readonly Traveller[]): Promise<readonly string[]> {
  return Promise.all(people.flatMap((person) => REGION_NAMES.map((region) => person.ask(region))));
}

/** By which code a token is refused that is over for two reasons, nobody promises. */
function verdict(status: string, answers: readonly string[]): string {
  return answers.every((answer) => answer.startsWith(status)) ? 'all are' : answers.join(', ');
}
