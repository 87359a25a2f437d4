import type { ReceivedSpan } from './otlp.ts';

export interface TraceNode {
  readonly span: ReceivedSpan;
  /** In the order in which they began. */
  readonly children: readonly TraceNode[];
}

/**
 * The spans of one trace below each other.
 * @throws Error unless they are one whole tree: one root, and no span whose parent is not there
 */
export function traceTree(spans: readonly ReceivedSpan[]): TraceNode {
  const known = new Set(spans.map(({ spanId }) => spanId));
  if (known.size !== spans.length) throw new Error('a span came twice');
  const orphans = spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !known.has(parentSpanId));
  if (orphans.length > 0) throw new Error(`no parent came of ${orphans.map(label).join(', ')}`);
  const roots = childrenOf(spans, undefined);
  const [root] = roots;
  if (root === undefined || roots.length > 1) throw new Error(`${roots.length} roots: ${spans.map(label).join(', ')}`);
  if (sizeOf(root) !== spans.length) throw new Error('the spans go round in a circle');
  return root;
}

function childrenOf(spans: readonly ReceivedSpan[], parent: string | undefined): readonly TraceNode[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .toSorted((a, b) => Number(a.start - b.start))
    .map((span) => ({ span, children: childrenOf(spans, span.spanId) }));
}

function sizeOf({ children }: TraceNode): number {
  return children.reduce((size, child) => size + sizeOf(child), 1);
}

/** `service: name`. */
export function label({ service, name }: ReceivedSpan): string {
  return `${service}: ${name}`;
}

/** The labels from the root to the first span that fits; empty where none does. */
export function pathTo(node: TraceNode, fits: (span: ReceivedSpan) => boolean): readonly string[] {
  if (fits(node.span)) return [label(node.span)];
  for (const child of node.children) {
    const path = pathTo(child, fits);
    if (path.length > 0) return [label(node.span), ...path];
  }
  return [];
}
