#!/usr/bin/env node
// TypeScript without a build step: types are checked by `npm run check:types`, not at every start.
require('./typescript');
const { run } = require('./cli/program');

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => {
    // The second time it is a person who will not wait for the safe point.
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
    process.stderr.write('\nstopping at the next safe point; once more stops at once\n');
  });
}
// A reader that closes early (`| head`) is no fault of ours.
process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 1));

run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  environment: process.env,
  signal: stop.signal,
}).then((status) => process.exit(status));
