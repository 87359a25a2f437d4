import type { Chapter } from '../../story/step.ts';
import { untilNothingWaits } from './at-rest.ts';
import type { RegionsContext } from './context.ts';
import { timed, until, withLookup } from './seen.ts';

/** Either store can be away. */
export const storesChapter: Chapter<RegionsContext> = {
  title: 'Stores die: the other one serves',
  steps: [
    {
      title: 'the local store of osaka is killed: grace, who logged in there, goes on by the global store',
      expected: '200, from the global store',
      run: async (context) => {
        const { grace } = context.people;
        await untilNothingWaits(context, 'osaka');
        await context.down('valkey-osaka');
        const { measured } = await until('200', () => grace.ask('osaka'));
        const { came } = await withLookup(context.info.regions.osaka, () => grace.ask('osaka'));
        return { came, measured };
      },
    },
    {
      title: 'ivan logs out in tokyo: osaka hears of it without a store of its own',
      expected: '204, then 401 token_revoked in osaka',
      run: async ({ people: { ivan } }) => {
        const left = await ivan.logOut('tokyo');
        const { came, measured } = await until('401 token_revoked', () => ivan.ask('osaka'));
        return { came: `${left}, then ${came} in osaka`, measured };
      },
    },
    {
      title: 'heidi logs in in osaka meanwhile',
      expected: '201, then 200',
      run: ({ people: { heidi } }) =>
        timed(async () => `${await heidi.logIn('osaka')}, then ${await heidi.ask('osaka')}`),
    },
    {
      title: 'the store of osaka is back: both go on by it',
      expected: 'grace 200, from the local store, heidi 200, from the local store',
      run: async ({ people: { grace, heidi }, info, up }) => {
        await up('valkey-osaka');
        const local = '200, from the local store';
        const ask = (who: typeof grace) =>
          until(local, async () => (await withLookup(info.regions.osaka, () => who.ask('osaka'))).came);
        const one = await ask(grace);
        const other = await ask(heidi);
        return { came: `grace ${one.came}, heidi ${other.came}`, measured: one.measured };
      },
    },
    {
      title: 'the global store is killed: both regions go on, and log people in',
      expected: 'frank in tokyo 200, grace in osaka 200, judy 201 in tokyo, 503 unavailable in osaka',
      run: async ({ people: { frank, grace, judy }, down }) => {
        await until('200', () => frank.ask('tokyo'));
        await down('valkey-global');
        return timed(async () => {
          const known = `frank in tokyo ${await frank.ask('tokyo')}, grace in osaka ${await grace.ask('osaka')}`;
          return `${known}, judy ${await judy.logIn('tokyo')} in tokyo, ${await judy.ask('osaka')} in osaka`;
        });
      },
    },
    {
      title: 'frank logs out in tokyo, which needs no global store for that',
      expected: '204, then 401 token_revoked',
      run: async ({ people: { frank } }) => {
        const left = await frank.logOut('tokyo');
        const { came, measured } = await until('401 token_revoked', () => frank.ask('tokyo'));
        return { came: `${left}, then ${came}`, measured };
      },
    },
    {
      title: 'the global store is back: osaka refuses frank, and knows judy',
      expected: 'frank 401 token_revoked, judy 200',
      run: async ({ people: { frank, judy }, up }) => {
        await up('valkey-global');
        const refused = await until('401 token_revoked', () => frank.ask('osaka'));
        const known = await until('200', () => judy.ask('osaka'));
        return {
          came: `frank ${refused.came}, judy ${known.came}`,
          measured: `${refused.measured} and ${known.measured}`,
        };
      },
    },
  ],
};
