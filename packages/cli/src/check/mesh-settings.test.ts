import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { meshFindings } from './mesh-settings.ts';

const OURS = new URL('../../../../istio/mesh-config.yaml', import.meta.url);
const text = await readFile(OURS, 'utf8');

const GUARD = { service: 'sekisho-guard.sekisho-system', isAsked: true };

interface Settings {
  pathNormalization: Record<string, unknown>;
  extensionProviders: { name: string; envoyExtAuthzHttp: Record<string, unknown> }[];
}

/** Our own mesh config, changed. */
function changed(change: (settings: Settings) => void): unknown {
  const settings: Settings = parse(text);
  change(settings);
  return settings;
}

function provider({ extensionProviders }: Settings, name: string): Record<string, unknown> {
  const found = extensionProviders.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found.envoyExtAuthzHttp;
}

const faults = (settings: unknown) =>
  meshFindings(settings, GUARD)
    .filter(({ state }) => state !== 'ok')
    .map(({ about, state, found, next }) => `${state} ${about}: ${found}${next === undefined ? '' : '.'}`);

test('the mesh config that is published lacks nothing', () => {
  expect(meshFindings(parse(text), GUARD).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
});

test.each<[string, (settings: Settings) => void, string]>([
  ['paths are not normalised', (s) => (s.pathNormalization['normalization'] = 'BASE'), 'pathNormalization: BASE'],
  ['the guard may be away', (s) => (provider(s, 'sekisho-hop')['failOpen'] = true), 'sekisho-hop: failOpen'],
  ['a provider is gone', (s) => s.extensionProviders.splice(0, 1), 'sekisho-edge: not there'],
  [
    'cookies are kept from the guard',
    (s) => (provider(s, 'sekisho-edge')['includeRequestHeadersInCheck'] = ['origin']),
    'lacks x-forwarded-proto',
  ],
  [
    'the token of the client goes on',
    (s) => delete provider(s, 'sekisho-edge')['headersToUpstreamOnAllow'],
    'lacks authorization, cookie',
  ],
  [
    'a page is not led to the log-in',
    (s) =>
      (provider(s, 'sekisho-edge')['headersToDownstreamOnDeny'] = [
        'Content-Type',
        'cache-control',
        'www-authenticate',
        'retry-after',
      ]),
    'headersToDownstreamOnDeny lacks location',
  ],
  [
    'another path is asked',
    (s) => (provider(s, 'sekisho-hop')['pathPrefix'] = '/edge'),
    'pathPrefix is /edge instead of /hop',
  ],
  [
    'an error reads like a refusal',
    (s) => delete provider(s, 'sekisho-hop')['statusOnError'],
    'statusOnError is 403, by default, instead of 503',
  ],
  [
    'clients name the TLS server',
    (s) => (provider(s, 'sekisho-edge')['includeRequestHeadersInCheck'] as string[]).push('X-Sekisho-Server-Name'),
    'from clients',
  ],
  [
    'nobody names the TLS server',
    (s) => delete provider(s, 'sekisho-edge')['includeAdditionalHeadersInCheck'],
    "lacks x-sekisho-server-name: '%REQUESTED_SERVER_NAME%'",
  ],
])('where %s it says so, and how to mend it', (_what, change, said) => {
  const [fault, ...more] = faults(changed(change));
  expect(fault).toMatch(/^missing .*\.$/);
  expect(fault).toContain(said);
  expect(more).toEqual([]);
});

test.each([[undefined], ['10m'], ['1m0.5s'], ['soon']])('a timeout of %s is a warning', (timeout) => {
  const settings = changed((s) => {
    provider(s, 'sekisho-hop')['timeout'] = timeout;
  });
  expect(faults(settings)).toEqual([
    expect.stringMatching(/^warning mesh config: extensionProvider sekisho-hop: .* waits up to \d+/),
  ]);
});

test('an empty mesh config lacks everything, and one of another shape is not read', () => {
  expect(faults(null)).toHaveLength(3);
  expect(faults({ extensionProviders: 3 })).toEqual([expect.stringContaining('/extensionProviders')]);
});
