import { isDeepStrictEqual } from 'node:util';
import type { Client } from 'pg';
import { SHARDS } from '../../config/workload/distribution-types';
import type { Allowance, Distribution } from '../../config/workload/distribution-types';
import { allOf } from '../../config/text/text';
import type { WorkloadQuery } from '../../config/workload/workload';
import { idleAllowances, judgeFindings, refusal, withAllowances } from '../database/checks/allowances';
import { requireCitus, withAdvisoryLock, withBoundedReads, withClient } from '../lib/connection';
import { requireCoordinator, requirePrimary } from '../citus/nodes';
import type { ConnectionTarget } from '../lib/connection';
import { explain } from '../lib/errors';
import { duration, table } from '../lib/reporter';
import { thisTool } from '../lib/tool';
import type { VerbContext, VerbResult } from '../lib/verb';
import { applyTables, nothingApplied } from './apply/apply';
import type { ApplyInput, TablesApplied } from './apply/apply';
import type { LockPolicy, Watchers } from './apply/attempt';
import { describeState, reportDifferences } from '../database/observe/comparison';
import type { ReceiptContent } from '../database/observe/comparison';
import {
  continueReceipt,
  findEarlierReceipt,
  reportSince,
  requireSameFile,
  specifiedBy,
} from './verify/earlier-receipt';
import type { Fingerprint } from '../database/observe/fingerprint';
import { readSizes } from './review/growth';
import { readActingRole } from '../database/inspect/acting-role';
import { inspectDatabase } from '../database/inspect/inspect';
import { diskNeed } from './plan/disk';
import { readBytesOnDisk } from './plan/disk-bytes';
import { planTables } from './plan/plan';
import { describePlan } from './plan/plan-text';
import type { PlanView } from './plan/plan-text';
import { PLAN_FILE, requirePlanOf, sealPlan, writePlan } from './review/plan-file';
import type { SealedPlan } from './review/plan-file';
import { databaseIdentity } from '../database/observe/identity';
import { requireQueryRoles } from '../database/observe/query-session';
import { openReadSessions } from '../database/observe/read-sessions';
import type { ReadSessions } from '../database/observe/read-sessions';
import { dropForcedPolicyRecord } from '../database/model/forced-policies';
import { describeUnnamed, howToName } from '../database/checks/unnamed';
import { putBackFirst } from '../database/checks/put-back-first';
import { showTable } from '../database/model/names';
import { closeWindows } from './apply/policy-window-rows';
import { readSessionProblem } from './apply/session-guard';
import { requireNoRebalance, shardsOnTheMove } from './apply/rebalance-guard';
import { readReceipt, requireSameDatabase, sealReceipt, writeReceipt } from './verify/receipt';
import type { Receipt } from './verify/receipt';
import { requireReplaceable } from './review/sealed-file';
import { foreignKeyFault } from '../database/target/foreign-keys';
import { TargetState } from '../database/target/target-state';
import { stepCount } from '../database/model/step';
import { verifyDatabase } from './verify/verify';
import type { TablesVerified } from './verify/verify';

export interface TablesInput {
  readonly target: ConnectionTarget;
  readonly expected: Distribution;
}

interface TablesChangeInput extends TablesInput {
  /** Findings that are allowed beside those of the specification. @default - none */
  readonly allow?: readonly Allowance[];
}

export interface TablesPlanInput extends TablesChangeInput {
  /** Roles that they name are checked. */
  readonly queries?: readonly WorkloadQuery[];
  /** Where to write the plan for `tables apply --plan`. */
  readonly out?: string;
  /** What of it is shown. @default 'by-length' */
  readonly view?: PlanView;
  /** Refuse a plan of a database with tables that the specification does not name. @default false */
  readonly strict?: boolean;
}

