/**
 * The direction of dependencies (docs/adr/0002): a part may import only from parts to its left.
 *   policy, tokens, telemetry <- sessions, kube, identity <- operator, auth, guard, cdk8s, samples, cli <- test-e2e, bench
 */
const base = '^packages/(policy|tokens|telemetry)/';
const middle = '^packages/(sessions|kube|identity)/';
const top = '^(operator|services|cdk8s|packages/cli)/';
const packaging = '^packaging/';
const tests = '^(test-e2e|bench)/';
const testFile = '\\.(test|integration)\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'unresolvable',
      comment:
        'a browser resolves paths of its own host: services/samples/web/src/app.test.ts holds that they are served',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^/web/' },
    },
    { name: 'base-imports-nothing-above', severity: 'error', from: { path: base }, to: { path: [middle, top, tests] } },
    { name: 'middle-imports-nothing-above', severity: 'error', from: { path: middle }, to: { path: [top, tests] } },
    { name: 'top-imports-no-tests', severity: 'error', from: { path: top }, to: { path: tests } },
    {
      name: 'top-parts-stand-alone',
      comment: 'operator, auth, guard, cdk8s, cli and each sample meet only in packages/',
      severity: 'error',
      from: { path: '^(operator|cdk8s|packages/cli|services/auth|services/guard|services/samples/[^/]+)/' },
      to: { path: top, pathNot: '^$1/' },
    },
    {
      name: 'packaging-stands-alone',
      comment: 'it reads the parts as files',
      severity: 'error',
      from: { path: packaging },
      to: { path: [base, middle, top, tests] },
    },
    {
      name: 'base-packages-stand-alone',
      severity: 'error',
      from: { path: '^packages/(policy|tokens|telemetry)/' },
      to: { path: base, pathNot: '^packages/$1/' },
    },
    {
      name: 'policy-is-pure',
      comment: 'no Node API, no network, no Kubernetes client: the compiler runs anywhere',
      severity: 'error',
      from: { path: '^packages/policy/src/', pathNot: [testFile, '/testing/'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only-public-entries',
      comment: 'another package is imported by its name, never by a path into it',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: ['^packages/$1/', '^packages/[^/]+/src/(index|fastify|testing/index)\\.ts$'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|dist|\\.local)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs'],
    },
    combinedDependencies: true,
  },
};
