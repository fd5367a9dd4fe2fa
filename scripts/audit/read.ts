import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { configDirectory, shownConfigPath, shownPath } from '../../config/file/files';
import { allOf, didYouMean } from '../../config/text/text';
import { nodeCodeOf, refused, ScaleoutError } from '../lib/errors';
import { parseStrictJson } from '../lib/strict-json';
import type { Synthesized } from './stack/synthesized';
import { parseSynthesized } from './stack/synthesized';
import type { Policy, Waiver } from './judge/waivers';
import { parsePolicy, parseWaivers } from './judge/waivers';

/** The part of `manifest.json` that says which stacks a synthesis wrote; older ones may lie beside them. */
const manifestSchema = z.object({
  stacks: z.record(z.string(), z.object({ synthesizedStackPath: z.string() })),
});

/**
 * Reads every stack of a synthesis, in the order of their names.
 *
 * @param directory what `npx cdktf synth` wrote: `cdktf.out`
 * @param shown how messages name the directory
 * @throws ScaleoutError when there is none, or a file is not what a synthesis writes; refused where Terraform would read
 * more than what is judged
 */
export async function readSynthesis(
  directory: string,
  shown = shownPath(directory),
): Promise<readonly Synthesized[]> {
  const manifest = await readGenerated(path.join(directory, 'manifest.json'), `${shown}/manifest.json`);
  let names: Record<string, { synthesizedStackPath: string }>;
  try {
    names = manifestSchema.parse(parseStrictJson(manifest)).stacks;
  } catch (error) {
    throw new ScaleoutError(
      'audit.unreadable',
      `${shown}/manifest.json is not the manifest of a synthesis: write it again with npx cdktf synth`,
      { cause: error },
    );
  }
  const stacks = Object.entries(names).sort(([a], [b]) => (a < b ? -1 : 1));
  return Promise.all(
    stacks.map(async ([environment, { synthesizedStackPath }]) => {
      const file = `${shown}/${synthesizedStackPath}`;
      // Terraform runs in stacks/ENVIRONMENT, whatever the manifest says.
      if (synthesizedStackPath !== `stacks/${environment}/${STACK_FILE}`) {
        throw refused(
          'audit.other-stack',
          `${shown}/manifest.json says that ${environment} is ${synthesizedStackPath}, and Terraform reads stacks/${environment}: what is judged would not be what is applied. Remove ${shown} and synthesize again with npx cdktf synth`,
        );
      }
      const text = await readGenerated(path.join(directory, synthesizedStackPath), file);
      await refuseCompany(path.dirname(path.join(directory, synthesizedStackPath)), path.posix.dirname(file));
      return parseSynthesized(text, environment, file);
    }),
  );
}

const STACK_FILE = 'cdk.tf.json';
/** What Terraform reads of a directory by itself: configuration, overrides of it, and values of variables. */
const READ_BY_TERRAFORM = /\.(tf|tofu|tfvars)(\.json)?$/i;

/** Terraform merges every file of a directory, so a stack is only what was judged where it is the only one. */
async function refuseCompany(directory: string, shown: string): Promise<void> {
  const others = (await readdir(directory)).filter(
    (name) => name !== STACK_FILE && READ_BY_TERRAFORM.test(name),
  );
  if (others.length === 0) return;
  throw refused(
    'audit.other-stack',
    `${shown} holds ${allOf(others.sort())} beside ${STACK_FILE}: Terraform reads every such file, and what they say was not judged. Remove them, or synthesize into an empty directory`,
  );
}

/** @throws ScaleoutError naming the environments there are */
export function stackOf(stacks: readonly Synthesized[], environment: string): Synthesized {
  const stack = stacks.find((candidate) => candidate.environment === environment);
  if (stack !== undefined) return stack;
  const names = stacks.map((candidate) => candidate.environment);
  throw new ScaleoutError(
    'input.unknown-environment',
    `there is no environment "${environment}"${didYouMean(environment, names)}: the synthesis holds ${allOf(names)}. Each file in ${shownConfigPath('environments')} makes one`,
  );
}

async function readGenerated(file: string, shown: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ScaleoutError(
      'audit.not-synthesized',
      `${shown} cannot be read (${nodeCodeOf(error) ?? 'unknown error'}): nothing was synthesized there. Run npx cdktf synth first`,
      { cause: error },
    );
  }
}

/** The waivers of `config/waivers.yaml`; none where there is no such file. */
export async function readWaivers(
  file = path.join(configDirectory(), 'waivers.yaml'),
): Promise<readonly Waiver[]> {
  const text = await readOptional(file);
  return text === undefined ? [] : parseWaivers(text, shownPath(file));
}

/** What `config/policy.yaml` allows, and the waivers of `config/waivers.yaml` beside it. */
export async function readPolicy(directory = configDirectory()): Promise<Policy> {
  const file = path.join(directory, 'policy.yaml');
  const text = await readOptional(file);
  const policy = text === undefined ? { waivers: [] } : parsePolicy(text, shownPath(file));
  return {
    ...policy,
    waivers: [...policy.waivers, ...(await readWaivers(path.join(directory, 'waivers.yaml')))],
  };
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (nodeCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
