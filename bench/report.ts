import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join, resolve } from 'node:path';

const FOLDER = resolve(import.meta.dirname, '../.local/bench');

/** One measured number. A ratio names in `against` what it was measured against in the same run. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The lower and the upper quartile of the rounds whose median the value is. */
  readonly spread?: readonly [number, number];
  readonly against?: string;
  /** A bound such as `<= 2`; without one the figure only informs. */
  readonly target?: Target;
}

export interface Target {
  readonly relation: '<=' | '>=';
  readonly value: number;
}

interface Row extends Omit<Figure, 'target'> {
  readonly target?: string;
  readonly holds?: boolean;
}

/** Tells what goes on. */
export function report(line: string): void {
  console.log(`  ${line}`);
}

/** The figures of a bench, which are measured one section after the other. */
export interface Sections {
  readonly figures: readonly Figure[];
  readonly section: (title: string, measure: () => Promise<readonly Figure[]>) => Promise<void>;
}

export function createSections(): Sections {
  const figures: Figure[] = [];
  return {
    figures,
    async section(title, measure) {
      report(title);
      figures.push(...(await measure()));
    },
  };
}

/**
 * Prints a table and writes `.local/bench/<name>.json`.
 * @param notes what the figures hold for, beside the machine
 * @returns whether every target holds
 */
export function publish(name: string, figures: readonly Figure[], notes: readonly string[] = []): boolean {
  const rows = figures.map(toRow);
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
  };
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, `${name}.json`);
  writeFileSync(path, `${JSON.stringify({ machine, notes, figures: rows }, undefined, 2)}\n`);
  const width = Math.max(...rows.map((row) => row.name.length));
  for (const row of rows)
    report(`${row.name.padEnd(width)}  ${format(row.value).padStart(10)} ${row.unit}${spread(row)}${verdict(row)}`);
  for (const note of notes) report(note);
  report(path);
  return rows.every((row) => row.holds !== false);
}

function toRow({ target, ...figure }: Figure): Row {
  if (target === undefined) return figure;
  const holds = target.relation === '<=' ? figure.value <= target.value : figure.value >= target.value;
  return { ...figure, target: `${target.relation} ${target.value}`, holds };
}

function spread({ spread: quartiles }: Row): string {
  return quartiles === undefined ? '' : ` [${quartiles.map(format).join(', ')}]`;
}

function verdict(row: Row): string {
  const against = row.against === undefined ? '' : `  against ${row.against}`;
  return row.target === undefined ? against : `${against}  (${row.target}: ${row.holds === true ? 'holds' : 'MISSED'})`;
}

function format(value: number): string {
  return Number.isInteger(value) || value >= 10_000 ? String(Math.round(value)) : value.toPrecision(4);
}

/** The value below which a share `p` (0 to 1) of `values` lies, by nearest rank. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? Number.NaN;
}
