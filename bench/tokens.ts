import { publish } from './report.ts';
import { inTurns } from './rounds.ts';
import { rate, tokenCalls } from './tokens/calls.ts';

/** Minting and verifying against the bare signature, in one process; each figure is the median of interleaved rounds. */
const ROUNDS = { warmUp: 5, rounds: 15 };

const calls = await tokenCalls();
type Name = keyof typeof calls;
const names = Object.keys(calls) as Name[];
const measures = Object.fromEntries(names.map((name) => [name, () => rate(calls[name])]));
const measured = await inTurns(measures as Record<Name, () => Promise<number>>, ROUNDS);
const ratio = (name: Name, against: Name) => ({ ...measured.ratio(name, against, name), against });

const holds = publish('tokens', [
  ...names.map((name) => measured.figure(name, `${name}, per CPU-second`, '/s')),
  { ...ratio('narrow token', 'raw sign'), target: { relation: '>=', value: 0.6 } },
  ratio('delegated token', 'raw sign'),
  ratio('verification', 'raw verify'),
  ratio('verification from the cache', 'verification'),
]);
process.exitCode = holds ? 0 : 1;
