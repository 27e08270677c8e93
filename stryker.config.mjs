/**
 * Mutates what decides: the algorithms and every policy's machine. The unit tests beside the sources are their
 * specification, and quick enough to run once per mutant.
 */
process.env.HOLDFAST_UNIT_TESTS_ONLY = 'yes';

export default {
  mutate: [
    'packages/core/src/algorithms/**/*.ts',
    'packages/core/src/**/machine.ts',
    '!packages/core/src/**/*.test.ts',
  ],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--expose-gc'],
  plugins: ['@stryker-mutator/jest-runner'],
  jest: { projectType: 'custom', configFile: 'jest.config.ts', enableFindRelatedTests: true },
  coverageAnalysis: 'perTest',
  ignorePatterns: ['**/dist', 'coverage', 'reports', 'tools', 'docs', 'benchmarks'],
  tempDirName: '.stryker-tmp',
  reporters: ['clear-text', 'progress', 'html'],
  htmlReporter: { fileName: 'reports/mutation.html' },
  clearTextReporter: { allowColor: false, logTests: false },
  thresholds: { high: 100, low: 95, break: 95 },
  concurrency: 2,
};
