import { Option } from '@commander-js/extra-typings';
import { ScaleoutError } from '../lib/errors';
import type { PlanView } from '../tables/plan/plan-text';
import type { AddVerb, Group } from './command';
import {
  detailedExitcode,
  factor,
  findingsAllowed,
  queriesFile,
  strict,
  withDatabase,
  withDistribution,
} from './flags';
import type { DatabaseFlags, DistributionFlags } from './inputs';
import { allowed, databaseTarget, declaration, queriesOf } from './inputs';
import type { CliContext } from './io';

/** Adds `tables plan|apply|verify|undo`. */
export function addTables(program: Group, verb: AddVerb): void {
  const tables = program.command('tables').description('the distribution of the tables, as code');
  addPlan(tables, verb);
  addApply(tables, verb);
  addVerify(tables, verb);
  addUndo(tables, verb);
}

function addPlan(tables: Group, verb: AddVerb): void {
  verb(
    withDistribution(tables.command('plan'))
      .description(
        'show every statement and why, or a summary of a long plan; changes nothing, and needs no owner',
      )
      .addOption(findingsAllowed())
      .addOption(
        new Option('--summary', 'a summary instead of every step, as of a plan of more than 40').conflicts([
          'sql',
          'table',
        ]),
      )
      .addOption(new Option('--sql', 'every step and its statements, however many').conflicts('table'))
      .option('--table <name>', 'the steps of one table and their statements')
      .option('--out <file>', 'write it to a file that `tables apply --plan` takes')
      .addOption(strict())
      .addOption(detailedExitcode()),
    async (context, flags) => {
      const { tablesPlan } = await import('../tables/commands.ts');
      const view = await planView(flags);
      const allow = await allowed(flags.allow);
      const asked = await tablesInput(context, flags);
      const out = flags.out === undefined ? {} : { out: flags.out };
      return tablesPlan(context, { allow, view, ...asked, ...out, strict: flags.strict === true });
    },
  );
}

async function planView(flags: {
  readonly summary?: true;
  readonly sql?: true;
  readonly table?: string;
}): Promise<PlanView> {
  if (flags.table === undefined) {
    return flags.summary === true ? 'summary' : flags.sql === true ? 'whole' : 'by-length';
  }
  const { readTableName } = await import('../../config/workload/identifiers.ts');
  const name = readTableName(flags.table);
  if (!name.ok) throw new ScaleoutError('input.invalid', `--table ${name.problem}`);
  return name.value;
}

function addApply(tables: Group, verb: AddVerb): void {
  verb(
    withDistribution(tables.command('apply'))
      .description('distribute the tables, step by step; safe to interrupt and to run again')
      .addOption(findingsAllowed().conflicts('plan'))
      .addOption(
        new Option('--plan <file>', 'exactly what `tables plan --out` wrote, or nothing').conflicts([
          'spec',
          'workload',
        ]),
      )
      .option(
        '--growth <factor>',
        'with --plan: how many times the rows it was reviewed with a table may have (default: 2)',
        factor,
      )
      .addOption(queriesFile('their answers are compared before and after'))
      .option('--receipt <file>', 'write what was there before and after, as digests, for `tables verify`')
      .option('--no-compare-rows', 'do not count and hash every row before and after'),
    async (context, flags) => {
      const { tablesApply } = await import('../tables/commands.ts');
      const { compareRows, growth, plan } = flags;
      const receipt = receiptOf(flags);
      if (plan === undefined) {
        if (growth !== undefined) {
          throw new ScaleoutError(
            'input.invalid',
            '--growth needs --plan: it says how much larger tables may be than when that plan was reviewed; nothing was changed',
          );
        }
        const allow = await allowed(flags.allow);
        const asked = await tablesInput(context, flags);
        return tablesApply(context, { allow, ...asked, ...receipt, compareRows, ask: true });
      }
      return tablesApply(context, {
        ...(await reviewedInput(context, plan, flags)),
        ...receipt,
        compareRows,
        ...(growth === undefined ? {} : { growth }),
      });
    },
  );
}

function addVerify(tables: Group, verb: AddVerb): void {
  verb(
    withDistribution(tables.command('verify'))
      .description(
        'check that tables, keys, placements and the task counts of queries are as declared, and rows, answers and indexes as in a receipt',
      )
      .addOption(queriesFile('their task counts are checked, and with a receipt their answers'))
      .option('--receipt <file>', 'what `tables apply --receipt` wrote')
      .addOption(strict()),
    async (context, flags) => {
      const { tablesVerify } = await import('../tables/commands.ts');
      const asked = await tablesInput(context, flags);
      return tablesVerify(context, { ...asked, ...receiptOf(flags), strict: flags.strict === true });
    },
  );
}

function addUndo(tables: Group, verb: AddVerb): void {
  verb(
    withDatabase(tables.command('undo'))
      .description('put back what a run that was given up took away: foreign keys, comments, forced policies')
      .addOption(findingsAllowed()),
    async (context, flags) => {
      const { tablesUndo } = await import('../tables/commands.ts');
      const allow = await allowed(flags.allow);
      return tablesUndo(context, { target: await databaseTarget(context, flags), allow, ask: true });
    },
  );
}

/** What `--plan` names, and the workload whose queries are compared. */
async function reviewedInput(
  context: CliContext,
  plan: string,
  flags: DatabaseFlags & { readonly queries?: string },
) {
  // The plan first: one that was edited is said before a database is asked for.
  const { readPlan } = await import('../tables/review/plan-file.ts');
  const reviewed = readPlan(plan);
  const workload = flags.env === undefined ? {} : await declaration({ env: flags.env });
  const queries = await queriesOf(flags);
  const target = await databaseTarget(context, flags);
  return { target, ...workload, ...queries, expected: reviewed.expected, reviewed };
}

async function tablesInput(
  context: CliContext,
  flags: DatabaseFlags & DistributionFlags & { readonly queries?: string },
) {
  // The declaration first: a wrong file is said before a database is asked for.
  const declared = { ...(await declaration(flags)), ...(await queriesOf(flags)) };
  return { target: await databaseTarget(context, flags), ...declared };
}

function receiptOf({ receipt }: { readonly receipt?: string }): { receipt?: string } {
  return receipt === undefined ? {} : { receipt };
}
