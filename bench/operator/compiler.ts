import { plan, type Snapshot } from '@sekisho/policy';
import type { Figure } from '../report.ts';
import { ISSUER, policy } from './policies.ts';

const ROUNDS = 2_000;
const WARM_UP = 500;
const NOW = new Date('2026-01-01T00:00:00Z');

/** What the operator would read of one policy that nothing exists for yet. */
export function snapshotOf(name: string, uid: string): Snapshot {
  const { metadata, ...rest } = policy(name);
  return {
    policy: { ...rest, metadata: { ...metadata, uid, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' } },
    rivals: [],
    namesakes: [],
    issuers: [{ issuer: ISSUER }],
    owned: [],
    mesh: { trustDomain: 'cluster.local', rootNamespace: 'istio-system' },
  };
}

/** The compiler alone, against JSON parse and stringify of what it wrote, in turns. */
export function compilerFigures(): readonly Figure[] {
  const snapshots = Array.from({ length: 100 }, (_, index) => snapshotOf(`p${index}`, `uid-${index}`));
  const texts = snapshots.map((snapshot) => JSON.stringify(plan(snapshot, NOW).desired));
  const compile = (round: number) => plan(at(snapshots, round), NOW);
  const copy = (round: number) => JSON.stringify(JSON.parse(at(texts, round)));
  for (const work of [compile, copy]) repeat(work, WARM_UP);
  const compiling = perSecond(compile);
  const copying = perSecond(copy);
  return [
    { name: 'compiler alone', value: compiling, unit: 'policies/s' },
    {
      name: 'compiler alone, time',
      value: copying / compiling,
      unit: 'x',
      against: 'JSON parse and stringify of its output',
    },
  ];
}

function at<T>(items: readonly T[], round: number): T {
  const item = items[round % items.length];
  if (item === undefined) throw new RangeError('no items');
  return item;
}

/** By CPU time: a machine that does other things, too, takes longer, but not more of it. */
function perSecond(work: (round: number) => unknown): number {
  const before = process.cpuUsage();
  repeat(work, ROUNDS);
  const { user, system } = process.cpuUsage(before);
  return ROUNDS / ((user + system) / 1_000_000);
}

function repeat(work: (round: number) => unknown, rounds: number): void {
  for (let round = 0; round < rounds; round += 1) work(round);
}
