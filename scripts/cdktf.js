#!/usr/bin/env node
// `npx cdktf` in this project: the cdktf CLI with its telemetry switched off, which cdktf.json has no key for
// (crash reports are off in cdktf.json), and with the guards before what deploys or destroys. Everything else goes
// straight through.
process.env.CHECKPOINT_DISABLE = '1';
const argv = process.argv.slice(2);

function cdktf() {
  require('cdktf-cli/bundle/bin/cdktf.js');
}

async function guarded() {
  const typescript = require('ts-node').register({ swc: true, projectSearchDir: __dirname });
  const { guardCdktf, parseCdktf } = require('./infra/before-cdktf');
  const { streamReporter } = require('./lib/reporter');
  const command = parseCdktf(argv);
  if (command === undefined) return 0;
  const stop = new AbortController();
  const abort = () => stop.abort();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, abort);
  const context = {
    reporter: streamReporter(process.stderr),
    signal: stop.signal,
    confirm: async () => false,
  };
  try {
    return await guardCdktf(command, context, process.env);
  } finally {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, abort);
    typescript.enabled(false);
  }
}

// A flag before the verb hides it from a look at the first word alone, so any word counts; the parser decides.
if (argv.includes('deploy') || argv.includes('destroy')) {
  guarded().then((status) => (status === 0 ? cdktf() : process.exit(status)));
} else {
  cdktf();
}
