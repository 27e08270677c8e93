/**
 * Mutates what decides. Of core that is the algorithms and every policy's machine, with the unit tests beside the sources
 * as their specification, quick enough to run once per mutant. Of another package, `HOLDFAST_MUTATED=secrets`, it is what
 * keeps secrets where they belong and strangers out, with all tests of the package.
 */
const MUTATED = {
  core: ['packages/core/src/algorithms/**/*.ts', 'packages/core/src/**/machine.ts', '!packages/core/src/**/*.test.ts'],
  secrets: [
    'packages/secrets/src/auth/*.ts',
    'packages/secrets/src/secrecy/*.ts',
    'packages/secrets/src/provider/{owed-renewal,parts,reader,secret-text}.ts',
    'packages/secrets/src/env/{variables,describe}.ts',
  ],
  inspector: [
    'packages/inspector/src/server/{door,hosts,token,body,place,request-rate}.ts',
    'packages/inspector/src/app/*.ts',
  ],
};

const { HOLDFAST_MUTATED: name = 'core' } = process.env;
if (!(name in MUTATED)) throw new Error(`HOLDFAST_MUTATED is one of ${Object.keys(MUTATED).join(', ')}`);
process.env.HOLDFAST_MUTATED = name;

export default {
  mutate: MUTATED[name],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--expose-gc'],
  plugins: ['@stryker-mutator/jest-runner'],
  jest: { projectType: 'custom', configFile: 'jest.config.ts', enableFindRelatedTests: true },
  coverageAnalysis: 'perTest',
  ignorePatterns: ['**/dist', 'coverage', 'reports', 'tools', 'benchmarks'],
  tempDirName: '.stryker-tmp',
  reporters: ['clear-text', 'progress', 'html'],
  htmlReporter: { fileName: 'reports/mutation.html' },
  clearTextReporter: { allowColor: false, logTests: false },
  thresholds: { high: 100, low: 95, break: 95 },
  concurrency: 2,
};
