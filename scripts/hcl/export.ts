import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT_DIRECTORY } from '../infra/project';
import type { SynthOptions } from '../infra/synth';
import { withSynthesis } from '../infra/synth';
import { paragraph, runTerraform } from '../infra/terraform';
import { terraformWords } from '../infra/terraform-answers';
import { ScaleoutError } from '../lib/errors';
import { parseStrictJson } from '../lib/strict-json';
import type { VerbContext, VerbResult } from '../lib/verb';
import { readProviderSchemas } from './provider-schemas';
import type { ProviderSchemas } from './schema';
import { stackHcl } from './stack-hcl';

/** As deep as `cdktf.out/stacks`, so that the relative path of a local state means the same file. */
const DIRECTORY = path.join(PROJECT_DIRECTORY, '.scaleout', 'hcl');

export interface ExportOptions extends Pick<SynthOptions, 'environment'> {
  /** Gets a directory to a stack. @default .scaleout/hcl of this project */
  readonly directory?: string;
}

/** What was written, one file to a stack. */
export interface ExportDocument {
  readonly formatVersion: 1;
  readonly files: readonly string[];
}

/**
 * Writes every stack in Terraform's native syntax, `<stack>/main.tf`, with the addresses and the state that the JSON
 * has: what is left of this project the day it is no longer synthesized.
 *
 * @throws ScaleoutError when the config is wrong, Terraform is missing, or a stack holds what has no native form yet;
 *   nothing is written then
 */
export async function exportHcl(
  { signal }: Pick<VerbContext, 'signal'>,
  options: ExportOptions = {},
): Promise<VerbResult<ExportDocument>> {
  const environment = options.environment ?? process.env;
  const directory = options.directory ?? DIRECTORY;
  const stacks = await withSynthesis({ environment, signal }, readStacks);
  // A stack of an elastic cluster has a newer plugin than the others.
  const schemas = new Map<string, ProviderSchemas>();
  const written: { readonly name: string; readonly text: string }[] = [];
  for (const { name, json } of stacks) {
    const { required_providers: providers = {} } = json.terraform;
    const key = JSON.stringify(providers);
    const known = schemas.get(key) ?? (await readProviderSchemas(providers, { environment, signal }));
    schemas.set(key, known);
    written.push({ name, text: namedFault(name, json, known) });
  }

  for (const { name, text } of written) {
    await mkdir(path.join(directory, name), { recursive: true });
    await writeFile(path.join(directory, name, 'main.tf'), text);
  }
  const files = written.map(({ name }) => path.join(directory, name, 'main.tf'));
  const format = await runTerraform(['fmt', '-no-color', ...files], { environment, signal });
  if (format.exitCode !== 0) {
    throw new ScaleoutError(
      'infra.terraform-failed',
      `terraform fmt refuses what was written: ${paragraph(terraformWords(format.stderr))}`,
    );
  }
  return {
    document: { formatVersion: 1, files },
    text: files.map((file) => path.relative(process.cwd(), file)).join('\n'),
    outcome: 'done',
  };
}

interface Stack {
  readonly name: string;
  readonly json: { readonly terraform: { readonly required_providers?: object } };
}

async function readStacks(synthesis: string): Promise<Stack[]> {
  const directory = path.join(synthesis, 'stacks');
  const names = (await readdir(directory)).sort();
  return Promise.all(
    names.map(async (name) => ({
      name,
      json: stackJson(name, await readFile(path.join(directory, name, 'cdk.tf.json'), 'utf8')),
    })),
  );
}

/** What has two readings is written as neither. */
function stackJson(name: string, text: string): Stack['json'] {
  try {
    return parseStrictJson(text) as Stack['json'];
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new ScaleoutError('hcl.unwritable', `stack ${name}: its cdk.tf.json cannot be read, as ${said}`, {
      cause: error,
    });
  }
}

function namedFault(name: string, json: Stack['json'], schemas: ProviderSchemas): string {
  try {
    return stackHcl({ ...json }, schemas);
  } catch (error) {
    if (!(error instanceof ScaleoutError)) throw error;
    throw new ScaleoutError('hcl.unwritable', `stack ${name}: ${error.message}`, { cause: error });
  }
}
