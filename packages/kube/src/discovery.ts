import type { KubeClient } from './client.ts';
import { KindUnknownError } from './errors.ts';
import { isRecord, parseJson, textField } from './json.ts';
import type { Resource } from './resource.ts';

/**
 * Finds where the API server keeps objects of an apiVersion and kind, for callers that apply any manifest.
 * Throws `KindUnknownError` while it serves none.
 */
export async function discover(
  client: KubeClient,
  type: { readonly apiVersion: string; readonly kind: string },
  signal?: AbortSignal,
): Promise<Resource> {
  const [group, version] = splitApiVersion(type.apiVersion);
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const list = parseJson(path, await client.raw(path, { signal }));
  const resources = isRecord(list) && Array.isArray(list['resources']) ? list['resources'].filter(isRecord) : [];
  // Subresources are listed as PLURAL/SUBRESOURCE, some with the parent's kind.
  const found = resources.find((entry) => entry['kind'] === type.kind && !textField(entry, 'name')?.includes('/'));
  const plural = found && textField(found, 'name');
  if (!found || plural === undefined) {
    throw new KindUnknownError('kind_unknown', `the API server serves no ${type.kind} in ${type.apiVersion}`);
  }
  return { group, version, plural, kind: type.kind, namespaced: found['namespaced'] === true };
}

function splitApiVersion(apiVersion: string): [group: string, version: string] {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}
