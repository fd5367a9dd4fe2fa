import { Option } from '@commander-js/extra-typings';
import { FORMATS } from '../audit/format';
import type { AddVerb, Group } from './command';
import { detailedExitcode } from './flags';

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
      .addOption(reportFormat())
      .addOption(reportFile()),
    async (context, { env, dir, format, out }) => {
      const { auditFresh } = await import('../infra/audit-synth.ts');
      return auditFresh(context, { environment: env, directory: dir, format, out });
    },
  );

  verb(
    audit
      .command('diff <before> <after>')
      .description('what differs between two environments or stages (ENV or ENV@STAGE), in words')
      .addOption(reportFormat())
      .addOption(reportFile())
      .addOption(detailedExitcode()),
    async (context, { format, out }, before, after) => {
      const { differenceFresh } = await import('../infra/audit-synth.ts');
      return differenceFresh(context, { before, after, format, out });
    },
  );
}

function reportFormat() {
  return new Option('--format <name>', 'how it is written for people')
    .choices(FORMATS)
    .default('text' as const);
}

function reportFile() {
  return new Option('--out <file>', 'write it to a file as well');
}
