import { stringify } from 'yaml';
import { ManifestError } from '../errors.ts';
import { RUNBOOKS } from '../monitoring/index.ts';
import { nodeAt, replaceAt } from './edits.ts';
import { type Child, type Json, type Node, toJson } from './tree.ts';

export interface WithFiles {
  readonly node: Node;
  /** What templates read, by its path in the chart. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Rules and dashboards have braces of Prometheus and Grafana, which Helm would take for its own: they lie in files beside the templates,
 * and what a template reads with `.Files.Get` is not a template.
 * @param id `Kind/name` of the manifest
 * @throws ManifestError `chart_invalid` where a condition stands inside of what would be a file
 */
export function withFiles(manifest: Node, id: string): WithFiles {
  if (id.startsWith('PrometheusRule/')) return moved(manifest, 'spec.groups', rules);
  if (id.startsWith('ConfigMap/sekisho-dashboard-')) return moved(manifest, 'data', dashboard);
  return { node: manifest, files: new Map() };
}

interface Moved {
  readonly child: Child;
  readonly path: string;
  readonly text: string;
}

function moved(manifest: Node, at: string, move: (child: Child) => Moved): WithFiles {
  const parent = nodeAt(manifest, at);
  if (parent?.type !== 'map' && parent?.type !== 'list')
    throw new ManifestError('chart_invalid', `there is no map or list at ${at} any more`);
  const all = parent.children.map(move);
  const node: Node = { ...parent, children: all.map(({ child }) => child) };
  return {
    node: replaceAt(manifest, at, (child) => ({ ...child, node })),
    files: new Map(all.map(({ path, text }) => [path, text])),
  };
}

/** One group of a PrometheusRule. */
function rules(group: Child): Moved {
  const path = `files/rules/${constant(nodeAt(group.node, 'name'))}.yaml`;
  const text = stringify(constant(nodeAt(group.node, 'rules')), { version: '1.1', lineWidth: 0 });
  const get = `.Files.Get "${path}" | replace "${RUNBOOKS}" (.Values.monitoring.runbooks | trimSuffix "/") | trim`;
  const lines: Node = { type: 'lines', text: get };
  return {
    child: { ...group, node: replaceAt(group.node, 'rules', (child) => ({ ...child, node: lines })) },
    path,
    text,
  };
}

/** One key of a ConfigMap. */
function dashboard(entry: Child): Moved {
  const path = `files/dashboards/${entry.key}`;
  const node: Node = { type: 'expression', text: `{{ .Files.Get "${path}" | trim | toJson }}` };
  return { child: { ...entry, node }, path, text: `${constant(entry.node)}\n` };
}

function constant(node: Node | undefined): Json {
  const json = node && toJson(node);
  if (json === undefined)
    throw new ManifestError('chart_invalid', 'a file depends on a value, or is not there any more');
  return json;
}
