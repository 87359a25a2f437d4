import type { Destination, NetworkProps, Peer } from '../network/network-props.ts';
import { type Child, isList, isObject, type Json, type Node, toJson } from './tree.ts';

/** Ports that nothing has, by values: where one is rendered, the destination that the value names is allowed. */
const DESTINATIONS = {
  'network.apiServer': 60_001,
  'network.redis': 60_002,
  'network.postgresql': 60_003,
  'network.web': 60_004,
  'traces.collector': 60_005,
  'network.globalRedis': 60_006,
} as const;
const METRICS_FROM = 'marked-metrics-from';
/** Stands for all peers of a list: bindings.ts puts them in its place. */
const AUTH_FROM: Peer = { podSelector: { matchLabels: { marked: 'auth-from' } } };
const ADMINISTRATION_FROM: Peer = { podSelector: { matchLabels: { marked: 'administration-from' } } };

const destination = (value: keyof typeof DESTINATIONS): Destination => ({ ports: [DESTINATIONS[value]] });

/** Everything that a value decides, marked. */
export const MARKED_COLLECTOR = destination('traces.collector');
export const MARKED_NETWORK = {
  metricsFrom: [METRICS_FROM],
  administrationFrom: [ADMINISTRATION_FROM],
  authFrom: [AUTH_FROM],
  apiServer: destination('network.apiServer'),
  redis: destination('network.redis'),
  globalRedis: destination('network.globalRedis'),
  postgresql: destination('network.postgresql'),
  web: destination('network.web'),
} as const satisfies NetworkProps;

/** Rules of NetworkPolicies whose peers or ports are values: what admits nobody must not be written, for it would admit everybody. */
export function withTraffic(node: Node): Node {
  if (node.type !== 'map' && node.type !== 'list') return node;
  return { ...node, children: node.children.map(withRule) };
}

function withRule(child: Child): Child {
  const json = toJson(child.node);
  const expression = egress(json) ?? ingress(json);
  if (expression === undefined) return { ...child, node: withTraffic(child.node) };
  return { ...child, node: { type: 'lines', text: expression } };
}

function egress(rule: Json | undefined): string | undefined {
  const port = firstPort(rule);
  const [value] = Object.entries(DESTINATIONS).find(([, marker]) => marker === port) ?? [];
  return value && `include "sekisho.egress" .Values.${value}`;
}

function ingress(rule: Json | undefined): string | undefined {
  if (!isObject(rule) || !JSON.stringify(rule['from'] ?? '').includes(METRICS_FROM)) return undefined;
  const administered = JSON.stringify(rule['from']).includes(JSON.stringify(ADMINISTRATION_FROM));
  const peers = administered ? '.Values.network.administrationFrom' : 'list';
  return `include "sekisho.ingress" (list ${firstPort(rule)} (${peers}) .Values.network.metricsFrom)`;
}

function firstPort(rule: Json | undefined): Json | undefined {
  const ports = isObject(rule) ? rule['ports'] : undefined;
  const [first] = isList(ports) ? ports : [];
  return isObject(first) ? first['port'] : undefined;
}
