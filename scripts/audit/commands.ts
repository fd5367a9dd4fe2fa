import { writeFile } from 'node:fs/promises';
import type { ConfigIssue } from '../../config/file/config-error';
import { shownPath } from '../../config/file/files';
import { nodeCodeOf, ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import type { Change, DifferenceDocument } from './difference/difference';
import { difference as compare } from './difference/difference';
import type { AuditDocument } from './judge/judge';
import { judge } from './judge/judge';
import { unfinishedFindings } from './judge/unfinished';
import { readPolicy, readSynthesis, stackOf } from './read';
import { CLUSTERS } from './stack/azurerm';
import type { Format } from './format';
import { renderDifferenceMarkdown, renderDifferenceText } from './render/difference';
import { renderJson } from './render/json';
import { renderMarkdown } from './render/markdown';
import { renderText } from './render/text';
import { RULES } from './rules';
import type { Policy, Waiver } from './judge/waivers';

interface Output {
  /** @default 'text' */
  readonly format?: Format | undefined;
  /** A file to write the result to, in the format. @default - none */
  readonly out?: string | undefined;
}

export interface AuditInput extends Output {
  /** What `npx cdktf synth` wrote. */
  readonly directory: string;
  /** How messages name the directory. @default the directory, relative to where the person is */
  readonly shown?: string | undefined;
  /** What is wrong in the config files that the synthesis left out. @default - nothing */
  readonly unfinished?: readonly ConfigIssue[] | undefined;
  /** The one environment to judge. @default every one */
  readonly environment?: string | undefined;
  /** The day to judge against, `YYYY-MM-DD`. @default today, in UTC */
  readonly today?: string | undefined;
  /** @default that of config/policy.yaml, with the waivers of config/waivers.yaml */
  readonly policy?: Policy | undefined;
  /** Instead of the policy's. */
  readonly waivers?: readonly Waiver[] | undefined;
}

/**
 * Holds synthesized stacks against the rules. Reads files only.
 *
 * @returns `refused` when an error is open
 * @throws ScaleoutError for an environment or a directory that is not there
 */
export async function audit(context: VerbContext, input: AuditInput): Promise<VerbResult<AuditDocument>> {
  const stacks = await readSynthesis(input.directory, input.shown);
  const unfinished = unfinishedFindings(input.unfinished ?? [], input.environment);
  if (input.environment !== undefined && unfinished.length === 0) stackOf(stacks, input.environment);
  const policy = input.policy ?? (await readPolicy());
  const document = judge({
    stacks,
    ...(input.environment === undefined ? {} : { environment: input.environment }),
    unfinished,
    rules: RULES,
    notProduction: policy.notProduction,
    waivers: input.waivers ?? policy.waivers,
    today: input.today ?? new Date().toISOString().slice(0, 10),
  });
  const text = { text: renderText, json: renderJson, markdown: renderMarkdown }[input.format ?? 'text'](
    document,
  );
  await write(context, input.out, text);
  return { document, text, outcome: document.counts.error > 0 ? 'refused' : 'done' };
}

/** One side of a difference: an environment in a synthesis. */
export interface StackReference {
  readonly directory: string;
  readonly environment: string;
  /** What people call it, e.g. `dev@scaled-out`. */
  readonly label: string;
}

export interface DifferenceInput extends Output {
  readonly before: StackReference;
  readonly after: StackReference;
}

/**
 * Two stages of one environment, or two environments, held side by side in words. Reads files only.
 *
 * @returns `refused` when the service would refuse a change, or one would destroy a cluster, else `changes` when they differ
 * @throws ScaleoutError where a stack cannot be read
 */
export async function difference(
  context: VerbContext,
  input: DifferenceInput,
): Promise<VerbResult<DifferenceDocument>> {
  const [before, after] = await Promise.all(
    [input.before, input.after].map(async ({ directory, environment, label }) => ({
      label,
      stack: stackOf(await readSynthesis(directory), environment),
    })),
  );
  if (before === undefined || after === undefined) throw new Error('a difference has two sides');
  const document = compare(before, after);
  const render = { text: renderDifferenceText, json: renderJson, markdown: renderDifferenceMarkdown };
  const text = render[input.format ?? 'text'](document);
  await write(context, input.out, text);
  const { counts, changes } = document;
  return {
    document,
    text,
    outcome:
      counts.refused > 0 || changes.some(destroysCluster)
        ? 'refused'
        : changes.length > 0
          ? 'changes'
          : 'done',
  };
}

function destroysCluster({ address, effect }: Change): boolean {
  return (
    (effect === 'replace' || effect === 'destroy') && CLUSTERS.some((type) => address.startsWith(`${type}.`))
  );
}

async function write(context: VerbContext, file: string | undefined, text: string): Promise<void> {
  if (file === undefined) return;
  try {
    await writeFile(file, `${text}\n`);
  } catch (error) {
    throw new ScaleoutError(
      'file.unwritable',
      `${file} cannot be written (${nodeCodeOf(error) ?? 'unknown error'}): give --out a file in a directory that exists`,
      { cause: error },
    );
  }
  context.reporter.info(`written to ${shownPath(file)}`);
}
