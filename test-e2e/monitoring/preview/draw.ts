import type { Span } from '../ask.ts';
import type { GrafanaPanel, Line, Thresholds } from './panel-data.ts';

const COLORS = [
  '#5794f2',
  '#73bf69',
  '#f2cc0c',
  '#ff780a',
  '#f2495c',
  '#b877d9',
  '#37872d',
  '#8ab8ff',
  '#c4162a',
  '#705da0',
];
const WIDTH = 600;
const HEIGHT = 150;
const SECONDS: readonly (readonly [size: number, unit: string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
  [0.001, 'ms'],
  [0.000_001, 'µs'],
];

/** The inside of a panel, as HTML. */
export function drawn(panel: GrafanaPanel, lines: readonly Line[], span: Span): string {
  const { unit = 'none', thresholds } = panel.fieldConfig?.defaults ?? {};
  switch (panel.type) {
    case 'row':
      return '';
    case 'timeseries':
      return graph(lines, unit, span);
    case 'stat':
      return `<div class="stats">${lines.map((line) => number(line, unit, thresholds)).join('')}</div>`;
    case 'bargauge':
      return bars(lines, unit);
  }
}

function graph(lines: readonly Line[], unit: string, span: Span): string {
  const top = Math.max(...lines.flatMap(({ points }) => points.map(([, value]) => value)), 0) || 1;
  const x = (time: number) => (((time - span.start) / (span.end - span.start)) * WIDTH).toFixed(1);
  const y = (value: number) => (HEIGHT - (value / top) * HEIGHT).toFixed(1);
  const paths = lines.map(({ points }, index) => {
    const path = points.map(([time, value]) => `${x(time)},${y(value)}`).join(' ');
    return `<polyline points="${path}" stroke="${color(index)}"/>`;
  });
  const legend = lines.map(({ name }, index) => `<li style="--c:${color(index)}">${escaped(name)}</li>`);
  return `<div class="axis"><span>${shown(top, unit)}</span><span>0</span></div>
    <svg viewBox="0 -4 ${WIDTH} ${HEIGHT + 8}" preserveAspectRatio="none">${paths.join('')}</svg><ul>${legend.join('')}</ul>`;
}

function number(line: Line, unit: string, thresholds: Thresholds | undefined): string {
  const value = latest(line);
  const step = thresholds?.steps.findLast((one) => one.value === null || value >= one.value);
  return `<b style="color:${step?.color ?? '#ccccdc'}">${shown(value, unit)}<i>${escaped(line.name)}</i></b>`;
}

function bars(lines: readonly Line[], unit: string): string {
  const top = Math.max(...lines.map(latest), 0) || 1;
  const rows = lines.map((line) => {
    const value = latest(line);
    return `<tr><td>${escaped(line.name)}<td><s style="width:${((value / top) * 100).toFixed(1)}%"></s><td>${shown(value, unit)}`;
  });
  return `<table>${rows.join('')}</table>`;
}

const latest = ({ points }: Line): number => points.at(-1)?.[1] ?? 0;
const color = (index: number): string => COLORS[index % COLORS.length] ?? '';
const rounded = (value: number): string => String(Number(value.toPrecision(3)));

function shown(value: number, unit: string): string {
  switch (unit) {
    case 'percentunit':
      return `${rounded(value * 100)} %`;
    case 'reqps':
    case 'ops':
      return `${rounded(value)}/s`;
    case 'bytes':
      return `${rounded(value / 2 ** 20)} MiB`;
    case 's': {
      const [size, name] = SECONDS.find(([least]) => value >= least) ?? [1, 's'];
      return `${rounded(value / size)} ${name}`;
    }
    default:
      return rounded(value);
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
