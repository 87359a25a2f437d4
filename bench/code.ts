import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseSync } from '@swc/core';
import { type Figure, percentile, publish } from './report.ts';

/** How long files and functions are: of all tracked TypeScript sources, tests apart. */
const files = execFileSync('git', ['ls-files', '*.ts'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && !/\.(test|integration|e2e)\.ts$/.test(file));

const FUNCTIONS = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'Constructor',
]);

function lineCount(text: string): number {
  return text.trimEnd().split('\n').length;
}

/** Lines of each function in a file, from the opening of its head to its closing brace. */
function functionLengths(source: string): number[] {
  const bytes = Buffer.from(source);
  const module = parseSync(source, { syntax: 'typescript', target: 'es2022' });
  const lengths: number[] = [];
  // Positions count bytes and go on from one parse to the next: the module's start is the origin.
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const child of node) visit(child);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    const { type, span } = node as { type?: string; span?: { start: number; end: number } };
    if (type !== undefined && span !== undefined && FUNCTIONS.has(type)) {
      lengths.push(lineCount(bytes.subarray(span.start - origin, span.end - origin).toString('utf8')));
    }
    for (const child of Object.values(node)) visit(child);
  };
  const origin = module.span.end - bytes.length;
  visit(module.body);
  return lengths;
}

const sources = files.map((file) => readFileSync(file, 'utf8'));
const perFile = sources.map(lineCount);
const perFunction = sources.flatMap(functionLengths);
const figure = (name: string, value: number, unit: string): Figure => ({ name, value, unit });
publish('code', [
  figure('files', files.length, ''),
  figure('lines per file, median', percentile(perFile, 0.5), 'lines'),
  figure('lines per file, 95th percentile', percentile(perFile, 0.95), 'lines'),
  figure('lines per file, longest', Math.max(...perFile), 'lines'),
  figure('lines per function, median', percentile(perFunction, 0.5), 'lines'),
  figure('lines per function, 95th percentile', percentile(perFunction, 0.95), 'lines'),
  figure('lines per function, longest', Math.max(...perFunction), 'lines'),
]);
