import { transformSync } from 'esbuild';
import type { Config } from 'jest';
import { readdirSync, readFileSync } from 'node:fs';

/** Packages of ES modules alone that the vendors' SDKs require: newer Nodes do, Jest's own loader does not. */
const ES_MODULES = '(?:https?-proxy-agent|proxy-agent-negotiate|agent-base)/';

const common = {
  testEnvironment: 'node',
  transformIgnorePatterns: [`/node_modules/(?!(?:.*/)?${ES_MODULES})`],
  modulePathIgnorePatterns: ['<rootDir>/.stryker-tmp/', '<rootDir>/tools/', '/dist/'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  testEnvironmentOptions: { customExportConditions: ['@holdfast/source', 'node', 'node-addons'] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
} satisfies Config;

const compiledWith = (tsconfig: string): Pick<Config, 'transform'> => ({
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: `<rootDir>/${tsconfig}` }],
    [`/${ES_MODULES}.+\\.js$`]: '<rootDir>/scripts/jest-es-modules.cjs',
  },
});

/** `test/both` holds one body of tests that runs in every decorator dialect; all else is compiled once. */
const projects = [
  {
    ...common,
    ...compiledWith('tsconfig.test.json'),
    displayName: 'standard',
    testMatch: ['<rootDir>/packages/*/{src,test}/**/*.test.ts', '<rootDir>/examples/*/test/**/*.test.ts'],
    testPathIgnorePatterns: [...common.testPathIgnorePatterns, '/test/legacy/', '/test/types/'],
  },
  {
    ...common,
    ...compiledWith('tsconfig.test.legacy.json'),
    displayName: 'legacy',
    testMatch: ['<rootDir>/packages/*/test/{both,legacy}/**/*.test.ts'],
  },
  {
    ...common,
    ...compiledWith('tsconfig.test.legacy-plain.json'),
    displayName: 'legacy without metadata',
    testMatch: ['<rootDir>/packages/*/test/both/**/*.test.ts'],
  },
];

/** For mutation testing of one package: see stryker.config.mjs. */
const testsOf = (mutated: string) => ({
  ...common,
  ...compiledWith('tsconfig.test.json'),
  displayName: 'mutated',
  testMatch:
    mutated === 'core'
      ? ['<rootDir>/packages/*/src/**/*.test.ts']
      : [`<rootDir>/packages/${mutated}/{src,test}/**/*.test.ts`],
});

const mutated = process.env['HOLDFAST_MUTATED'];

/** Files of nothing but types are never loaded, and would count as lines that no test has reached. */
const filesOfTypes = (): string[] =>
  readdirSync('packages', { recursive: true, encoding: 'utf8' })
    .filter((name) => /^[^/\\]+[/\\]src[/\\].*(?<!\.test)\.ts$/.test(name))
    .map((name) => `packages/${name.replaceAll('\\', '/')}`)
    .filter((file) => transformSync(readFileSync(file, 'utf8'), { loader: 'ts' }).code.trim() === '');

const isMeasured = process.argv.includes('--coverage');

const fully = { statements: 100, branches: 100, functions: 100, lines: 100 };

const config: Config = {
  reporters: ['default', '<rootDir>/scripts/ci-reporter.cjs'],
  // Nothing waits in real time, but full garbage collections and measured code are slow on a busy machine.
  testTimeout: 60_000,
  // In one process the heap grows with every file, and each collection that a test asks for takes seconds.
  maxWorkers: 2,
  workerIdleMemoryLimit: '800MB',
  coverageProvider: 'v8',
  coverageReporters: ['text', 'lcovonly'],
  collectCoverageFrom: [
    'packages/*/src/**/*.ts',
    '!**/*.test.ts',
    '!packages/*/src/index.ts',
    ...(isMeasured ? filesOfTypes().map((file) => `!${file}`) : []),
  ],
  coverageThreshold: {
    './packages/core/src/': { statements: 95, branches: 95, functions: 95, lines: 95 },
    './packages/core/src/algorithms/**/*.ts': fully,
    './packages/core/src/**/machine.ts': fully,
  },
  projects: mutated === undefined ? projects : [testsOf(mutated)],
};
export default config;
