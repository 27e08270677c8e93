/**
 * The layers of packages/core/src, lowest first. A file may import its own layer's folder and everything in `sees`;
 * types count like values. A folder or a root file that no row names is an error, so a new one has to take its place.
 */
const src = '^packages/core/src/';
const test = '\\.test\\.ts$';

const layers = [
  { name: 'algorithms', path: `${src}algorithms/`, sees: [] },
  { name: 'errors', path: `${src}errors/`, sees: ['algorithms'] },
  { name: 'events', path: `${src}events/`, sees: ['algorithms', 'errors', 'runtime'] },
  { name: 'runtime', path: `${src}runtime/`, sees: ['algorithms', 'errors', 'events'] },
  { name: 'pipeline', path: `${src}pipeline/`, sees: ['algorithms', 'errors', 'events', 'runtime'] },
  { name: 'stores', path: `${src}stores/`, sees: ['algorithms', 'errors', 'events', 'runtime'] },
  {
    name: 'decorate',
    path: `${src}decorate/`,
    sees: ['algorithms', 'errors', 'events', 'runtime', 'pipeline', 'stores'],
  },
  {
    name: 'policies',
    path: `${src}policies/`,
    sees: ['algorithms', 'errors', 'events', 'runtime', 'pipeline', 'stores', 'decorate'],
  },
  {
    name: 'compositions',
    path: `${src}((built-in-policies|resilient|resilient-function|presets|configure|configured-budgets|environment|explain|bypass|shutdown|reload|runtime-api)\\.ts$|(handles|direct|advisor)/)`,
    sees: ['algorithms', 'errors', 'events', 'runtime', 'pipeline', 'stores', 'decorate', 'policies'],
  },
  { name: 'index', path: `${src}index\\.ts$`, sees: ['.*'] },
];

const pathsOf = (names) => layers.filter(({ name }) => names.includes(name)).map(({ path }) => path);

const pointDown = layers
  .filter(({ name }) => name !== 'index')
  .map(({ name, path, sees }) => ({
    name: `${name}-points-down`,
    comment: `${name} may import ${sees.join(', ') || 'nothing but its siblings'}`,
    severity: 'error',
    from: { path, pathNot: test },
    to: { path: src, pathNot: [path, ...pathsOf(sees)] },
  }));

export default {
  forbidden: [
    ...pointDown,
    {
      name: 'known-layer',
      comment: 'Every file of core belongs to a layer: name its folder above',
      severity: 'error',
      from: {},
      to: { path: src, pathNot: layers.map(({ path }) => path) },
    },
    {
      name: 'known-layer-of-importer',
      comment: 'Every file of core belongs to a layer: name its folder above',
      severity: 'error',
      from: { path: src, pathNot: [test, ...layers.map(({ path }) => path)] },
      to: {},
    },
    {
      name: 'no-cycle',
      comment: 'Types included: two files that need each other are one concept or lack a third',
      severity: 'error',
      from: { pathNot: test },
      to: { circular: true },
    },
    {
      name: 'policies-are-strangers',
      comment: 'A policy never imports another: what they share lies below them',
      severity: 'error',
      from: { path: `${src}policies/([^/]+)/`, pathNot: test },
      to: { path: `${src}policies/`, pathNot: `${src}policies/$1/` },
    },
    {
      name: 'events-see-ports-only',
      comment: 'events know the runtime by its types',
      severity: 'error',
      from: { path: `${src}events/`, pathNot: test },
      to: { path: `${src}runtime/`, dependencyTypesNot: ['type-only', 'npm-peer'] },
    },
    {
      name: 'machines-are-pure',
      comment: 'machine.ts imports algorithms/ and its own options and events',
      severity: 'error',
      from: { path: `${src}(.+/)machine\\.ts$` },
      to: { pathNot: [`${src}algorithms/`, `${src}$1(options|events)\\.ts$`] },
    },
    {
      name: 'algorithms-are-self-contained',
      comment: 'algorithms/ imports nothing but siblings',
      severity: 'error',
      from: { path: `${src}algorithms/`, pathNot: test },
      to: { pathNot: `${src}algorithms/` },
    },
    {
      name: 'one-door-to-node',
      comment: 'Impurities are ports: only runtime/ names built-in modules',
      severity: 'error',
      from: { path: src, pathNot: [test, `${src}runtime/`] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'one-door-to-mnemonist',
      severity: 'error',
      from: { pathNot: `${src}stores/lru\\.ts$` },
      to: { path: ['node_modules/mnemonist/', '^mnemonist'] },
    },
    {
      name: 'nobody-imports-index',
      severity: 'error',
      from: { path: src, pathNot: test },
      to: { path: `${src}index\\.ts$` },
    },
    {
      name: 'sources-import-no-tests',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: test },
      to: { path: [test, '^packages/[^/]+/test/'] },
    },
    {
      name: 'no-development-dependency',
      comment: 'What sources import at run time must be installed with the package',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: test },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only', 'npm-peer'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'through-the-front-door',
      comment: 'A package is imported by its name, not by a path into its sources',
      severity: 'error',
      from: { path: '^(packages/[^/]+|examples/[^/]+)/', pathNot: src },
      to: { path: '^packages/([^/]+)/src/(?!index\\.ts$)', pathNot: ['^$1/'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['(^|/)dist/', 'test/types/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@holdfast/source', 'import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
