import { Option } from '@commander-js/extra-typings';
import { DIFFERENCE_FORMATS, FORMATS } from '../audit/format';
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
      .command('diff <before> <after>')
      .description('what differs between two environments or stages (ENV or ENV@STAGE), in words')
      .addOption(
        new Option('--format <name>', AS_WRITTEN).choices(DIFFERENCE_FORMATS).default('text' as const),
      )
      .addOption(reportFile())
      .addOption(detailedExitcode()),
    async (context, { format, out }, before, after) => {
      const { differenceFresh } = await import('../infra/audit-synth.ts');
      return differenceFresh(context, { before, after, format, out });
    },
  );
}

function reportFile() {
  return new Option('--out <file>', 'write it to a file as well');
}
