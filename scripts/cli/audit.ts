import { Option } from '@commander-js/extra-typings';
import { FORMATS } from '../audit/commands';
import { auditFresh, differenceFresh } from '../infra/audit-synth';
import type { AddVerb, Group } from './command';
import { detailedExitcode } from './flags';

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
      .addOption(format())
      .addOption(out()),
    (context, { env, dir, ...output }) =>
      auditFresh(context, { environment: env, directory: dir, format: output.format, out: output.out }),
  );

  verb(
    audit
      .command('diff <before> <after>')
      .description('what differs between two environments or stages (ENV or ENV@STAGE), in words')
      .addOption(format())
      .addOption(out())
      .addOption(detailedExitcode()),
    (context, flags, before, after) =>
      differenceFresh(context, { before, after, format: flags.format, out: flags.out }),
  );
}

function format() {
  return new Option('--format <name>', 'how it is written for people')
    .choices(FORMATS)
    .default('text' as const);
}

function out() {
  return new Option('--out <file>', 'write it to a file as well');
}
