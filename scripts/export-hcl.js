#!/usr/bin/env node
// `npm run export:hcl`: every stack in Terraform's native syntax.
require('./typescript');
const { explain } = require('./lib/errors');
const { exportHcl } = require('./hcl/export');

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => stop.abort());

exportHcl({ signal: stop.signal }).then(
  ({ text }) => process.stdout.write(`${text}\n`),
  (error) => {
    process.stderr.write(`error: ${explain(error)}\n`);
    process.exitCode = 1;
  },
);
