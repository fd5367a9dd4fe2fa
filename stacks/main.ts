import path from 'node:path';
import { draftConfig, loadConfig } from '../config/environment/environment';
import type { Stage } from '../config/environment/environment';
import { STAGES } from '../config/environment/environment-schema';
import { ConfigError } from '../config/file/config-error';
import { synthesize } from './synthesize';

/**
 * Synthesizes every environment of `config/` (or of SCALEOUT_CONFIG_DIR) as a stack, and one more for where their states
 * lie, if bootstrap.yaml says so.
 *
 * SCALEOUT_STAGE shows all of them at another stage than their files say, for audits. Scaling out cannot be undone, so
 * this asks for an output directory of its own and what `cdktf deploy` reads stays what the files say:
 *
 *     SCALEOUT_STAGE=scaled-out npx cdktf synth --output .scaleout/scaled-out
 *
 * SCALEOUT_UNFINISHED=leave-out writes the environments whose files are right and leaves out the others, for audits as well.
 */
function main(): void {
  const stage = requestedStage(process.env['SCALEOUT_STAGE'], process.env['CDKTF_OUTDIR']);
  const { environments, bootstrap } = leavesOutUnfinished(process.env) ? draftConfig() : loadConfig();
  synthesize(environments, { bootstrap, ...(stage === undefined ? {} : { stage }) });
}

function requestedStage(requested: string | undefined, outdir: string | undefined): Stage | undefined {
  if (requested === undefined || requested === '') return undefined;
  const stage = STAGES.find((each) => each === requested);
  if (stage === undefined) {
    throw new ConfigError([
      {
        code: 'config.wrong-value',
        file: 'SCALEOUT_STAGE',
        path: '',
        problem: `is "${requested}": it must be ${STAGES.join(' or ')}`,
      },
    ]);
  }
  if (isDeployed(outdir)) {
    throw new ConfigError([
      {
        code: 'config.wrong-value',
        file: 'SCALEOUT_STAGE',
        path: '',
        problem: `is "${requested}", and the output would be what cdktf deploy reads: unset it, or give --output another directory, as in .scaleout/${requested}`,
      },
    ]);
  }
  return stage;
}

/** Whether the output is what `cdktf deploy` reads. */
function isDeployed(outdir: string | undefined): boolean {
  return path.resolve(outdir ?? 'cdktf.out') === path.join(path.dirname(__dirname), 'cdktf.out');
}

/** What is deployed is always all of it. */
function leavesOutUnfinished({
  SCALEOUT_UNFINISHED: asked,
  CDKTF_OUTDIR: outdir,
}: NodeJS.ProcessEnv): boolean {
  return asked === 'leave-out' && !isDeployed(outdir);
}

try {
  main();
} catch (error) {
  // What a person wrote wrong needs no stack trace; anything else is ours, and does.
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
