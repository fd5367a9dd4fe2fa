#!/usr/bin/env node
// `npx cdktf` in this project: the cdktf CLI with its telemetry switched off, which cdktf.json has no key for
// (crash reports are off in cdktf.json), with the guards before what deploys or destroys, and with the reason in one
// paragraph after what failed at that. Everything else goes straight through.
process.env.CHECKPOINT_DISABLE = '1';
const argv = process.argv.slice(2);
/** Characters: more than all errors of a run, and less than the plan of a large stack. */
const MOST_KEPT = 200_000;

function cdktf() {
  require('cdktf-cli/bundle/bin/cdktf.js');
}

/** Says once more, in our words, what Terraform printed in its own. */
function explainAtExit([stack], explain) {
  // Without a name, or with a pattern, whose words these are is not known.
  if (stack === undefined || stack.includes('*')) return;
  let written = '';
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    stream.write = (chunk, ...rest) => {
      written = (written + chunk.toString()).slice(-MOST_KEPT);
      return write(chunk, ...rest);
    };
  }
  process.on('exit', (status) => {
    const reason = status === 0 ? undefined : explain(written, stack);
    if (reason !== undefined) process.stderr.write(`\n${reason}\n`);
  });
}

async function guarded() {
  const typescript = require('ts-node').register({ swc: true, projectSearchDir: __dirname });
  const { guardCdktf, parseCdktf } = require('./infra/before-cdktf');
  const { explainCdktf } = require('./infra/cdktf-output');
  const { EXIT, explain, ScaleoutError } = require('./lib/errors');
  const { streamReporter } = require('./lib/reporter');
  const stop = new AbortController();
  const abort = () => stop.abort();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, abort);
  const context = {
    reporter: streamReporter(process.stderr),
    signal: stop.signal,
    confirm: async () => false,
  };
  try {
    const command = parseCdktf(argv, process.env);
    if (command === undefined) return EXIT.done;
    const status = await guardCdktf(command, context, process.env);
    if (status === 0 && command.stacks.length === 1) explainAtExit(command.stacks, explainCdktf);
    return status;
  } catch (error) {
    console.error(`error: ${explain(error)}`);
    return error instanceof ScaleoutError ? error.exitCode : EXIT.failed;
  } finally {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, abort);
    typescript.enabled(false);
  }
}

// A flag before the verb hides it from a look at the first word alone, so any word counts; the parser decides.
if (['deploy', 'apply', 'watch', 'destroy'].some((verb) => argv.includes(verb))) {
  guarded().then((status) => (status === 0 ? cdktf() : process.exit(status)));
} else {
  cdktf();
}
