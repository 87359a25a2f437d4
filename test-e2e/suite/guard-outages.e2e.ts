import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { lacks } from '../kind/exceptions.ts';
import { frozen } from '../mesh/frozen.ts';
import { killed } from '../mesh/killed.ts';
import { slowed } from '../mesh/slowed.ts';
import { waitFor } from '../mesh/wait.ts';
import { Accounts } from '../story/accounts.ts';
import { call, outcome } from '../story/http.ts';
import { type StoryContext, storyContext } from '../story/index.ts';
import { Policies } from '../story/policies.ts';

const ITEMS = '/api/bucket-items';
const PROFILE = '/api/users/profile';
const LONG = 60_000;

let context: StoryContext;
let policies: Policies;
let token: string;
/** Of a session that was ended. */
let revoked: string;

beforeAll(async () => {
  context = await storyContext(inject('mesh'));
  policies = new Policies(context.cluster);
});
/** Tokens that outlive the test, however long the others took. */
beforeEach(async () => {
  token = await logInAgain();
  revoked = await logInAgain(context.bob);
  await new Accounts(context.mesh).revoke({ user: context.bob.id });
  await recovered();
});
afterEach(async () => {
  await policies.reset();
  await recovered();
});
afterAll(() => context?.close());

const ask = async (bearer?: string, path = ITEMS): Promise<string> =>
  outcome(await call(context.mesh.edge + path, bearer === undefined ? {} : { token: bearer })).trim();

const eventually = (wanted: string, attempt: () => Promise<string>): Promise<boolean> =>
  waitFor(wanted, async () => (await attempt()) === wanted, { timeout: LONG });

/** Through the gateway that asks the guard everything is as it should be. */
async function recovered(): Promise<void> {
  await eventually('200', () => ask(token));
  await eventually('401 token_revoked', () => ask(revoked));
  await eventually('401 token_missing', () => ask());
}

describe('at the guarded gateway', { timeout: 10 * LONG }, () => {
  test('nothing passes without the guard, and the other gateway goes on', async () => {
    const meanwhile = await killed(context.mesh, 'guard', async () => [
      await ask(token),
      await ask(revoked),
      await ask(),
      outcome(await call(context.mesh.gateway + ITEMS, { token })),
    ]);
    expect(meanwhile).toEqual(['503', '503', '503', '200']);
  });

  test.skipIf(lacks(inject('mesh'), 'stopped processes'))('nothing passes while the guard stands still', async () => {
    const meanwhile = await frozen(context.mesh, 'guard', async () => [
      await ask(token),
      await ask(revoked),
      await ask(),
    ]);
    expect(meanwhile).toEqual(['503', '503', '503']);
  });

  test.skipIf(lacks(inject('mesh'), 'stopped processes'))(
    'a guard that is slow is none, and never lets through what it would refuse',
    async () => {
      const answers = new Set<string>();
      await slowed(context.mesh, 'guard', async () => {
        await waitFor(
          'an answer that came too late',
          async () => {
            answers.add(await ask(revoked));
            return (await ask(token)) === '503';
          },
          { timeout: LONG, every: 20 },
        );
      });
      expect([...answers].filter((answer) => answer !== '503' && answer !== '401 token_revoked')).toEqual([]);
    },
  );

  test.skipIf(lacks(inject('mesh'), 'stopped processes'))(
    'while Redis stands still, Deny refuses once too little is known, and Allow goes on',
    async () => {
      await frozen(context.mesh, 'valkey', async () => {
        await eventually('503', () => ask(token));
        await eventually('401 token_revoked', () => ask(revoked));
        await eventually('401 token_missing', () => ask());
        await policies.edit('shop', 'bucket', (spec) => {
          spec['revocation'] = { whenUnavailable: 'Allow' };
        });
        await eventually('200', () => ask(token));
        await eventually('401 token_revoked', () => ask(revoked));
      });
    },
  );

  test('without any istiod all goes on', async () => {
    await killed(context.mesh, ['istiod', 'istiod-2'], recovered);
  });

  test('without the auth service all goes on, and tokens are still made for services that were not asked before', async () => {
    await killed(context.mesh, 'auth', async () => {
      await recovered();
      await eventually('200', () => ask(token, PROFILE));
    });
    const again = await logInAgain();
    await eventually('200', () => ask(again));
  });
});

/** As soon as the auth service takes log-ins again. */
function logInAgain(person = context.alice): Promise<string> {
  return waitFor('a log-in', () => context.logIn(person), { timeout: LONG });
}
