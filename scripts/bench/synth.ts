import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT_DIRECTORY } from '../infra/project';
import { paragraph, runProcess } from '../infra/terraform';
import { ScaleoutError } from '../lib/errors';
import type { Pair } from './figure';
import { measurePairs, secondsOf } from './figure';
import { withDirectory } from './scratch-directory';

/** A CDKTF app of the same stacks with the same resources, written down by hand: what any synth of them has to pay. */
const BARE_APP = 'test/support/bare-app.ts';

/** Whole-process seconds of synthesizing every environment, and of the bare app, started the same way. */
export async function measureSynth(signal: AbortSignal, runs: number): Promise<Pair[]> {
  const { app } = JSON.parse(await readFile(path.join(PROJECT_DIRECTORY, 'cdktf.json'), 'utf8')) as {
    app: string;
  };
  const bare = app.replace('stacks/main.ts', BARE_APP);
  if (bare === app)
    throw new ScaleoutError(
      'bench.failed',
      `cdktf.json runs "${app}" and not stacks/main.ts: the bench cannot start its peer the same way`,
    );
  return withDirectory((outdir) => {
    const synth = (command: string) => () =>
      secondsOf(async () => {
        const { exitCode, stderr } = await runProcess(command, [], {
          shell: true,
          cwd: PROJECT_DIRECTORY,
          signal,
          environment: { ...process.env, CDKTF_OUTDIR: outdir },
        });
        if (exitCode !== 0)
          throw new ScaleoutError('bench.failed', `"${command}" failed: ${paragraph(stderr)}`);
      });
    return measurePairs(runs, synth(app), synth(bare));
  });
}
