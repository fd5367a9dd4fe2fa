#!/usr/bin/env node
// `npm run check:cdktn`: no verb of scaleout, as it judges this project's tools and no environment.
require('./typescript');
const { explain } = require('./lib/errors');
const { streamReporter } = require('./lib/reporter');
const { checkCdktn } = require('./cdktn/check');

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => stop.abort());

checkCdktn({ reporter: streamReporter(process.stderr), signal: stop.signal }).then(
  ({ text, outcome }) => {
    process.stdout.write(`${text}\n`);
    process.exitCode = outcome === 'done' ? 0 : 1;
  },
  (error) => {
    process.stderr.write(`error: ${explain(error)}\n`);
    process.exitCode = 1;
  },
);
