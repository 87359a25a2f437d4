import { ManifestError } from '../errors.ts';
import { mapTexts, type Node } from './tree.ts';

/** Given to renderPlatform in place of a text that a value decides: they show where it went. */
export const MARKERS = {
  namespace: 'marked-release-namespace',
  issuer: 'https://marked-issuer.invalid',
  bootstrapAdminEmail: 'marked-administrator@invalid.example',
  operatorImage: 'marked-operator-image',
  authImage: 'marked-auth-image',
  guardImage: 'marked-guard-image',
  redisImage: 'marked-redis-image',
  redisProgram: 'marked-redis-program',
  postgresqlImage: 'marked-postgresql-image',
  authSecret: 'marked-auth-secret',
  guardSecret: 'marked-guard-secret',
  redisSecret: 'marked-redis-secret',
  postgresqlSecret: 'marked-postgresql-secret',
  loginPath: '/marked-login-path',
  trustDomain: 'marked-trust-domain',
  rootNamespace: 'marked-root-namespace',
  istiodNamespace: 'marked-istiod-namespace',
  configMapNamespace: 'marked-mesh-config-namespace',
  configMapName: 'marked-mesh-config-name',
  scrapeInterval: 'marked-scrape-interval',
  collector: 'http://marked-collector.invalid:4318',
  trustedProxies: 'marked-trusted-proxies',
  region: 'marked-region',
} as const;

const image = (part: string): string => `include "sekisho.image" (list $ .Values.${part}.image)`;

/** What each stands for, without braces. */
const EXPRESSIONS: Readonly<Record<keyof typeof MARKERS, string>> = {
  namespace: '.Release.Namespace',
  issuer: 'include "sekisho.issuer" .',
  bootstrapAdminEmail: '.Values.auth.bootstrapAdminEmail',
  operatorImage: image('operator'),
  authImage: image('auth'),
  guardImage: image('guard'),
  redisImage: image('redis'),
  redisProgram: '.Values.redis.program',
  postgresqlImage: image('postgresql'),
  authSecret: '.Values.auth.secretName',
  guardSecret: '.Values.guard.secretName',
  redisSecret: '.Values.redis.secretName',
  postgresqlSecret: '.Values.postgresql.secretName',
  loginPath: '.Values.guard.loginPath',
  trustDomain: '.Values.mesh.trustDomain',
  rootNamespace: '.Values.mesh.rootNamespace',
  istiodNamespace: '.Values.mesh.istiodNamespace',
  configMapNamespace: '.Values.mesh.configMap.namespace',
  configMapName: '.Values.mesh.configMap.name',
  scrapeInterval: '.Values.monitoring.interval',
  collector: '.Values.traces.endpoint',
  trustedProxies: 'join "," .Values.auth.trustedProxies',
  region: '.Values.region.name',
};

const PAIRS = Object.entries(MARKERS).map(([name, marker]) => ({
  marker,
  expression: EXPRESSIONS[name as keyof typeof MARKERS],
}));

/** Values that need no quotes inside of a text: the schema says what they are made of. */
const SAFE_INSIDE = /^\.(Release\.Namespace|Values\.mesh\.)/;

/** Every text that holds a marker, as the expression that it stands for. */
export function withExpressions(node: Node): Node {
  return mapTexts(node, (text) => {
    const whole = PAIRS.find(({ marker }) => marker === text);
    if (whole !== undefined) return { type: 'expression', text: `{{ ${whole.expression} | quote }}` };
    const replaced = PAIRS.reduce(replaceInside, JSON.stringify(text));
    return replaced === JSON.stringify(text) ? undefined : { type: 'expression', text: replaced };
  });
}

function replaceInside(text: string, { marker, expression }: (typeof PAIRS)[number]): string {
  if (!text.includes(marker)) return text;
  if (!SAFE_INSIDE.test(expression))
    throw new ManifestError('chart_invalid', `${expression} is only safe as a whole text, and is a part of ${text}`);
  return text.replaceAll(marker, `{{ ${expression} }}`);
}
