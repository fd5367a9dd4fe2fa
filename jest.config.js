// Lanes (unit, synth, postgres, citus, terraform) are told apart by file name; test/support/lanes.ts decides which
// of them can run on this machine, and the reporter at the end names those that could not, with the reason.

/**
 * Asked for alone, as in `npx jest terraform.test`, the terraform lane waits for the provider's own pauses more than it
 * computes, and takes half the time with twice the workers. Beside databases that would be too much for a small machine.
 */
const terraformAlone = process.argv.slice(2).some((argument) => argument.includes('terraform'));

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }],
  },
  modulePathIgnorePatterns: ['<rootDir>/cdktf.out', '<rootDir>/.scaleout'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  reporters: ['default', '<rootDir>/test/support/lanes-reporter.js'],
  clearMocks: true,
  restoreMocks: true,
  testTimeout: 20_000,
  maxWorkers: terraformAlone ? 4 : 2,
};
