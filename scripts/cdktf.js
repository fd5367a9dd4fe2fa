#!/usr/bin/env node
// `npx cdktf` in this project: the cdktf CLI with its telemetry switched off, which cdktf.json has no key for.
// (Crash reports are off in cdktf.json.)
process.env.CHECKPOINT_DISABLE = '1';
require('cdktf-cli/bundle/bin/cdktf.js');
