import { expect, test } from 'vitest';
import { emitDocuments } from './emit.ts';
import { type Child, type Node, plain } from './tree.ts';

const emit = (node: Node): string => emitDocuments([{ node }]);
const map = (...children: Child[]): Node => ({ type: 'map', children });
const list = (...children: Child[]): Node => ({ type: 'list', children });
const when = ['.Values.on'];

test('a manifest without conditions is plain YAML', () => {
  const manifest = { kind: 'Service', spec: { ports: [{ port: 80, name: 'http' }], selector: {}, ips: [] } };
  expect(emit(plain(manifest))).toBe(`---
kind: Service
spec:
  ports:
    - port: 80
      name: http
  selector: {}
  ips: []
`);
});

test('neighbours under one condition share it, and its opposite is an else', () => {
  const node = map(
    { key: 'a', node: plain(1), when },
    { key: 'b', node: plain(2), when },
    { key: 'c', node: plain(3), when: ['not .Values.on'] },
    { key: 'd', node: plain(4) },
  );
  expect(emit(node)).toBe(`---
{{- if .Values.on }}
a: 1
b: 2
{{- else }}
c: 3
{{- end }}
d: 4
`);
});

test('several conditions must all hold', () => {
  const node = map({ key: 'a', node: plain(1), when: ['.Values.on', 'not .Values.off'] }, { key: 'b', node: plain(2) });
  expect(emit(node)).toContain('{{- if and (.Values.on) (not .Values.off) }}\na: 1\n{{- end }}');
});

test('lines are indented as deep as they stand', () => {
  const lines: Node = { type: 'lines', text: 'toYaml .' };
  const node = map({
    key: 'spec',
    node: map({ key: 'x', node: lines, with: '.Values.x' }, { key: 'z', node: plain(1) }),
  });
  expect(emit(node)).toBe(`---
spec:
  {{- with .Values.x }}
  x:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  z: 1
`);
});

test('an item of a list starts with a key that is always there', () => {
  const item = map({ key: 'maybe', node: plain(1), when }, { key: 'name', node: plain('a') });
  expect(emit(list({ node: item }))).toContain('- name: a\n  {{- if .Values.on }}\n  maybe: 1');
});

test('texts that YAML 1.1 would read as something else are quoted', () => {
  expect(emit(plain(['no', 'on', '1', '0644', 'a: b', '', 'plain']))).toBe(
    `---\n${['"no"', '"on"', '"1"', '"0644"', '"a: b"', '""', 'plain'].map((text) => `- ${text}\n`).join('')}`,
  );
});

test('a text that a template would read is refused', () => {
  expect(() => emit(plain('{{ .Values.secret }}'))).toThrow('a template would read');
});

test('peers that conditions could all take away are refused: nobody would become everybody', () => {
  const rule = map({ key: 'from', node: list({ node: plain('a'), when }, { node: plain('b'), with: '.Values.b' }) });
  expect(() => emit(rule)).toThrow('may be left empty');
});
