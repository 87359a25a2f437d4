import type { Chapter } from '../../story/step.ts';
import { untilNothingWaits } from './at-rest.ts';
import type { RegionsContext } from './context.ts';
import { inTurn, isFetched, isKnown, isRevoked, logsIn, logsOut, passes, until } from './seen.ts';

/** Either store can be away. */
export const storesChapter: Chapter<RegionsContext> = {
  title: 'Stores die: the other one serves',
  steps: [
    {
      title: 'the local store of osaka is killed: grace, who logged in there, goes on by the global store',
      expected: '200, from the global store',
      run: async (context) => {
        await untilNothingWaits(context, 'osaka');
        await context.down('valkey-osaka');
        return isFetched(context.info.regions.osaka, context.people.grace);
      },
    },
    {
      title: 'ivan logs out in tokyo: osaka hears of it without a store of its own',
      expected: '204, 401 token_revoked',
      run: ({ people: { ivan } }) =>
        inTurn(
          () => logsOut(ivan, 'tokyo'),
          () => isRevoked(ivan, 'osaka'),
        ),
    },
    {
      title: 'heidi logs in in osaka meanwhile, and uses what is there',
      expected: '201, 200',
      run: ({ people: { heidi } }) =>
        inTurn(
          () => logsIn(heidi, 'osaka'),
          () => passes(heidi, 'osaka'),
        ),
    },
    {
      title: 'the store of osaka is back: grace and heidi go on by it',
      expected: '200, from the local store, 200, from the local store',
      run: async ({ people: { grace, heidi }, info, up }) => {
        await up('valkey-osaka');
        const { osaka } = info.regions;
        return inTurn(
          () => isKnown(osaka, grace),
          () => isKnown(osaka, heidi),
        );
      },
    },
    {
      title: 'the global store is killed: frank goes on in tokyo, grace in osaka',
      expected: '200, 200',
      run: async ({ people: { frank, grace }, down }) => {
        await down('valkey-global');
        return inTurn(
          () => passes(frank, 'tokyo'),
          () => passes(grace, 'osaka'),
        );
      },
    },
    {
      title: 'judy logs in in tokyo, and uses what is there; osaka cannot know her yet',
      expected: '201, 200, 503 unavailable',
      run: ({ people: { judy } }) =>
        inTurn(
          () => logsIn(judy, 'tokyo'),
          () => passes(judy, 'tokyo'),
          () => until('503 unavailable', () => judy.ask('osaka')),
        ),
    },
    {
      title: 'frank logs out in tokyo, which needs no global store for that',
      expected: '204, 401 token_revoked',
      run: ({ people: { frank } }) =>
        inTurn(
          () => logsOut(frank, 'tokyo'),
          () => isRevoked(frank, 'tokyo'),
        ),
    },
    {
      title: 'the global store is back: osaka refuses frank, and knows judy',
      expected: '401 token_revoked, 200',
      run: async ({ people: { frank, judy }, up }) => {
        await up('valkey-global');
        return inTurn(
          () => isRevoked(frank, 'osaka'),
          () => passes(judy, 'osaka'),
        );
      },
    },
  ],
};
