import type { KubeObject } from '../object.ts';
import type { Resource } from '../resource.ts';

export const CONFIG_MAPS: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};

export function configMap(name: string, resourceVersion: string, data: Record<string, string> = {}): KubeObject {
  const metadata = { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

export function listOf(resourceVersion: string, items: readonly unknown[], token?: string): unknown {
  return { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion, continue: token }, items };
}

export function statusOf(code: number, reason: string, message = reason): unknown {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message };
}
