#!/usr/bin/env node
// `npx cdktf` in this project: the cdktf CLI with its telemetry switched off, which cdktf.json has no key for
// (crash reports are off in cdktf.json), with the guards before what deploys or destroys, and with plans that their
// owner alone can read. Everything else goes straight through.
const { spawn } = require('node:child_process');
const { accessSync, constants, existsSync, mkdirSync } = require('node:fs');
const { homedir, tmpdir } = require('node:os');
const { join } = require('node:path');

process.env.CHECKPOINT_DISABLE = '1';
keepPluginsWhereOneCan();
// Longer paths leave the plugins no room for the name of a socket (scripts/infra/terraform.ts).
if (Buffer.byteLength(tmpdir()) > 86 && existsSync('/tmp')) process.env.TMPDIR = '/tmp';
const argv = process.argv.slice(2);
const CLI = 'cdktf-cli/bundle/bin/cdktf.js';

/** The CLI gives Terraform a cache of plugins in the home, and ends where none can be kept; Terraform does without. */
function keepPluginsWhereOneCan() {
  const named = process.env.TF_PLUGIN_CACHE_DIR;
  const cache = named || join(homedir(), '.terraform.d', 'plugin-cache');
  try {
    mkdirSync(cache, { recursive: true });
    // One that a person names may be filled, and be read alone.
    if (!named) accessSync(cache, constants.W_OK);
  } catch {
    delete process.env.TF_PLUGIN_CACHE_DIR;
    process.env.CDKTF_DISABLE_PLUGIN_CACHE_ENV = '1';
  }
}

/** Runs the CLI in a process of its own, on this terminal: after it there may be more to do. */
function run(stop) {
  return (more, variables) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [require.resolve(CLI), ...argv, ...more], {
        stdio: 'inherit',
        env: { ...process.env, ...variables },
      });
      // Ctrl-C reaches both by itself, and Terraform asked twice leaves without writing its state.
      const end = () => stop.reason !== 'SIGINT' && child.kill('SIGTERM');
      stop.addEventListener('abort', end);
      child.on('error', reject).on('close', (status) => resolve(status ?? 1));
    });
}

async function guarded() {
  require('./typescript');
  const { parseCdktf } = require('./infra/before-cdktf');
  const { diffThroughCdktf, throughCdktf } = require('./infra/through-cdktf');
  const { EXIT, explain, ScaleoutError } = require('./lib/errors');
  const { streamReporter } = require('./lib/reporter');
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => stop.abort(name));
  const context = {
    reporter: streamReporter(process.stderr),
    signal: stop.signal,
    confirm: async () => false,
  };
  try {
    const command = parseCdktf(argv, process.env);
    const cdktf = run(stop.signal);
    if (command === undefined) return await cdktf([], {});
    const through = command.verb === 'diff' ? diffThroughCdktf : throughCdktf;
    return await through(command, context, process.env, cdktf);
  } catch (error) {
    console.error(`error: ${explain(error)}`);
    return error instanceof ScaleoutError ? error.exitCode : EXIT.failed;
  }
}

// A flag before the verb hides it from a look at the first word alone, so any word counts; the parser decides.
if (['diff', 'plan', 'deploy', 'apply', 'watch', 'destroy'].some((verb) => argv.includes(verb))) {
  guarded().then((status) => process.exit(status));
} else {
  require(CLI);
}
