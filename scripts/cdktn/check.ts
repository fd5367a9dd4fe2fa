import type { CheckDocument, SynthesizedFiles } from './judge';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { STAGES } from '../../config/environment/environment-schema';
import { withSynthesis } from '../infra/synth';
import type { ProcessEnvironment } from '../infra/terraform';
import { ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import type { InstallOptions } from './install';
import { installPackages, pinnedVersion } from './install';
import { judge } from './judge';
import { renderCheck } from './render';

/**
 * Synthesizes every environment at both stages twice, with cdktf and with cdktn in its place, and compares all that
 * was written. The app is the same, `cdktf.json`'s; only what its imports resolve to changes.
 *
 * @throws ScaleoutError when the packages cannot be installed or the app fails with either framework
 */
export async function checkCdktn(
  context: Pick<VerbContext, 'reporter' | 'signal'>,
  options: InstallOptions = {},
): Promise<VerbResult<CheckDocument>> {
  const directory = await installPackages(context, options);
  const environment = options.environment ?? process.env;
  const cdktn = pinnedVersion('cdktn');
  const ours = await synthesizeStages(environment, context.signal);
  const theirs = await synthesizeStages(withCdktn(environment, directory), context.signal);
  assertWrittenBy(cdktn, theirs);

  const document: CheckDocument = {
    formatVersion: 1,
    cdktn,
    bindings: pinnedVersion('@cdktn/provider-azurerm'),
    files: [...ours.keys()].sort(),
    differences: judge(ours, theirs),
  };
  const equal = document.differences.every(({ allowed }) => allowed !== undefined);
  return { document, text: renderCheck(document), outcome: equal ? 'done' : 'failed' };
}

async function synthesizeStages(
  environment: ProcessEnvironment,
  signal: AbortSignal,
): Promise<SynthesizedFiles> {
  const stages = await Promise.all(
    STAGES.map((stage) =>
      withSynthesis({ stage, environment, signal }, async (directory) => {
        const files = await readFiles(directory);
        return files.map(([name, text]) => [`${stage}/${name}`, text] as const);
      }),
    ),
  );
  return new Map(stages.flat());
}

function withCdktn(environment: ProcessEnvironment, directory: string): ProcessEnvironment {
  const redirect = path.join(__dirname, 'redirect.js').replaceAll('\\', '\\\\');
  return {
    ...environment,
    NODE_OPTIONS: `${environment['NODE_OPTIONS'] ?? ''} --require "${redirect}"`.trimStart(),
    SCALEOUT_CDKTN_DIRECTORY: directory,
  };
}

async function readFiles(directory: string): Promise<(readonly [name: string, text: string])[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const file = path.join(entry.parentPath, entry.name);
        const name = path.relative(directory, file).split(path.sep).join('/');
        return [name, await readFile(file, 'utf8')] as const;
      }),
  );
}

/** Comparing cdktf with itself would always be equal. */
function assertWrittenBy(version: string, files: SynthesizedFiles): void {
  const manifests = [...files].filter(([name]) => name.endsWith('/manifest.json'));
  const versions = manifests.map(([, text]) => (JSON.parse(text) as { readonly version?: string }).version);
  if (versions.length === STAGES.length && versions.every((each) => each === version)) return;
  throw new ScaleoutError(
    'cdktn.failed',
    `the synthesis that was to use cdktn ${version} was written by ${versions.map(String).join(', ')}: an import of the app goes past scripts/cdktn/redirect.js`,
  );
}
