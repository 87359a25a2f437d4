import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Mesh } from '../mesh/capability.ts';
import { type MeshConfig, parseMeshConfig } from '../mesh/mesh-config.ts';
import type { Surroundings } from '../mesh/surroundings.ts';
import { describeProblems } from '../problem.ts';
import type { IstioObject, RawObject } from '../resources.ts';
import { plan } from './plan.ts';
import type { Snapshot } from './types.ts';

/**
 * Every testdata/<name>.in.yaml is a snapshot; <name>.out.yaml is its plan. `vitest run -u packages/policy` rewrites the plans;
 * read the difference before committing it.
 */
interface Case {
  readonly policy: RawObject;
  readonly rivals?: Snapshot['rivals'];
  readonly namesakes?: Snapshot['namesakes'];
  readonly issuers: Snapshot['issuers'];
  /** An earlier generation of the policy, whose objects the API server holds. */
  readonly ownedFrom?: RawObject;
  /** Issuers at that time, when they were others. */
  readonly ownedIssuers?: Snapshot['issuers'];
  /** Names of objects that somebody deleted since. */
  readonly deleted?: readonly string[];
  /** Istio's mesh config as a person writes it. */
  readonly meshConfig?: unknown;
  readonly surroundings?: Surroundings;
}

const FOLDER = join(import.meta.dirname, '../../testdata');
const NOW = new Date('2026-02-03T04:05:06Z');
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.in.yaml'))
  .map((file) => basename(file, '.in.yaml'));

test.each(names)('%s is planned as its golden file says', async (name) => {
  const input: Case = parse(readFileSync(join(FOLDER, `${name}.in.yaml`), 'utf8'));
  const { desired, apply, remove, status } = plan(snapshotOf(input), NOW);
  const text = stringify(
    { desired, apply: apply.map(nameOf), remove, status },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
  await expect(text).toMatchFileSnapshot(join(FOLDER, `${name}.out.yaml`));
});

function snapshotOf({
  policy,
  rivals = [],
  namesakes = [],
  issuers,
  ownedFrom,
  ownedIssuers,
  deleted = [],
  meshConfig,
  surroundings,
}: Case): Snapshot {
  const mesh: Mesh = {
    trustDomain: 'cluster.local',
    rootNamespace: 'istio-system',
    ...(meshConfig !== undefined && { config: meshConfigOf(meshConfig) }),
  };
  // An earlier version knew no root namespace.
  const before = {
    rivals: [],
    namesakes: [],
    issuers: ownedIssuers ?? issuers,
    owned: [],
    mesh: { ...mesh, rootNamespace: 'none' },
  };
  const owned = ownedFrom === undefined ? [] : plan({ policy: ownedFrom, ...before }, NOW).desired;
  const held = owned.filter((object) => !deleted.includes(nameOf(object)));
  return { policy, rivals, namesakes, issuers, owned: held, mesh, ...(surroundings !== undefined && { surroundings }) };
}

function meshConfigOf(raw: unknown): MeshConfig {
  const read = parseMeshConfig(raw);
  if (!read.ok) throw new Error(describeProblems(read.problems));
  return read.value;
}

function nameOf({ metadata }: IstioObject): string {
  return metadata.name;
}
