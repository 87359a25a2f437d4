import type { KubeObject } from '@sekisho/kube';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { doubtful, type Finding, lacking, ok } from './finding.ts';

const Scaled = Type.Object({
  spec: Type.Object({ replicas: Type.Optional(Type.Integer()) }),
  status: Type.Optional(Type.Object({ readyReplicas: Type.Optional(Type.Integer()) })),
});

export interface PartPlace {
  readonly name: string;
  readonly namespace: string;
}

/** Whether a part runs, and as often as it should. */
export function partFinding({ name, namespace }: PartPlace, deployment: KubeObject | undefined): Finding {
  const about = `deployment ${namespace}/${name}`;
  if (!Value.Check(Scaled, deployment)) {
    return lacking(about, 'not there', 'Install the chart, or name its namespace with --namespace.');
  }
  const { replicas = 1 } = deployment.spec;
  const { readyReplicas: ready = 0 } = deployment.status ?? {};
  const found = `${ready} of ${replicas} replicas are ready`;
  const next = `Look at \`kubectl -n ${namespace} describe deployment ${name}\` and \`kubectl -n ${namespace} logs deployment/${name}\`.`;
  if (ready === 0) return lacking(about, found, next);
  return ready < replicas ? doubtful(about, found, next) : ok(about, found);
}

const Webhooks = Type.Object({
  webhooks: Type.Array(Type.Object({ clientConfig: Type.Object({ caBundle: Type.Optional(Type.String()) }) })),
});

/** Whether the API server can ask the operator before it stores a policy. */
export function webhookFinding(configuration: KubeObject | undefined): Finding {
  const about = 'admission webhook';
  if (!Value.Check(Webhooks, configuration)) {
    return lacking(
      about,
      'not there',
      'Install the chart: without it a wrong policy is stored, and told of in its status only.',
    );
  }
  const trusts = configuration.webhooks.every(({ clientConfig }) => (clientConfig.caBundle ?? '') !== '');
  if (trusts) return ok(about, 'holds the authority of the operator');
  return lacking(about, 'holds no authority', 'The operator writes it when it leads: look at its log.');
}

/** Whether a definition, and with it every policy, can be deleted by mistake. */
export function definitionGuardFinding(binding: KubeObject | undefined): Finding {
  const about = 'guard of the definitions';
  if (binding !== undefined) return ok(about, 'keeps them from being deleted unasked');
  return doubtful(
    about,
    'not there',
    'Install the chart: with a definition go its policies, and every workload would be open.',
  );
}
