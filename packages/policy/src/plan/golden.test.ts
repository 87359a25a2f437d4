import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
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
  readonly issuers: Snapshot['issuers'];
  /** An earlier generation of the policy, whose objects the API server holds. */
  readonly ownedFrom?: RawObject;
  /** Issuers at that time, when they were others. */
  readonly ownedIssuers?: Snapshot['issuers'];
  /** Names of objects that somebody deleted since. */
  readonly deleted?: readonly string[];
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

function snapshotOf({ policy, rivals = [], issuers, ownedFrom, ownedIssuers, deleted = [] }: Case): Snapshot {
  const mesh = { trustDomain: 'cluster.local', rootNamespace: 'istio-system' };
  // An earlier version knew no root namespace.
  const before = {
    rivals: [],
    issuers: ownedIssuers ?? issuers,
    owned: [],
    mesh: { ...mesh, rootNamespace: 'none' },
  };
  const owned = ownedFrom === undefined ? [] : plan({ policy: ownedFrom, ...before }, NOW).desired;
  return { policy, rivals, issuers, owned: owned.filter((object) => !deleted.includes(nameOf(object))), mesh };
}

function nameOf({ metadata }: IstioObject): string {
  return metadata.name;
}