export interface TablesApplyInput extends TablesChangeInput {
  /** Do exactly this plan, or refuse; it was reviewed, so nobody is asked again. */
  readonly reviewed?: SealedPlan;
  /** How many times the rows it was reviewed with a table of that plan may have. @default 2 */
  readonly growth?: number;
  /** Show the plan and ask before anything changes. @default false */
  readonly ask?: boolean;
  /** Count and hash every row before and after: two reads of every table. @default true */
  readonly compareRows?: boolean;
  /** Their answers are compared before and after. */
  readonly queries?: readonly WorkloadQuery[];
  /** Where to write the receipt for `tables verify --receipt`. */
  readonly receipt?: string;
  readonly locks?: LockPolicy;
  /** Milliseconds that a look at the database is good for; 0 looks after each step. @default by what it took */
  readonly lookLastsMs?: number;
}

export interface TablesVerifyInput extends TablesInput {
  /** Planned: their task counts are compared with what they expect. With a receipt they are asked as well. */
  readonly queries?: readonly WorkloadQuery[];
  /** Of `fingerprintTables`, taken before the change. */
  readonly expectedFingerprints?: readonly Fingerprint[];
  /** The file of a receipt. */
  readonly receipt?: string;
  /** Fail on tables of the database that the specification does not name. @default false */
  readonly strict?: boolean;
}

/** Says what would be done, and does none of it. */
export async function tablesPlan(
  context: VerbContext,
  { target, allow = [], out, strict = false, view, ...input }: TablesPlanInput,
): Promise<VerbResult<SealedPlan>> {
  const expected = withAllowances(input.expected, allow);
  if (out !== undefined) requireReplaceable(out, PLAN_FILE);
  const plan = await onCitus(
    context,
    target,
    'tables plan',
    async (client) => {
      await requirePrimary(client);
      // A login that only looks may plan as well, for the owner.
      const as = await readActingRole(client, expected);
      await requireQueryRoles(client, input.queries ?? [], as);
      const live = await inspectDatabase(client, expected, { as });
      const planned = planTables(expected, live);
      const sizes = await withBoundedReads(client, () => readSizes(client, live.tables));
      const bytes = await withBoundedReads(client, () => readBytesOnDisk(client, live.tables));
      const disk = diskNeed(planned.steps, expected, live, bytes);
      const problem =
        planned.steps.length > 0 && as === undefined ? await readSessionProblem(client, planned) : undefined;
      if (problem !== undefined) context.reporter.warn(`\`tables apply\` would be refused: ${problem}`);
      return sealPlan(planned, expected, live, {
        database: await databaseIdentity(client),
        sizes,
        ...(disk === undefined ? {} : { disk }),
      });
    },
    { readOnly: true },
  );
  for (const idle of idleAllowances(plan.findings, allow)) context.reporter.info(idle);
  const { unnamedTables = [] } = plan;
  const unnamed = unnamedTables.length === 0 ? '' : `\n${describeUnnamed(unnamedTables)}.`;
  const text = `${describePlan(plan, view)}${unnamed}`;
  const notWritten = out === undefined ? '' : `${out} was not written.`;
  const verdict = [
    refusal(plan.findings, notWritten === '' ? '`tables apply` refuses this plan.' : notWritten) ?? [],
    strict && unnamed !== '' ? `${howToName(unnamedTables)}. ${notWritten}`.trim() : [],
  ].flat();
  if (verdict.length > 0) return { document: plan, text, verdict: verdict.join('\n'), outcome: 'refused' };
  if (out !== undefined) {
    // Somebody may have put a file of theirs there meanwhile.
    requireReplaceable(out, PLAN_FILE, 'no plan was written');
    writePlan(out, plan);
  }
  const written =
    out === undefined
      ? ''
      : `\nWritten to ${out}: \`tables apply --plan ${out}\` does exactly this, or refuses.`;
  const pending = plan.steps.length > 0;
  return { document: plan, text: `${text}${written}`, outcome: pending ? 'changes' : 'done' };
}

