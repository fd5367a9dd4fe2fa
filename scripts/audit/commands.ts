import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { ConfigIssue } from '../../config/file/config-error';
import { shownPath } from '../../config/file/files';
import { nodeCodeOf, ScaleoutError } from '../lib/errors';
import { thisTool } from '../lib/tool';
import type { VerbContext, VerbResult } from '../lib/verb';
import type { Change, DifferenceDocument } from './difference/difference';
import { difference as compare } from './difference/difference';
import type { SinceDocument } from './difference/since';
import { differenceSince as compareSince } from './difference/since';
import type { AuditDocument, Finding } from './judge/judge';
import { judge } from './judge/judge';
import { unfinishedFindings } from './judge/unfinished';
import type { ReadPolicy, ReadStack } from './read';
import { readPolicy, readSynthesis, stackOf } from './read';
import { sourceOf } from './source/locate';
import { readSources } from './source/read';
import { CLUSTERS } from './stack/azurerm';
import type { Synthesized } from './stack/synthesized';
import type { DifferenceFormat, Format } from './format';
import {
  renderDifferenceMarkdown,
  renderDifferenceText,
  renderSinceMarkdown,
  renderSinceText,
} from './render/difference';
import { renderGithub } from './render/github';
import { renderHtml } from './render/html';
import { renderJson } from './render/json';
import { renderJunit } from './render/junit';
import { renderMarkdown } from './render/markdown';
import { renderSarif } from './render/sarif';
import { renderText } from './render/text';
import { RULES } from './rules';
import type { Policy, Waiver } from './judge/waivers';

interface Output<Name extends Format> {
  /** @default 'text' */
  readonly format?: Name | undefined;
  /** A file to write the result to, in the format. @default - none */
  readonly out?: string | undefined;
}

export interface AuditInput extends Output<Format> {
  /** What `npx cdktf synth` wrote. */
  readonly directory: string;
  /** How messages name the directory. @default the directory, relative to where the person is */
  readonly shown?: string | undefined;
  /** What is wrong in the config files that the synthesis left out. @default - nothing */
  readonly unfinished?: readonly ConfigIssue[] | undefined;
  /** The one environment to judge. @default - every one */
  readonly environment?: string | undefined;
  /** When it is judged. @default - now */
  readonly now?: Date | undefined;
  /** The day to judge against, `YYYY-MM-DD`. @default - that of `now`, in UTC */
  readonly today?: string | undefined;
  /** @default - that of config/policy.yaml, with the waivers of config/waivers.yaml */
  readonly policy?: Policy | undefined;
  /** Instead of the policy's. */
  readonly waivers?: readonly Waiver[] | undefined;
}

const RENDERERS: Readonly<Record<Format, (document: AuditDocument) => string>> = {
  text: renderText,
  json: renderJson,
  markdown: renderMarkdown,
  sarif: renderSarif,
  junit: renderJunit,
  github: renderGithub,
  html: renderHtml,
};

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
  const policy: ReadPolicy = input.policy === undefined ? await readPolicy() : { ...input.policy, files: [] };
  const now = (input.now ?? new Date()).toISOString();
  const { notProduction } = policy;
  const waivers = input.waivers ?? policy.waivers;
  const judged = judge({
    stacks,
    ...(input.environment === undefined ? {} : { environment: input.environment }),
    unfinished,
    rules: RULES,
    notProduction,
    waivers,
    today: input.today ?? now.slice(0, 10),
  });
  const document: AuditDocument = {
    ...judged,
    findings: await withSources(judged, stacks),
    provenance: {
      tool: thisTool(),
      madeAt: now,
      files: stacks
        .filter(({ environment }) => judged.environments.includes(environment))
        .map(({ digest }) => digest),
      policy: { sha256: policyDigest({ ...policy, waivers }), files: policy.files },
    },
  };
  const text = RENDERERS[input.format ?? 'text'](document);
  await write(context, input.out, text);
  return { document, text, outcome: document.counts.error > 0 ? 'refused' : 'done' };
}

/** The findings with the lines behind them. */
async function withSources(
  { findings, environments }: AuditDocument,
  stacks: readonly ReadStack[],
): Promise<readonly Finding[]> {
  if (findings.length === 0) return findings;
  const sources = await readSources(environments);
  return findings.map((finding) => ({
    ...finding,
    source:
      finding.source ??
      sourceOf(
        finding,
        stacks.find(({ environment }) => environment === finding.environment),
        sources,
      ),
  }));
}

/** Of what a policy means, however it is written: SHA-256 in hex. */
function policyDigest(policy: ReadPolicy): string {
  return createHash('sha256')
    .update(JSON.stringify({ ...policy, files: undefined }))
    .digest('hex');
}

/** One side of a difference: an environment in a synthesis. */
export interface StackReference {
  readonly directory: string;
  readonly environment: string;
  /** What people call it, e.g. `dev@scaled-out`. */
  readonly label: string;
}

export interface DifferenceInput extends Output<DifferenceFormat> {
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
  return { document, text, outcome: outcomeOf(document) };
}

export interface SinceInput extends Output<DifferenceFormat> {
  /** Where the release was synthesized, and what people call it. */
  readonly before: { readonly directory: string; readonly label: string };
  /** Where it is synthesized now. */
  readonly after: string;
  /** The only environment to compare. @default - every one */
  readonly environment?: string | undefined;
}

/**
 * Every environment held against what a release synthesized to. Reads files only.
 *
 * @returns `refused` when the service would refuse a change, or one would destroy a cluster, else `changes` when they differ
 * @throws ScaleoutError where a synthesis cannot be read, or neither has the environment
 */
export async function differenceSince(
  context: VerbContext,
  { before, after, environment, format, out }: SinceInput,
): Promise<VerbResult<SinceDocument>> {
  const [old, now] = await Promise.all([readSynthesis(before.directory, before.label), readSynthesis(after)]);
  const isMeant = (stack: Synthesized): boolean =>
    environment === undefined || stack.environment === environment;
  if (environment !== undefined) stackOf([...now, ...old], environment);
  const document = compareSince(before.label, old.filter(isMeant), now.filter(isMeant));
  const render = { text: renderSinceText, json: renderJson, markdown: renderSinceMarkdown };
  const text = render[format ?? 'text'](document);
  await write(context, out, text);
  const outcomes = document.environments.map(outcomeOf);
  const differs = document.added.length + document.gone.length > 0 || outcomes.includes('changes');
  return { document, text, outcome: outcomes.includes('refused') ? 'refused' : differs ? 'changes' : 'done' };
}

/** How a difference ends a command. */
function outcomeOf({ counts, changes }: DifferenceDocument): 'refused' | 'changes' | 'done' {
  if (counts.refused > 0 || changes.some(destroysCluster)) return 'refused';
  return changes.length > 0 ? 'changes' : 'done';
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
