import type { Chapter, Seen } from '../../story/step.ts';
import { MAX_STALENESS_SECONDS } from '../region.ts';
import type { RegionName } from '../regions-info.ts';
import { atRest, untilNothingWaits } from './at-rest.ts';
import type { RegionsContext } from './context.ts';
import { tellMs, timed, until } from './seen.ts';

/** Nothing that is sent arrives, and nobody is told. */
export const cutChapter: Chapter<RegionsContext> = {
  title: `The line between osaka and the global store is cut; osaka may be behind for ${MAX_STALENESS_SECONDS} s`,
  steps: [
    {
      title: 'before: bob logs in in tokyo and uses osaka, carol logs in in tokyo',
      expected: '201, 200, 201, nothing waits',
      run: async (context) => {
        const { bob, carol } = context.people;
        const entered = `${await bob.logIn('tokyo')}, ${await usedIn(context, 'osaka')}, ${await carol.logIn('tokyo')}`;
        return `${entered}, ${(await untilNothingWaits(context, 'tokyo')).came}`;
      },
    },
    {
      title: 'the line is cut: bob goes on in both',
      expected: 'tokyo 200, osaka 200',
      run: async ({ people: { bob }, lines }) => {
        await lines.cut('osaka-global');
        return timed(async () => `tokyo ${await bob.ask('tokyo')}, osaka ${await bob.ask('osaka')}`);
      },
    },
    {
      title: 'carol comes to osaka, which cannot know her: come again, says osaka',
      expected: '503 unavailable',
      run: ({ people: { carol } }) => timed(() => carol.ask('osaka')),
    },
    {
      title: 'dave logs in in osaka, erin in tokyo: each where they are',
      expected: 'dave 201, 200, erin 201, 200',
      run: ({ people: { dave, erin } }) =>
        timed(async () => {
          const inOsaka = `dave ${await dave.logIn('osaka')}, ${await dave.ask('osaka')}`;
          return `${inOsaka}, erin ${await erin.logIn('tokyo')}, ${await erin.ask('tokyo')}`;
        }),
    },
    {
      title: 'bob logs out in tokyo: tokyo refuses his token, osaka cannot know yet',
      expected: '204, tokyo 401 token_revoked, osaka 200',
      run: async ({ people: { bob } }) => {
        const left = await bob.logOut('tokyo');
        const { came, measured } = await until('401 token_revoked', () => bob.ask('tokyo'));
        return { came: `${left}, tokyo ${came}, osaka ${await bob.ask('osaka')}`, measured };
      },
    },
    {
      title: 'osaka knows that it is behind',
      expected: 'behind tokyo',
      run: behind,
    },
    {
      title: `behind for longer than ${MAX_STALENESS_SECONDS} s, and tokyo as far behind osaka, each policy decides: orders refuses, catalog does not`,
      expected: 'orders: osaka 503 unavailable, tokyo 503 unavailable; catalog: osaka 200, tokyo 200',
      run: async ({ people: { dave, erin } }) => {
        const began = performance.now();
        const osaka = await until('503 unavailable', () => dave.ask('osaka'));
        const tokyo = await until('503 unavailable', () => erin.ask('tokyo'));
        const catalog = `osaka ${await dave.ask('osaka', 'catalog')}, tokyo ${await erin.ask('tokyo', 'catalog')}`;
        const came = `orders: osaka ${osaka.came}, tokyo ${tokyo.came}; catalog: ${catalog}`;
        return { came, measured: `after ${tellMs(performance.now() - began)} more` };
      },
    },
    {
      title: 'the line is healed: osaka refuses what tokyo ended',
      expected: '401 token_revoked',
      run: async ({ people: { bob }, lines }) => {
        await lines.heal('osaka-global');
        return until('401 token_revoked', () => bob.ask('osaka'));
      },
    },
    {
      title: 'everybody else is known in both',
      expected: '200, 200, 200, 200',
      run: ({ people: { carol, dave, erin } }) =>
        until('200, 200, 200, 200', async () =>
          (await Promise.all([carol.ask('osaka'), dave.ask('osaka'), dave.ask('tokyo'), erin.ask('osaka')])).join(', '),
        ),
    },
    atRest,
  ],
};

async function usedIn({ people: { bob } }: RegionsContext, region: RegionName): Promise<string> {
  return (await until('200', () => bob.ask(region))).came;
}

async function behind({ administrators: { osaka } }: RegionsContext): Promise<Seen> {
  const { regions } = await osaka.regions();
  const { behindSeconds } = regions.find(({ name }) => name === 'tokyo') ?? {};
  if (behindSeconds === undefined) return { came: 'nothing is known of tokyo', measured: '' };
  return { came: behindSeconds > 1 ? 'behind tokyo' : 'up to date', measured: `for ${tellMs(behindSeconds * 1_000)}` };
}