/** Brings the database to its specification; one run at a time, each continuing where another was broken off. */
export async function tablesApply(
  context: VerbContext,
  { target, allow = [], ask = false, receipt, ...given }: TablesApplyInput,
): Promise<VerbResult<TablesApplied>> {
  const input = { ...given, allow, expected: withAllowances(given.expected, allow) };
  const kept =
    receipt === undefined
      ? undefined
      : { file: receipt, expected: input.expected, earlier: findEarlierReceipt(receipt, input.expected) };
  const approve: NonNullable<ApplyInput['approve']> = async (plan, sizes) => {
    const findings = judgeFindings(plan.findings, input.expected.allow ?? []);
    for (const line of describePlan({ ...plan, findings, sizes, expected: input.expected }).split('\n'))
      context.reporter.info(line);
    return context.confirm(`Apply exactly this to database ${target.database}?`);
  };
  const applied = await onCitus(context, target, 'tables apply', async (client) => {
    await requirePrimary(client);
    await requireQueryRoles(client, input.queries ?? []);
    const database = await databaseIdentity(client);
    if (input.reviewed !== undefined) requirePlanOf(input.reviewed, database);
    if (kept?.earlier !== undefined) requireSameDatabase(kept.file, kept.earlier, database);
    // Who follows a job holds the lock too, and the job is the better answer, unless there is nothing to do.
    if ((await shardsOnTheMove(client)) !== undefined) {
      const steps = planTables(input.expected, await inspectDatabase(client, input.expected)).steps;
      if (steps.length === 0 && receipt === undefined) return nothingApplied();
      await requireNoRebalance(client, 'nothing was changed');
    }
    const readers = openReadSessions(target, context.signal);
    const apply = (watchers: Watchers): Promise<TablesApplied> =>
      applyTables(context, client, watchers, {
        ...input,
        ...(ask ? { approve } : {}),
        readers,
        ...(kept === undefined ? {} : { keep: (seen) => keepReceipt(context, client, kept, seen) }),
      });
    return withAdvisoryLock(client, 'tables', () =>
      withClosedWindows(context, client, readers, () =>
        withClient(
          target,
          (onlooker) =>
            withClient(target, (sentry) => apply({ lockMonitor: onlooker, writerGuard: sentry }), {
              purpose: 'tables sentry',
            }),
          { purpose: 'tables onlooker' },
        ),
      ),
    );
  });
  return { document: applied, text: describeApplied(applied, input.expected.allow), outcome: 'done' };
}

/** What a broken-off run took away and the tables still allow, put back. */
export interface TablesUndone {
  readonly formatVersion: 1;
  /** Ids of the steps that put something back. */
  readonly applied: readonly string[];
  /** Foreign keys that the tables do not allow as they are: a run that goes on brings them back. */
  readonly left: readonly { readonly table: string; readonly foreignKey: string; readonly why: string }[];
}

/** A specification that asks for nothing: what a run toward it does is to put back what is recorded. */
const NOTHING: Distribution = { shardCount: SHARDS.usual, online: true, tables: [] };

/**
 * Puts back what a run that was given up took away: foreign keys, comments, FORCE ROW LEVEL SECURITY. Tables stay where they are:
 * what is distributed is distributed.
 */
export async function tablesUndo(
  context: VerbContext,
  { target, ask = false, allow = [] }: Pick<TablesApplyInput, 'target' | 'ask' | 'allow'>,
): Promise<VerbResult<TablesUndone>> {
  const { document } = await tablesApply(context, { target, expected: NOTHING, ask, allow });
  const left = await onCitus(
    context,
    target,
    'tables undo',
    async (client) => {
      const live = await inspectDatabase(client, NOTHING, { readRows: false });
      const state = new TargetState(NOTHING, live);
      return live.droppedForeignKeys.map((key) => ({
        table: showTable(key.table),
        foreignKey: key.name,
        why: foreignKeyFault(state, key) ?? 'one of its tables is gone',
      }));
    },
    { readOnly: true },
  );
  const applied = document.applied.map(({ id }) => id);
  const done =
    applied.length === 0 ? 'Nothing was to be put back.' : `Put back in ${stepCount(applied.length)}.`;
  const rest = left.map(({ why }) => `\n- ${why}`).join('');
  return {
    document: { formatVersion: 1, applied, left },
    text:
      left.length === 0
        ? done
        : `${done} What the tables do not allow as they are comes back when \`tables apply\` goes on to its end:${rest}`,
    outcome: left.length === 0 ? 'done' : 'failed',
  };
}

