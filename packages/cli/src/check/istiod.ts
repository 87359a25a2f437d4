import type { KubeObject } from '@sekisho/kube';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { doubtful, type Finding, lacking, ok } from './finding.ts';

const Container = Type.Object({
  name: Type.String(),
  image: Type.String(),
  env: Type.Optional(Type.Array(Type.Object({ name: Type.String(), value: Type.Optional(Type.String()) }))),
});
const Deployment = Type.Object({
  spec: Type.Object({ template: Type.Object({ spec: Type.Object({ containers: Type.Array(Container) }) }) }),
});

const DEBUG = 'DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES';

/** The version of istiod, and whether it tells the operator which proxies acknowledged a policy. */
export function istiodFindings(deployment: KubeObject | undefined, operatorNamespace: string): readonly Finding[] {
  const istiod = containerOf(deployment);
  if (istiod === undefined) {
    return [
      lacking(
        'istiod',
        'not there',
        'Install Istio, or name its namespace and revision with --istio-namespace and --revision.',
      ),
    ];
  }
  return [version(istiod), tellsOperator(istiod, operatorNamespace)];
}

type Container = Static<typeof Container>;

function containerOf(deployment: KubeObject | undefined): Container | undefined {
  if (!Value.Check(Deployment, deployment)) return undefined;
  return deployment.spec.template.spec.containers.find(({ name }) => name === 'discovery');
}

function version({ image }: Container): Finding {
  const about = 'istiod: version';
  const [, tag = ''] = /:([^:/@]+)(?:@.*)?$/.exec(image) ?? [];
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(tag) ?? [];
  if (major === undefined) {
    return { about, state: 'unknown', found: tag || 'no tag', next: 'See that it is 1.29.7, 1.30, 1.31.1 or newer.' };
  }
  if (isSupported([Number(major), Number(minor), Number(patch)])) return ok(about, tag);
  return lacking(
    about,
    tag,
    'Upgrade Istio to 1.29.7, 1.30, 1.31.1 or newer: older proxies match paths in other ways.',
  );
}

function isSupported([major, minor, patch]: readonly [number, number, number]): boolean {
  if (major !== 1) return major > 1;
  if (minor === 29) return patch >= 7;
  if (minor === 31) return patch >= 1;
  return minor >= 30;
}

function tellsOperator({ env = [] }: Container, namespace: string): Finding {
  const about = `istiod: ${DEBUG}`;
  const allowed = env.find(({ name }) => name === DEBUG)?.value ?? '';
  if (allowed.split(',').some((name) => name.trim() === namespace)) return ok(about, allowed);
  const next = `Add ${namespace} to it: else the condition Enforced stays Unknown. All else works.`;
  return doubtful(about, allowed || 'not set', next);
}
