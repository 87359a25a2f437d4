import { afterAll, expect, inject, test } from 'vitest';
import type { Manifest } from '../kubernetes.ts';
import { CHART, Helm, profileFile } from './testing/helm.ts';

/** Who still installs with Helm 3 gets the same, and the same complaints. */
const [helm, helm3] = [new Helm(inject('helm')), new Helm(inject('helm3'))];
afterAll(() => {
  helm.close();
  helm3.close();
});

/** A build that is no release takes the cluster for one of years ago. */
const kubernetes = ['--kube-version', '1.36.0'] as const;
const issuer = ['--set', 'issuer=https://auth.example.org'] as const;
const profiles = ['minimal', 'no-guard', 'full', 'monitoring', 'region', 'ha', 'kind'];

test('it is the Helm that it is meant to be', async () => {
  expect(await helm3.run(['version', '--short'])).toMatch(/^v3\./);
  expect(await helm.run(['version', '--short'])).toMatch(/^v4\./);
});

test.each(profiles)('renders the profile %s as Helm 4 does, and has nothing to say about it', async (name) => {
  const values = ['--values', profileFile(name), ...issuer];
  // Made only with a cluster to read.
  const generated = name === 'kind' ? ['--set', 'secrets.generate=false'] : [];
  const args = [...values, ...generated, ...kubernetes, '--include-crds'];
  const [rendered, rendered3] = [await helm.template(args), await helm3.template(args)];
  expect(rendered.length).toBeGreaterThan(20);
  expect(sorted(rendered3)).toEqual(sorted(rendered));
  expect(await helm3.run(['lint', '--strict', CHART, ...values, ...kubernetes])).toContain(
    '1 chart(s) linted, 0 chart(s) failed',
  );
});

test.each([
  ['auth.replica=3', "additional properties 'replica' not allowed"],
  ['auth.podLabels.app=other', "at '/auth/podLabels/app': false schema"],
  ['publicGateway.create=true', 'publicGateway.routesFrom is empty'],
])('refuses %s by its name', async (value, complaint) => {
  const { code, stderr } = await helm3.try(['template', 'sekisho', CHART, ...issuer, ...kubernetes, '--set', value]);
  expect(code).not.toBe(0);
  expect(stderr).toContain(complaint);
});

/** Each writes them in an order of its own. */
function sorted(manifests: readonly Manifest[]): readonly Manifest[] {
  const id = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace} ${metadata.name}`;
  return manifests.toSorted((one, other) => (id(one) < id(other) ? -1 : 1));
}