/** Puts FORCE back where a run before this one left it off, and where this one does, be it that it fails or is stopped. */
async function withClosedWindows<T>(
  { reporter }: VerbContext,
  client: Client,
  readers: ReadSessions,
  work: () => Promise<T>,
): Promise<T> {
  const close = async (when: string): Promise<void> => {
    const closed = await closeWindows(client, readers);
    if (closed.length > 0)
      reporter.warn(`FORCE ROW LEVEL SECURITY of ${allOf(closed.map(showTable))} is back, which ${when}`);
  };
  await close('a run that was cut off left off: until now sessions of the owner saw every row');
  try {
    const result = await work();
    await dropForcedPolicyRecord(client);
    return result;
  } catch (error) {
    await close('was off for the step that did not end').catch((failure: unknown) => {
      reporter.warn(
        `FORCE ROW LEVEL SECURITY could not be put back (${explain(failure)}): the next run of any verb does that first`,
      );
    });
    throw error;
  }
}

/** Where a run leaves its receipt, and what it found there. */
interface Kept {
  readonly file: string;
  readonly expected: Distribution;
  readonly earlier: Receipt | undefined;
}

async function keepReceipt(
  context: VerbContext,
  client: Client,
  { file, expected, earlier }: Kept,
  seen: ReceiptContent,
): Promise<void> {
  const { reporter } = context;
  const whole = earlier === undefined ? seen : continueReceipt(earlier, seen);
  requireSameFile(file, earlier);
  writeReceipt(
    file,
    sealReceipt({
      ...whole,
      database: await databaseIdentity(client),
      tool: thisTool(),
      writtenAt: new Date().toISOString(),
      specified: specifiedBy(expected),
    }),
  );
  if (earlier !== undefined && whole.before !== null && whole.compared !== null) {
    const { at } = whole.before;
    // What this run has compared with its own beginning is said already. Two runs may begin within the same second.
    if (!isDeepStrictEqual(seen.before, whole.before)) {
      reportSince(reporter, file, at, whole.compared.rows);
      reportDifferences(reporter, whole.before, {
        sequences: [],
        views: [],
        notCounted: [],
        ...whole.compared,
        rows: [],
      });
    }
    reporter.info(
      `the receipt ${file} keeps what there was at ${at}, and was compared with what there is now`,
    );
    return;
  }
  reporter.info(
    seen.before === null
      ? `nothing was to be done, so there is no before: the receipt ${file} holds the database as it was found`
      : `the receipt is ${file}: \`tables verify --receipt ${file}\` compares with it`,
  );
}

/** Looks at everything the specification says, and at the workload's queries where they are given. */
export async function tablesVerify(
  context: VerbContext,
  { target, expected, receipt: file, ...extras }: TablesVerifyInput,
): Promise<VerbResult<TablesVerified>> {
  const receipt = file === undefined ? undefined : readReceipt(file);
  const around = { reporter: context.reporter, readers: openReadSessions(target, context.signal) };
  const verified = await onCitus(
    context,
    target,
    'tables verify',
    async (client) => {
      await requireQueryRoles(client, extras.queries ?? []);
      if (file === undefined || receipt === undefined) {
        return verifyDatabase(client, expected, extras, around);
      }
      requireSameDatabase(file, receipt, await databaseIdentity(client));
      return verifyDatabase(client, expected, { ...extras, receipt }, around);
    },
    { readOnly: true },
  );
  return { document: verified, text: describeVerified(verified), outcome: verified.ok ? 'done' : 'failed' };
}

