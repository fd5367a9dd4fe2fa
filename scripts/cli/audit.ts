import { Option } from '@commander-js/extra-typings';
import { DIFFERENCE_FORMATS, FORMATS } from '../audit/format';
import { ScaleoutError } from '../lib/errors';
import type { AddVerb, Group } from './command';
import { detailedExitcode } from './flags';

const AS_WRITTEN = 'how it is written';

/** Adds `audit`. */
export function addAudit(program: Group, verb: AddVerb): void {
  const audit = program
    .command('audit')
    .description('what an auditor reads: rules over the synthesized stacks, and differences in words');

  verb(
    audit
      .command('check', { isDefault: true })
      .description('hold the synthesized stacks against the rules')
      .option('--env <name>', 'only this environment')
      .option('--dir <dir>', 'judge what lies there instead of synthesizing afresh')
      .addOption(new Option('--format <name>', AS_WRITTEN).choices(FORMATS).default('text' as const))
      .addOption(reportFile()),
    async (context, { env, dir, format, out }) => {
      const { auditFresh } = await import('../infra/audit-synth.ts');
      return auditFresh(context, { environment: env, directory: dir, format, out });
    },
  );

  verb(
    audit
      .command('diff [before] [after]')
      .description(
        'what differs between two environments or stages (ENV or ENV@STAGE), or since a release (--since), in words',
      )
      .option(
        '--since <release>',
        'compare with this release: a directory that a synthesis wrote, or a commit',
      )
      .option('--env <name>', 'with --since: only this environment')
      .option('--dir <dir>', 'with --since: compare what lies there instead of synthesizing afresh')
      .addOption(
        new Option('--format <name>', AS_WRITTEN).choices(DIFFERENCE_FORMATS).default('text' as const),
      )
      .addOption(reportFile())
      .addOption(detailedExitcode()),
    async (context, { since, env, dir, format, out }, before, after) => {
      const { differenceFresh, differenceSinceRelease } = await import('../infra/audit-synth.ts');
      if (since !== undefined) {
        if (before !== undefined)
          throw unclear('--since compares all environments, or that of --env, and takes no names');
        return differenceSinceRelease(context, { since, environment: env, directory: dir, format, out });
      }
      if (before === undefined || after === undefined) {
        throw unclear('name two environments or stages, as in dev prod, or a release with --since');
      }
      if (env !== undefined || dir !== undefined) throw unclear('--env and --dir go with --since alone');
      return differenceFresh(context, { before, after, format, out });
    },
  );
}

function reportFile() {
  return new Option('--out <file>', 'write it to a file as well');
}

function unclear(why: string): ScaleoutError {
  return new ScaleoutError('input.usage', `audit diff: ${why}`);
}
