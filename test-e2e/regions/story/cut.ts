import type { Chapter, Seen } from '../../story/step.ts';
import { atRest, untilNothingWaits } from './at-rest.ts';
import type { RegionsContext } from './context.ts';
import { inTurn, isRevoked, logsIn, logsOut, passes, tellMs, until } from './seen.ts';

/** Nothing that is sent arrives, and nobody is told. */
export const cutChapter: Chapter<RegionsContext> = {
  title: 'The line between osaka and the global store is cut',
  steps: [
    {
      title: 'before: bob logs in in tokyo and uses osaka, carol logs in in tokyo',
      expected: '201, 200, 201, nothing waits',
      run: (context) => {
        const { bob, carol } = context.people;
        return inTurn(
          () => logsIn(bob, 'tokyo'),
          () => passes(bob, 'osaka'),
          () => logsIn(carol, 'tokyo'),
          () => untilNothingWaits(context, 'tokyo'),
        );
      },
    },
    {
      title: 'the line is cut: bob goes on, in tokyo and in osaka',
      expected: '200, 200',
      run: async ({ people: { bob }, lines }) => {
        await lines.cut('osaka-global');
        return inTurn(
          () => passes(bob, 'tokyo'),
          () => passes(bob, 'osaka'),
        );
      },
    },
    {
      title: 'carol comes to osaka, which cannot know her: come again, says osaka',
      expected: '503 unavailable',
      run: ({ people: { carol } }) => until('503 unavailable', () => carol.ask('osaka')),
    },
    {
      title: 'dave logs in in osaka, erin in tokyo, each where they are, and use what is there',
      expected: '201, 200, 201, 200',
      run: ({ people: { dave, erin } }) =>
        inTurn(
          () => logsIn(dave, 'osaka'),
          () => passes(dave, 'osaka'),
          () => logsIn(erin, 'tokyo'),
          () => passes(erin, 'tokyo'),
        ),
    },
    {
      title: 'bob logs out in tokyo: tokyo refuses his token, osaka cannot know yet',
      expected: '204, 401 token_revoked, 200',
      run: ({ people: { bob } }) =>
        inTurn(
          () => logsOut(bob, 'tokyo'),
          () => isRevoked(bob, 'tokyo'),
          () => passes(bob, 'osaka'),
        ),
    },
    {
      title: 'osaka knows that it is behind',
      expected: 'behind tokyo',
      run: (context) => until('behind tokyo', () => behind(context)).then((seen) => withAge(context, seen)),
    },
    {
      title: 'when osaka is behind for too long, and tokyo as far behind osaka: the policy of orders refuses in both',
      expected: '503 unavailable, 503 unavailable',
      run: ({ people: { dave, erin } }) =>
        inTurn(
          () => until('503 unavailable', () => dave.ask('osaka')),
          () => until('503 unavailable', () => erin.ask('tokyo')),
        ),
    },
    {
      title: 'that of catalog would rather let pass',
      expected: '200, 200',
      run: ({ people: { dave, erin } }) =>
        inTurn(
          () => until('200', () => dave.ask('osaka', 'catalog')),
          () => until('200', () => erin.ask('tokyo', 'catalog')),
        ),
    },
    {
      title: 'the line is healed: osaka refuses what tokyo ended',
      expected: '401 token_revoked',
      run: async ({ people: { bob }, lines }) => {
        await lines.heal('osaka-global');
        return isRevoked(bob, 'osaka');
      },
    },
    {
      title: 'everybody else is known in both',
      expected: '200, 200, 200, 200',
      run: ({ people: { carol, dave, erin } }) =>
        inTurn(
          () => passes(carol, 'osaka'),
          () => passes(dave, 'osaka'),
          () => passes(dave, 'tokyo'),
          () => passes(erin, 'osaka'),
        ),
    },
    atRest,
  ],
};

async function behind(context: RegionsContext): Promise<string> {
  return (await behindSeconds(context)) > 1 ? 'behind tokyo' : 'up to date';
}

async function withAge(context: RegionsContext, { came }: Seen): Promise<Seen> {
  const [seconds, most] = [await behindSeconds(context), context.info.maxStalenessSeconds];
  return { came, measured: `for ${tellMs(seconds * 1_000)}, and may be for ${most} s` };
}

async function behindSeconds({ administrators: { osaka } }: RegionsContext): Promise<number> {
  const { regions } = await osaka.regions();
  return regions.find(({ name }) => name === 'tokyo')?.behindSeconds ?? Number.POSITIVE_INFINITY;
}
