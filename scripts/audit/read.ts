import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { configDirectory, shownConfigPath, shownPath } from '../../config/file/files';
import { allOf, didYouMean } from '../../config/text/text';
import { nodeCodeOf, refused, ScaleoutError } from '../lib/errors';
import { parseStrictJson } from '../lib/strict-json';
import type { FileDigest } from './judge/judge';
import type { Synthesized } from './stack/synthesized';
import { parseSynthesized } from './stack/synthesized';
import type { Policy } from './judge/waivers';
import { parsePolicy, parseWaivers } from './judge/waivers';

/** The part of `manifest.json` that says which stacks a synthesis wrote; older ones may lie beside them. */
const manifestSchema = z.object({
  stacks: z.record(z.string(), z.object({ synthesizedStackPath: z.string() })),
});

/** A stack, and what its file held when it was read. */
export interface ReadStack extends Synthesized {
  readonly digest: FileDigest;
}

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
): Promise<readonly ReadStack[]> {
  const manifest = await readGenerated(path.join(directory, 'manifest.json'), `${shown}/manifest.json`);
  let names: Record<string, { synthesizedStackPath: string }>;
  try {
    names = manifestSchema.parse(parseStrictJson(manifest.toString('utf8'))).stacks;
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
      const bytes = await readGenerated(path.join(directory, synthesizedStackPath), file);
      await refuseCompany(path.dirname(path.join(directory, synthesizedStackPath)), path.posix.dirname(file));
      const digest = { path: synthesizedStackPath, sha256: sha256(bytes) };
      return { ...parseSynthesized(bytes.toString('utf8'), environment, file), digest };
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
export function stackOf<Stack extends Synthesized>(stacks: readonly Stack[], environment: string): Stack {
  const stack = stacks.find((candidate) => candidate.environment === environment);
  if (stack !== undefined) return stack;
  const names = stacks.map((candidate) => candidate.environment);
  throw new ScaleoutError(
    'input.unknown-environment',
    `there is no environment "${environment}"${didYouMean(environment, names)}: the synthesis holds ${allOf(names)}. Each file in ${shownConfigPath('environments')} makes one`,
  );
}

async function readGenerated(file: string, shown: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new ScaleoutError(
      'audit.not-synthesized',
      `${shown} cannot be read (${nodeCodeOf(error) ?? 'unknown error'}): nothing was synthesized there. Run npx cdktf synth first`,
      { cause: error },
    );
  }
}

/** A policy, and the files that say it. */
export interface ReadPolicy extends Policy {
  readonly files: readonly FileDigest[];
}

/** What `config/policy.yaml` allows, and the waivers of `config/waivers.yaml` beside it. */
export async function readPolicy(directory = configDirectory()): Promise<ReadPolicy> {
  const file = path.join(directory, 'policy.yaml');
  const beside = path.join(directory, 'waivers.yaml');
  const [text, waivers] = await Promise.all([readOptional(file), readOptional(beside)]);
  const policy = text === undefined ? { waivers: [] } : parsePolicy(text.toString('utf8'), shownPath(file));
  const read = [
    [file, text],
    [beside, waivers],
  ] as const;
  return {
    ...policy,
    waivers: [
      ...policy.waivers,
      ...(waivers === undefined ? [] : parseWaivers(waivers.toString('utf8'), shownPath(beside))),
    ],
    files: read.flatMap(([each, said]) =>
      said === undefined ? [] : [{ path: shownPath(each), sha256: sha256(said) }],
    ),
  };
}

/** In hex, as `sha256sum` prints it. */
function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function readOptional(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (nodeCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
