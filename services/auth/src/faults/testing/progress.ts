import { until } from '@sekisho/sessions/testing';
import type { Tally } from './ledger.ts';
import { acceptedLate, refreshedLate } from './over.ts';
import type { Stage } from './stage.ts';

const PATIENCE_MS = 120_000;

/**
 * Resolves when each part did, or was told, something more.
 * @throws Error when an answer until then was wrong, or that tells which parts it waited for, and for what they wait
 */
export async function untilEach({ ledger }: Stage, parts: readonly string[], what: keyof Tally): Promise<void> {
  const before = new Map(parts.map((part) => [part, ledger.tally(part)[what]]));
  const waiting = () => parts.filter((part) => ledger.tally(part)[what] <= (before.get(part) ?? 0));
  // A wrong answer ends the wait: who got it may never get further.
  const isOver = async () => ledger.defects.length > 0 || waiting().length === 0;
  await orTell(until(`more ${what}`, isOver, PATIENCE_MS), () => waiting().map((part) => ledger.describe(part)));
  if (ledger.defects.length > 0) throw new Error(`wrong answers: ${ledger.defects.join('; ')}`);
}

/**
 * Ends the load, and resolves when every request is answered and what was said to be over is refused.
 * @returns of what was said to be over, the sessions that still bring tokens
 */
export async function untilSettled(stage: Stage, redisUrl: string): Promise<readonly string[]> {
  const { ledger, parts, prefix } = stage;
  let settled = false;
  const settling = stage.settle().finally(() => {
    settled = true;
  });
  const answered = until('every request is answered', async () => settled, PATIENCE_MS);
  await orTell(answered, () => parts.map((part) => ledger.describe(part)));
  await settling;
  let accepted: readonly string[] = [];
  // The last of them may still be owed to Redis.
  const isRefused = async () => {
    accepted = await acceptedLate(ledger.ended, { redisUrl, prefix });
    return accepted.length === 0;
  };
  await orTell(until('all that is over is refused', isRefused, PATIENCE_MS), () => accepted);
  return refreshedLate(ledger.ended, stage.service);
}

async function orTell(waiting: Promise<void>, forWhat: () => readonly string[]): Promise<void> {
  try {
    await waiting;
  } catch (cause) {
    throw new Error(`still waiting: ${forWhat().join('; ')}`, { cause });
  }
}
