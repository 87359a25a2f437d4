import { waitFor } from '../../mesh/wait.ts';
import type { Chapter } from '../../story/step.ts';
import { kidOf } from '../api.ts';
import type { RegionsContext } from './context.ts';
import { tellMs, until } from './seen.ts';

const LONG_MS = 120_000;

/** Each region signs with keys of its own, and none before every region holds it. */
export const keysChapter: Chapter<RegionsContext> = {
  title: 'Keys: each region signs with its own',
  steps: [
    {
      title: 'frank logs in in tokyo, grace in osaka: by whose key?',
      expected: 'tokyo, osaka',
      run: async ({ people: { frank, grace } }) => {
        await frank.logIn('tokyo');
        await grace.logIn('osaka');
        return [frank, grace].map(({ tokens }) => kidOf(tokens.access).split('.')[0]).join(', ');
      },
    },
    {
      title:
        'osaka is cut off from the database; then the key of tokyo is reported as lost: its tokens are refused in osaka, too',
      expected: 'frank 401 token_revoked, grace 200',
      run: async ({ people: { frank, grace }, administrators: { tokyo }, lines }) => {
        await until('200', () => frank.ask('osaka'));
        await lines.cut('osaka-database');
        await tokyo.rotate(kidOf(frank.tokens.access));
        const { came, measured } = await until('401 token_revoked', () => frank.ask('osaka'));
        return { came: `frank ${came}, grace ${await grace.ask('osaka')}`, measured };
      },
    },
    {
      title: 'frank logs in anew in tokyo, by the key that waited there; osaka held it already',
      expected: '201, then 200 in osaka',
      run: async ({ people: { frank } }) => {
        const entered = await until('201', () => frank.logIn('tokyo'));
        const used = await until('200', () => frank.ask('osaka'));
        return { came: `${entered.came}, then ${used.came} in osaka`, measured: used.measured };
      },
    },
    {
      title: 'tokyo shall go over to the next key, of which osaka cannot hear: it waits',
      expected: 'waits for osaka',
      run: async (context) => {
        await nextKey(context);
        await context.administrators.tokyo.rotate();
        return until('waits for osaka', async () => ((await waitsFor(context)) ? 'waits for osaka' : 'does not wait'));
      },
    },
    {
      title: 'osaka reaches the database again, and notes that it holds the key: now it signs',
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
      expected: '201, then 200 in osaka',
      run: async ({ people: { ivan } }) => {
        const entered = await ivan.logIn('tokyo');
        const used = await until('200', () => ivan.ask('osaka'));
        return { came: `${entered}, then ${used.came} in osaka`, measured: used.measured };
      },
    },
  ],
};

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
