import path from 'node:path';
import { oneOf } from '../../config/text/text';
import type { ConfigDraft } from '../../config/environment/environment';
import { draftConfig } from '../../config/environment/environment';
import { STAGES } from '../../config/environment/environment-schema';
import { ConfigError } from '../../config/file/config-error';
import { configDirectory } from '../../config/file/files';
import type { AuditInput, DifferenceInput, StackReference } from '../audit/commands';
import { audit, difference, differenceSince } from '../audit/commands';
import type { DifferenceFormat } from '../audit/format';
import type { DifferenceDocument } from '../audit/difference/difference';
import type { SinceDocument } from '../audit/difference/since';
import type { AuditDocument } from '../audit/judge/judge';
import { ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { SYNTHESIS } from './project';
import { withRelease } from './release';
import type { SynthOptions } from './synth';
import { withSynthesis } from './synth';

export interface FreshAuditInput extends Omit<AuditInput, 'directory' | 'shown' | 'unfinished'> {
  /** Judge this synthesis instead of a fresh one. @default - synthesize */
  readonly directory?: string | undefined;
}

/**
 * {@link audit} of what the config says now, or of a synthesis that lies somewhere. An environment whose file is wrong is a finding
 * of its own, and the others are judged.
 *
 * @throws ConfigError where no file is right
 */
export async function auditFresh(
  context: VerbContext,
  input: FreshAuditInput,
  synth: SynthOptions = {},
): Promise<VerbResult<AuditDocument>> {
  const { directory, ...rest } = input;
  if (directory !== undefined) return audit(context, { ...rest, directory: path.resolve(directory) });
  const { environments, bootstrap, issues } = draftOf(synth);
  // Where nothing is finished there is nothing to judge.
  if (environments.length === 0 && bootstrap === undefined && issues.length > 0)
    throw new ConfigError(issues);
  const leaveOutUnfinished = issues.length > 0;
  return withSynthesis({ ...synth, leaveOutUnfinished, signal: context.signal }, (fresh) =>
    audit(context, { ...rest, unfinished: issues, directory: fresh, shown: SYNTHESIS }),
  );
}

/** The config of this project; of another one, only its app knows. */
function draftOf({ project, app, environment }: SynthOptions): ConfigDraft {
  if (project !== undefined || app !== undefined) return { environments: [], issues: [] };
  return draftConfig(configDirectory(environment));
}

export interface FreshDifferenceInput {
  /** `ENV` or `ENV@STAGE`. */
  readonly before: string;
  readonly after: string;
  readonly format?: DifferenceFormat | undefined;
  readonly out?: string | undefined;
}

/** {@link difference} between two environments or stages, each synthesized afresh. */
export async function differenceFresh(
  context: VerbContext,
  input: FreshDifferenceInput,
  synth: SynthOptions = {},
): Promise<VerbResult<DifferenceDocument>> {
  const before = parseStackReference(input.before);
  const after = parseStackReference(input.after);
  const options = { ...synth, signal: context.signal };
  const at = (reference: ParsedReference, directory: string): StackReference => ({
    directory,
    environment: reference.environment,
    label: reference.label,
  });
  const output: Pick<DifferenceInput, 'format' | 'out'> = { format: input.format, out: input.out };
  return withSynthesis({ ...options, stage: before.stage }, async (left) => {
    if (before.stage === after.stage) {
      return difference(context, { before: at(before, left), after: at(after, left), ...output });
    }
    return withSynthesis({ ...options, stage: after.stage }, (right) =>
      difference(context, { before: at(before, left), after: at(after, right), ...output }),
    );
  });
}

export interface SinceReleaseInput {
  /** A directory that a synthesis wrote, or a commit of this checkout. */
  readonly since: string;
  /** Compare this synthesis instead of a fresh one. @default - synthesize */
  readonly directory?: string | undefined;
  readonly environment?: string | undefined;
  readonly format?: DifferenceFormat | undefined;
  readonly out?: string | undefined;
}

/** {@link differenceSince} between a release and what the config says now, or a synthesis that lies somewhere. */
export async function differenceSinceRelease(
  context: VerbContext,
  { since, directory, ...rest }: SinceReleaseInput,
  synth: SynthOptions = {},
): Promise<VerbResult<SinceDocument>> {
  const options = { ...synth, signal: context.signal };
  return withRelease(since, options, (released) => {
    const compare = (after: string): Promise<VerbResult<SinceDocument>> =>
      differenceSince(context, { ...rest, before: { directory: released, label: since }, after });
    return directory === undefined ? withSynthesis(options, compare) : compare(path.resolve(directory));
  });
}

interface ParsedReference {
  readonly environment: string;
  readonly stage?: string;
  readonly label: string;
}

/**
 * Parses `dev` or `dev@scaled-out`.
 *
 * @throws ScaleoutError for anything else
 */
export function parseStackReference(text: string): ParsedReference {
  const [, environment, stage] = /^([\w-]+)(?:@(.*))?$/.exec(text) ?? [];
  if (environment === undefined) {
    throw new ScaleoutError(
      'input.invalid',
      `"${text}" names no environment: write ENV or ENV@STAGE, as in dev@scaled-out`,
    );
  }
  if (stage === undefined) return { environment, label: text };
  if (!(STAGES as readonly string[]).includes(stage)) {
    throw new ScaleoutError(
      'input.invalid',
      `"${text}" names the stage "${stage}": a stage is ${oneOf(STAGES)}`,
    );
  }
  return { environment, stage, label: text };
}
