import type { Chapter } from '../../story/step.ts';
import { untilNothingWaits } from './at-rest.ts';
import type { RegionsContext } from './context.ts';
import { inTurn, isFetched, isKnown, isRevoked, logsIn, logsOut, until } from './seen.ts';

/** Both regions and the line are there. */
export const togetherChapter: Chapter<RegionsContext> = {
  title: 'Two regions, 80 ms from what they share: one log-in is good in both',
  steps: [
    {
      title: 'alice logs in in tokyo',
      expected: '201',
      run: ({ people: { alice } }) => logsIn(alice, 'tokyo'),
    },
    {
      title: 'she uses a service there',
      expected: '200, from the local store',
      run: ({ people: { alice }, info }) => isKnown(info.regions.tokyo, alice),
    },
    {
      title: 'tokyo has told the global store of her session',
      expected: 'nothing waits',
      run: (context) => untilNothingWaits(context, 'tokyo'),
    },
    {
      title: 'she uses a service in osaka, which has not heard of her',
      expected: '200, from the global store',
      run: ({ people: { alice }, info }) => isFetched(info.regions.osaka, alice),
    },
    {
      title: 'once more, a second later: osaka keeps what it was told',
      expected: '200, from the local store',
      run: ({ people: { alice }, info }) => isKnown(info.regions.osaka, alice),
    },
    {
      title: 'she refreshes in osaka, and with the new refresh token in tokyo',
      expected: '200, 200',
      run: ({ people: { alice } }) => {
        const refreshes = (region: 'tokyo' | 'osaka') => () => until('200', () => alice.refresh(region));
        return inTurn(refreshes('osaka'), refreshes('tokyo'));
      },
    },
    {
      title: 'she logs out in osaka; tokyo refuses her token',
      expected: '401 token_revoked',
      run: async ({ people: { alice } }) => {
        const left = await logsOut(alice, 'osaka');
        return left.came === '204' ? isRevoked(alice, 'tokyo') : left;
      },
    },
  ],
};
