import type { ReceivedSpan } from './otlp.ts';
import type { TraceNode } from './trace-tree.ts';

export interface WaterfallOptions {
  /** Characters of the bars. @default 44 */
  readonly width?: number;
  /** Colours of a terminal, one for each service. @default false */
  readonly colour?: boolean;
}

const COLOURS = [36, 33, 32, 35, 34, 31, 96, 93, 92, 95] as const;
const SERVICE_WIDTH = 22;
const NAME_WIDTH = 46;
const MS = 1_000_000;

/** A trace as a picture of text: who did what, below whom, and when. */
export function waterfall(root: TraceNode, { width = 44, colour = false }: WaterfallOptions = {}): string {
  const rows = rowsOf(root, '', '');
  const begin = rows.reduce((first, { span }) => (span.start < first ? span.start : first), root.span.start);
  const end = rows.reduce((last, { span }) => (span.end > last ? span.end : last), root.span.end);
  const scale = { begin, length: Number(end - begin) || 1, width };
  const services = [...new Set(rows.map(({ span }) => span.service))];
  const lines = rows.map((row) => {
    const paint = painter(colour, services.indexOf(row.span.service));
    const name = `${row.branch}${titleOf(row.span)}`;
    return [
      paint(fit(row.span.service, SERVICE_WIDTH)),
      fit(name, NAME_WIDTH),
      paint(bar(row.span, scale)),
      took(row.span),
    ].join(' ');
  });
  const head = `${services.length} parts, ${rows.length} spans, ${(scale.length / MS).toFixed(1)} ms, trace ${root.span.traceId}`;
  return [head, ...lines].join('\n');
}

/** Of who asks somebody, with whom. */
function titleOf({ name, attributes, failed }: ReceivedSpan): string {
  const peer = attributes['peer.service'];
  return `${name}${peer === undefined ? '' : ` → ${peer}`}${failed ? ' ✗' : ''}`;
}

interface Row {
  readonly span: ReceivedSpan;
  /** The lines of the tree before its name. */
  readonly branch: string;
}

function rowsOf({ span, children }: TraceNode, branch: string, below: string): readonly Row[] {
  const parts = children.flatMap((child, index) => {
    const isLast = index === children.length - 1;
    return rowsOf(child, `${below}${isLast ? '└ ' : '├ '}`, `${below}${isLast ? '  ' : '│ '}`);
  });
  return [{ span, branch }, ...parts];
}

interface Scale {
  readonly begin: bigint;
  /** Nanoseconds. */
  readonly length: number;
  readonly width: number;
}

function bar({ start, end }: ReceivedSpan, { begin, length, width }: Scale): string {
  const at = (moment: bigint) => (Number(moment - begin) / length) * width;
  const from = Math.min(Math.floor(at(start)), width - 1);
  const size = Math.max(1, Math.min(Math.round(at(end)) - from, width - from));
  return `${'·'.repeat(from)}${'█'.repeat(size)}${'·'.repeat(width - from - size)}`;
}

function took({ start, end }: ReceivedSpan): string {
  return `${(Number(end - start) / MS).toFixed(2).padStart(8)} ms`;
}

function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

function painter(colour: boolean, index: number): (text: string) => string {
  if (!colour) return (text) => text;
  return (text) => `\x1b[${COLOURS[index % COLOURS.length]}m${text}\x1b[0m`;
}
