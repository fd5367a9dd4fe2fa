import path from 'node:path';
import { explain } from '../lib/errors';
import type { AddVerb, Group } from './command';
import { detailedExitcode, guardAllowances, receiptsDirectory } from './flags';
import { databaseTarget, declaration } from './inputs';
import type { CliContext } from './io';

/** Adds the verbs between a review and what comes of it. */
export function addRelease(program: Group, verb: AddVerb): void {
  verb(
    program
      .command('plan <env>')
      .description(
        'write a bundle for a review: stack, lock file, plan in words, audit, versions; no secret, nothing changed',
      )
      .requiredOption('--out <dir>', 'the directory of the bundle; one that is there is replaced')
      .option('--dir <dir>', 'plan what was synthesized there instead of synthesizing')
      .addOption(guardAllowances())
      .addOption(detailedExitcode()),
    async (context, { allow, out, dir }, name) => {
      const { planBundle } = await import('../release/plan.ts');
      return planBundle(context, {
        name,
        allow,
        out,
        environment: context.environment,
        tables: () => tablesPlan(context, name),
        ...(dir === undefined ? {} : { directory: path.resolve(dir), skipSynth: true }),
      });
    },
  );

  verb(
    program
      .command('apply <env>')
      .description(
        'do exactly what a bundle says, or nothing: verifies it, plans from its files, compares, applies',
      )
      .requiredOption('--bundle <dir>', 'what `scaleout plan --out` wrote')
      .addOption(receiptsDirectory()),
    async (context, { bundle, receipts }, name) => {
      const { applyBundle } = await import('../release/apply.ts');
      return applyBundle(context, {
        name,
        bundle,
        environment: context.environment,
        ...(receipts === undefined ? {} : { receipts }),
      });
    },
  );
  addChain(program, verb);
}

function addChain(program: Group, verb: AddVerb): void {
  verb(
    program
      .command('promote <from> <to>')
      .description(
        'ask for the approval of what one environment has verified for another, value by value; applies nothing',
      )
      .requiredOption('--out <dir>', 'where approval.md and approval.json go')
      .option('--bundle <dir>', 'the bundle of the second, which is then what is approved')
      .option('--receipts <dir>', 'where the receipts of the first lie (default: .scaleout/receipts)'),
    async (context, { out, bundle, receipts }, from, to) => {
      const { promote } = await import('../release/promote.ts');
      return promote(context, {
        from,
        to,
        out,
        environment: context.environment,
        ...(bundle === undefined ? {} : { bundle }),
        ...(receipts === undefined ? {} : { receipts }),
      });
    },
  );

  verb(
    program
      .command('verify-receipt <files...>')
      .description('verify receipts with nothing but their files and the policy: content, signatures, chain'),
    async (context, _, files) => {
      const { verifyReceipts } = await import('../release/verify-receipts.ts');
      return verifyReceipts(context, { files, environment: context.environment });
    },
  );
}

/** The plan of the tables of an environment whose database answers, or why there is none. */
async function tablesPlan(context: CliContext, env: string) {
  if ((context.environment['PGPASSWORD'] ?? '') === '') {
    return { why: 'no database is at hand, as PGPASSWORD is not set' };
  }
  try {
    const target = await databaseTarget(context, { env });
    const { tablesPlan: planTables } = await import('../tables/commands.ts');
    const { document } = await planTables(context, { target, ...(await declaration({ env })) });
    return { plan: document };
  } catch (error) {
    return { why: explain(error).replace(/\s+/g, ' ') };
  }
}
