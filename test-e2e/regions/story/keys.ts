import { keyIdOf } from '@sekisho/tokens';
import { waitFor } from '../../mesh/wait.ts';
import { call } from '../../story/http.ts';
import type { Chapter } from '../../story/step.ts';
import type { RegionPlace } from '../regions-info.ts';
import type { RegionsContext } from './context.ts';
import { inTurn, isOut, logsIn, passes, tellMs, until } from './seen.ts';

const LONG_MS = 120_000;

/** Each region signs with keys of its own, and none before every region holds it. */
export const keysChapter: Chapter<RegionsContext> = {
  title: 'Keys: each region signs with its own',
  steps: [
    {
      title: 'frank logs in in tokyo, grace in osaka: by whose key?',
      expected: 'tokyo, osaka',
      run: async ({ people: { frank, grace } }) => {
        await logsIn(frank, 'tokyo');
        await logsIn(grace, 'osaka');
        return [frank, grace].map(({ tokens }) => keyIdOf(tokens.access)?.split('.')[0]).join(', ');
      },
    },
    {
      title: 'both are known in osaka, which is now cut off from the primary of the database',
      expected: '200, 200',
      run: async ({ people: { frank, grace }, lines }) => {
        const seen = await inTurn(
          () => passes(frank, 'osaka'),
          () => passes(grace, 'osaka'),
        );
        await lines.cut('osaka-database');
        return seen;
      },
    },
    {
      title: 'the key of tokyo is reported as lost: osaka refuses the token of frank, but not that of grace',
      expected: '401, 200',
      run: async ({ people: { frank, grace }, administrators: { tokyo } }) => {
        const lost = String(keyIdOf(frank.tokens.access));
        const isReported = async () => {
          if ((await tokyo.keys('tokyo', 'active')).includes(lost)) await tokyo.rotate(lost);
          return true;
        };
        await waitFor('the key is reported', isReported, { timeout: LONG_MS });
        return inTurn(
          () => isOut(frank, 'osaka'),
          () => passes(grace, 'osaka'),
        );
      },
    },
    {
      title: 'osaka, which reads of it in the replica, does not publish that key any more, and refuses frank as before',
      expected: 'gone, 401',
      run: ({ people: { frank }, info }) =>
        inTurn(
          () => until('gone', () => published(info.regions.osaka, String(keyIdOf(frank.tokens.access)))),
          () => isOut(frank, 'osaka'),
        ),
    },
    {
      title: 'frank logs in anew in tokyo, by the key that waited there; osaka held it already',
      expected: '201, 200',
      run: ({ people: { frank } }) =>
        inTurn(
          () => logsIn(frank, 'tokyo'),
          () => passes(frank, 'osaka'),
        ),
    },
    {
      title: 'tokyo shall go over to the next key, of which osaka cannot say that it holds it: it waits',
      expected: 'waits for osaka',
      run: async (context) => {
        await nextKey(context);
        const ask = () => context.administrators.tokyo.rotate().then(() => true);
        await waitFor('it is asked for', ask, { timeout: LONG_MS });
        return until('waits for osaka', async () => ((await waitsFor(context)) ? 'waits for osaka' : 'does not wait'));
      },
    },
    {
      title: 'osaka reaches the primary again, and notes that it holds the key: now it signs',
      expected: 'signs',
      run: async (context) => {
        const next = await nextKey(context);
        await context.lines.heal('osaka-database');
        const began = performance.now();
        const { tokyo } = context.administrators;
        await waitFor('the next key signs', async () => (await tokyo.keys('tokyo', 'active')).includes(next), {
          timeout: LONG_MS,
        });
        return { came: 'signs', measured: `after ${tellMs(performance.now() - began)}` };
      },
    },
    {
      title: 'ivan logs in in tokyo, and is known in osaka',
      expected: '201, 200',
      run: ({ people: { ivan } }) =>
        inTurn(
          () => logsIn(ivan, 'tokyo'),
          () => passes(ivan, 'osaka'),
        ),
    },
  ],
};

async function published({ auth }: RegionPlace, kid: string): Promise<string> {
  const answer = await call(`${auth.url}/.well-known/jwks.json`);
  if (answer.status !== 200) return `${answer.status}`;
  return answer.text.includes(kid) ? 'published' : 'gone';
}

/** The key of tokyo that is to sign next, once there is one. */
function nextKey({ administrators: { tokyo } }: RegionsContext): Promise<string> {
  return waitFor('tokyo has a key to go over to', async () => (await tokyo.keys('tokyo', 'next'))[0], {
    timeout: LONG_MS,
  });
}

async function waitsFor({ info }: RegionsContext): Promise<boolean> {
  const { adminUrl } = info.regions.tokyo.auth;
  const text = await (await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(10_000) })).text();
  const reason = /^signing_key_waiting\{.*reason="region_behind".*\} 1$/m;
  return reason.test(text);
}