function onCitus<T>(
  { reporter, signal }: VerbContext,
  target: ConnectionTarget,
  purpose: string,
  work: (client: Client) => Promise<T>,
  options: { readonly readOnly?: boolean } = {},
): Promise<T> {
  return withClient(
    target,
    async (client) => {
      await requireCitus(client, target);
      await requireCoordinator(client);
      // A run that changes something does this under its lock.
      if (options.readOnly === true) await putBackFirst(client, reporter);
      return work(client);
    },
    { purpose, reporter, direct: true, ...(options.readOnly === true ? { signal } : {}) },
  );
}

export function describeApplied(
  { applied, seconds, longestWriteBlock, longestWritePause, rows, answers, ...kept }: TablesApplied,
  allow: readonly Allowance[] = [],
): string {
  if (applied.length === 0 && rows === null)
    return 'Nothing to do: the database is as the specification says.';
  const longest =
    longestWriteBlock === null
      ? ''
      : ` The longest transaction that held writers up took ${duration(longestWriteBlock.seconds)} (${longestWriteBlock.id}).`;
  const state = describeState(kept);
  return `Applied ${stepCount(applied.length)} in ${duration(seconds)}.${longest}${describePause(longestWritePause)}${describeRows(rows)}${describeAnswers(answers)}${state === '' ? '' : ` ${state}`}${describeChangedViews(kept.views, allow)}`;
}

/** A line for each view that does not answer as before. */
function describeChangedViews(views: TablesApplied['views'], allow: readonly Allowance[]): string {
  return views
    .filter(({ same }) => same === false)
    .map(({ view, detail }) => {
      const allowed = allow.some(({ id }) => id === `view-will-fail:${view}`) ? ' (allowed)' : '';
      return `\n- view ${view}${allowed}: ${detail}`;
    })
    .join('');
}

function describePause(pause: TablesApplied['longestWritePause']): string {
  if (pause === null) return '';
  const { table: copied, seconds, resolutionSeconds } = pause;
  const least = Math.max(0, seconds - resolutionSeconds);
  return ` Writers of ${copied} waited at most ${duration(seconds)} while it was copied online (measured to ${duration(resolutionSeconds)}: ${duration(least)} at least).`;
}

function describeRows(rows: TablesApplied['rows']): string {
  if (rows === null) return '';
  const same = rows.tables.filter((table) => table.same).length;
  return ` ${String(same)} of ${String(rows.tables.length)} tables hold the same rows as before (counted and hashed in ${duration(rows.seconds)}).${describeNotCounted(rows.notCounted)}`;
}

function describeNotCounted(tables: readonly { readonly table: string }[]): string {
  return tables.length === 0
    ? ''
    : ` Nobody could count ${allOf(tables.map(({ table }) => table))}: row-level security hides rows there.`;
}

function describeAnswers(answers: TablesApplied['answers']): string {
  const compared = answers.filter(({ same }) => same !== null);
  if (compared.length === 0) return '';
  const same = compared.filter((answer) => answer.same === true).length;
  return ` ${String(same)} of ${String(compared.length)} queries give the same answer.`;
}

export function describeVerified({ ok, checks }: TablesVerified): string {
  const mark = (check: (typeof checks)[number]): string => {
    if (!check.ok) return 'WRONG';
    return check.warning === true ? 'note' : 'ok';
  };
  const wrong = checks.filter((check) => !check.ok).length;
  const notes = checks.filter((check) => check.ok && check.warning === true).length;
  return [
    table([['', 'check', 'what was found'], ...checks.map((check) => [mark(check), check.id, check.detail])]),
    '',
    ok
      ? `All ${String(checks.length)} checks hold${notes === 0 ? '' : `, ${String(notes)} with a note`}.`
      : `${String(wrong)} of ${String(checks.length)} checks do not hold.`,
  ].join('\n');
}
