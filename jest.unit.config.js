// `npm run test:unit`: the tests that need nothing outside Node.js, and no look for what else there is on this machine.
const everything = require('./jest.config');

/** @type {import('jest').Config} */
module.exports = {
  ...everything,
  testPathIgnorePatterns: ['\\.(synth|postgres|citus|terraform|specs)\\.test\\.ts$'],
  globalSetup: '<rootDir>/test/support/unit-setup.ts',
  globalTeardown: '<rootDir>/test/support/unit-teardown.ts',
  // These keep a core busy each.
  maxWorkers: '100%',
};
