import type { Chapter } from '../../story/step.ts';
import type { RegionsContext } from './context.ts';
import { timed, until, withLookup } from './seen.ts';

/** Both regions and the line are there. */
export const togetherChapter: Chapter<RegionsContext> = {
  title: 'Two regions, 80 ms apart: one log-in is good in both',
  steps: [
    {
      title: 'alice logs in in tokyo',
      expected: '201',
      run: ({ people: { alice } }) => timed(() => alice.logIn('tokyo')),
    },
    {
      title: 'she uses a service there',
      expected: '200, from the local store',
      run: ({ people: { alice }, info }) => withLookup(info.regions.tokyo, () => alice.ask('tokyo')),
    },
    {
      title: 'tokyo has told the global store of her session',
      expected: 'nothing waits in tokyo',
      run: ({ administrators: { tokyo } }) =>
        until('nothing waits in tokyo', async () => {
          const { waiting } = (await tokyo.regions()).sync;
          return waiting === 0 ? 'nothing waits in tokyo' : `${waiting} wait`;
        }),
    },
    {
      title: 'she uses a service in osaka, which has not heard of her',
      expected: '200, from the global store',
      run: ({ people: { alice }, info }) => withLookup(info.regions.osaka, () => alice.ask('osaka')),
    },
    {
      title: 'once more, a second later: osaka keeps what it was told',
      expected: '200, from the local store',
      run: ({ people: { alice }, info }) => withLookup(info.regions.osaka, () => alice.ask('osaka')),
    },
    {
      title: 'she refreshes in osaka; the new refresh token is good in tokyo at once',
      expected: '200, then 200',
      run: ({ people: { alice } }) =>
        timed(async () => `${await alice.refresh('osaka')}, then ${await alice.refresh('tokyo')}`),
    },
    {
      title: 'she logs out in osaka; tokyo refuses her token',
      expected: '401 token_revoked',
      run: async ({ people: { alice } }) => {
        const left = await alice.logOut('osaka');
        return left === '204' ? until('401 token_revoked', () => alice.ask('tokyo')) : left;
      },
    },
  ],
};
