/** One metric of the Prometheus text format. */
export interface Exposed {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** Each label with its values, in the order in which they are told. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

/** Of every process that runs on Node, and of the runtime's making. */
const OF_NODE = /^(process|nodejs)_/;
const SAMPLE = /^([a-z_:][\w:]*)(?:\{(.*)\})? \S+$/i;

/** What a process exposes, without what every process on Node does. */
export function exposedBy(text: string): readonly Exposed[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name === '' || OF_NODE.test(name)) return [];
    // Envoy helps nobody.
    const help = /^# HELP \S+ (.*)$/.exec(lines[index - 1] ?? '')?.[1] ?? '';
    return [{ name, type, help, labels: labelsOf(lines, type === 'histogram' ? `${name}_count` : name) }];
  });
}

function labelsOf(lines: readonly string[], sample: string): Readonly<Record<string, readonly string[]>> {
  const values = new Map<string, Set<string>>();
  for (const line of lines) {
    const [, name, labels = ''] = SAMPLE.exec(line) ?? [];
    if (name !== sample) continue;
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
      values.set(label, (values.get(label) ?? new Set()).add(value));
    }
  }
  return Object.fromEntries([...values].map(([label, found]) => [label, [...found]]));
}
