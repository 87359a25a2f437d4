import { outcome } from '../../story/http.ts';
import type { Chapter } from '../../story/step.ts';
import type { RegionsContext } from './context.ts';
import { inTurn, isRevoked, logsIn, logsOut, passes, until } from './seen.ts';

/** Osaka has a replica, of which it reads what it cannot ask the primary. */
export const databaseChapter: Chapter<RegionsContext> = {
  title: 'The primary of the database is out of reach: osaka reads its replica',
  steps: [
    {
      title: 'osaka is cut off from the primary: heidi logs in there, by what the replica knows, and refreshes',
      expected: '201, 200, 200',
      run: async ({ people: { heidi }, lines }) => {
        await lines.cut('osaka-database');
        return inTurn(
          () => logsIn(heidi, 'osaka'),
          () => passes(heidi, 'osaka'),
          () => until('200', () => heidi.refresh('osaka')),
        );
      },
    },
    {
      title: 'whoever wants to change accounts there is to come again',
      expected: '503 unavailable',
      run: (context) => until('503 unavailable', () => changesAnAccount(context)),
    },
    {
      title: 'she logs out in osaka, which needs no database for that; tokyo refuses her token',
      expected: '204, 401 token_revoked',
      run: ({ people: { heidi } }) =>
        inTurn(
          () => logsOut(heidi, 'osaka'),
          () => isRevoked(heidi, 'tokyo'),
        ),
    },
    {
      title: 'osaka reaches the primary again: accounts change',
      expected: '201',
      run: async (context) => {
        await context.lines.heal('osaka-database');
        return until('201', () => changesAnAccount(context));
      },
    },
  ],
};

/** As an administrator in osaka. */
async function changesAnAccount({ administrators: { osaka } }: RegionsContext): Promise<string> {
  const email = `${crypto.randomUUID()}@example.com`;
  const body = { email, password: crypto.randomUUID(), roles: ['member'], grants: [] };
  return outcome(await osaka.call('/v1/users', { method: 'POST', body }));
}
