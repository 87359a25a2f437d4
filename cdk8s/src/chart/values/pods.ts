import Type from 'typebox';
import { group, labels, objects, strings, text } from './words.ts';

export const image = group('Where its image is.', {
  repository: text('Below `images.registry`.', { pattern: '^[a-z0-9][a-z0-9._/:-]*$' }),
  tag: text('Empty: the `appVersion` of the chart.', { pattern: '^[A-Za-z0-9._-]*$', maxLength: 128 }),
  digest: text('`sha256:...`, instead of the tag.', { pattern: '^(sha256:[0-9a-f]{64})?$' }),
});

const quantity = Type.Union([Type.String(), Type.Number()]);
export const resources = Type.Object(
  {
    requests: Type.Optional(Type.Record(Type.String(), quantity)),
    limits: Type.Optional(Type.Record(Type.String(), quantity)),
  },
  { additionalProperties: false, description: 'Requests and limits of its container.' },
);

/** What every pod may be given. */
export const scheduling = {
  podAnnotations: strings('Annotations of its pods.'),
  podLabels: labels('Labels of its pods, beside `app`.', ['app']),
  nodeSelector: strings('Labels of the nodes that may run it.'),
  tolerations: objects('Taints of nodes that it tolerates.'),
  affinity: Type.Object({}, { description: 'Where its pods are drawn to, and where not.' }),
  priorityClassName: text('Which pods make room for it.'),
};
