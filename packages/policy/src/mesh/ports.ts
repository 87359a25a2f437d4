import type { RawObject, ServiceAuthPolicy } from '../resources.ts';
import { type Labels, selectsAll } from '../target.ts';
import type { Surroundings } from './surroundings.ts';
import type { Warning } from './warning.ts';

const MAX_NAMED = 5;
// pkg/config/kube/conversion.go and pkg/config/protocol/instance.go of Istio: appProtocol, else the name up to its first hyphen.
const HTTP = ['http', 'http2', 'http_proxy', 'grpc', 'kubernetes.io/h2c', 'kubernetes.io/ws'];

/** On a port that is not declared HTTP, Envoy sees no method, path or token: rules there match nothing or mean something else. */
export function portWarnings({ spec }: ServiceAuthPolicy, { workloads, services }: Surroundings): readonly Warning[] {
  // What a Gateway's ports speak is said by its listeners.
  if (spec.targetRefs !== undefined) return [];
  const ports = services
    .filter((service) => workloads.labels.some((labels) => reaches(service, labels)))
    .flatMap(({ metadata, spec: raw }) => unclearPorts(raw).map((port) => `${metadata.name}:${port}`))
    .sort();
  if (ports.length === 0) return [];
  const more = ports.length > MAX_NAMED ? ` and ${ports.length - MAX_NAMED} more` : '';
  const message = `Service port ${ports.slice(0, MAX_NAMED).join(', ')}${more} is not declared HTTP, so rules do not hold there as written; set appProtocol: http, or name the port http or http-...`;
  return [{ reason: 'PortNotHttp', message }];
}

/** A Service without a selector reaches nothing by itself. */
function reaches({ spec }: RawObject, workload: Labels): boolean {
  const { selector = {} }: { selector?: Labels } = Object(spec);
  return Object.keys(selector).length > 0 && selectsAll(selector, workload);
}

interface Port {
  readonly port?: unknown;
  readonly name?: unknown;
  readonly protocol?: unknown;
  readonly appProtocol?: unknown;
}

function unclearPorts(spec: unknown): readonly string[] {
  const { ports = [] }: { ports?: unknown } = Object(spec);
  const list: readonly unknown[] = Array.isArray(ports) ? ports : [];
  return list
    .map((port): Port => Object(port))
    .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
    .filter((port) => !isHttp(port))
    .map(({ port }) => String(port));
}

function isHttp({ name = '', appProtocol }: Port): boolean {
  const declared = String(appProtocol ?? name).toLowerCase();
  if (declared.startsWith('grpc-web')) return true;
  return HTTP.includes(declared) || HTTP.includes(declared.split('-')[0] ?? '');
}
