#!/usr/bin/env node
// TypeScript without a build step: types are checked by `npm run check:types`, not at every start.
require('ts-node').register({ swc: true, projectSearchDir: __dirname });
require('./cli');
