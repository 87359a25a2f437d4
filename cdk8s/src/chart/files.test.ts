import { expect, test } from 'vitest';
import { emitDocuments } from './emit.ts';
import { withFiles } from './files.ts';
import { type Json, plain } from './tree.ts';

const RULE = { alert: 'Down', annotations: { description: '{{ $value }} are\n"down"' } };

const rule = (rules: Json) =>
  plain({ kind: 'PrometheusRule', metadata: { name: 'sekisho' }, spec: { groups: [{ name: 'guard', rules }] } });

test('rules lie in a file for each group, which is read where they stood', () => {
  const { node, files } = withFiles(rule([RULE]), 'PrometheusRule/sekisho');
  expect([...files.keys()]).toEqual(['files/rules/guard.yaml']);
  expect(files.get('files/rules/guard.yaml')).toContain('{{ $value }}');
  expect(emitDocuments([{ node }])).toMatch(
    /- name: guard\n {6}rules:\n {8}\{\{- \.Files\.Get "files\/rules\/guard\.yaml" \| .* \| nindent 8 \}\}\n/,
  );
});

test('a dashboard lies in a file by the name of its key', () => {
  const text = JSON.stringify({ title: '{{part}} <b>' });
  const map = plain({ kind: 'ConfigMap', data: { 'a.json': text } });
  const { node, files } = withFiles(map, 'ConfigMap/sekisho-dashboard-a');
  expect([...files]).toEqual([['files/dashboards/a.json', `${text}\n`]]);
  expect(emitDocuments([{ node }])).toContain('a.json: {{ .Files.Get "files/dashboards/a.json" | trim | toJson }}\n');
});

test('rules under a condition are refused: a file is whole', () => {
  const when = ['.Values.on'];
  const group = {
    type: 'map',
    children: [
      { key: 'name', node: plain('guard') },
      { key: 'rules', node: { type: 'list', children: [{ node: plain(RULE), when }] } },
    ],
  } as const;
  const groups = { type: 'list', children: [{ node: group }] } as const;
  const manifest = {
    type: 'map',
    children: [{ key: 'spec', node: { type: 'map', children: [{ key: 'groups', node: groups }] } }],
  } as const;
  expect(() => withFiles(manifest, 'PrometheusRule/sekisho')).toThrow('a file depends on a value');
});

test('any other manifest stays as it is', () => {
  const service = plain({ kind: 'ConfigMap', data: { a: 'b' } });
  expect(withFiles(service, 'ConfigMap/other')).toEqual({ node: service, files: new Map() });
});
