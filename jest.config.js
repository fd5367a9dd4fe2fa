// Lanes (unit, synth, postgres, citus, terraform, specs) are told apart by file name; test/support/lanes.ts decides which
// of them can run on this machine, and the reporter at the end names those that could not, with the reason.

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
  testSequencer: '<rootDir>/test/support/longest-first.js',
  reporters: ['default', '<rootDir>/test/support/lanes-reporter.js'],
  clearMocks: true,
  restoreMocks: true,
  testTimeout: 20_000,
  // Much of a run is the provider's own pauses, so twice the cores of a small machine. Citus has servers for each worker; a cluster that
  // CITUS_URL names has one database, which one test file has at a time.
  maxWorkers: (process.env.CITUS_URL ?? '') === '' ? 4 : 1,
};
