import { expect, test } from 'vitest';
import { AuthenticatedService, type AuthenticatedServiceProps } from './authenticated-service.ts';
import { render } from './kubernetes.ts';

const props: AuthenticatedServiceProps = {
  name: 'notes',
  namespace: 'team',
  policy: { rules: [{ name: 'all', allow: { authenticated: true } }] },
  deployment: { image: 'example/notes:1', replicas: 3 },
};

const kinds = (changes: Partial<AuthenticatedServiceProps>) =>
  render((chart) => ({ service: new AuthenticatedService(chart, 'notes', { ...props, ...changes }) })).manifests.map(
    ({ kind }) => kind,
  );

test('a service has an identity, a name in the mesh, pods and a policy', () => {
  expect(kinds({})).toEqual(['ServiceAccount', 'Service', 'Deployment', 'PodDisruptionBudget', 'ServiceAuthPolicy']);
});

test('pods that come from elsewhere are left out', () => {
  expect(kinds({ deployment: false })).toEqual(['ServiceAccount', 'Service', 'ServiceAuthPolicy']);
});

test('pods, Service and policy agree on the labels and the port', () => {
  const { manifests } = render((chart) => {
    new AuthenticatedService(chart, 'notes', { ...props, targetPort: 3000 });
    return {};
  });
  const [, service, deployment, , policy] = manifests;
  const labels = { app: 'notes' };
  expect(service).toMatchObject({ spec: { selector: labels, ports: [{ targetPort: 3000, appProtocol: 'http' }] } });
  expect(deployment).toMatchObject({
    spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels } } },
  });
  expect(policy).toMatchObject({ spec: { selector: { matchLabels: labels } } });
});

test('a policy that the operator would refuse is refused at once, with the field', () => {
  const rules = [{ name: 'all', allow: { permissions: { anyOf: ['notes:*'] } } }];
  expect(() => kinds({ policy: { rules } })).toThrow(
    expect.objectContaining({
      code: 'policy_invalid',
      message: expect.stringContaining('spec.rules[0].allow.permissions.anyOf[0]'),
    }),
  );
});
