import type { Distribution } from '../../../config/workload/distribution-types';
import type { ConnectionTarget } from '../../../scripts/lib/connection';
import { withClient } from '../../../scripts/lib/connection';
import { tablesApply, tablesPlan, tablesVerify } from '../../../scripts/tables/commands';
import { describeObjects } from '../../../scripts/database/observe/comparison';
import { findPreconditionFailures } from '../../../scripts/database/checks/preconditions';
import type { Fingerprint } from '../../../scripts/database/observe/fingerprint';
import { fingerprintTables } from '../../../scripts/database/observe/fingerprint';
import { inspectDatabase } from '../../../scripts/database/inspect/inspect';
import { sameTable } from '../../../scripts/database/model/names';
import { TargetState } from '../../../scripts/database/target/target-state';
import type { TablesStep } from '../../../scripts/database/model/step';
import type { SealedPlan } from '../../../scripts/tables/review/plan-file';
import { requireNothingBeyond } from '../../../scripts/tables/review/reviewed';
import { unforeseen } from './foreseen';
import type { Look } from './looks';
import { looks } from './looks';
import type { RandomChanges } from './random-changes';
import { SCHEMAS } from './random-changes';
import { query, testContext } from './sensors';
import { keptOf } from './tenants';

/** How far a database went, and everything that was not as it should be. */
export interface CarriedOut {
  /** How many specifications it came to; fewer than there are where one does not fit what the one before left. */
  readonly reached: number;
  readonly wrong: readonly string[];
}

/**
 * Makes the database, and brings it to one specification after the other, each by a plan that was reviewed before. For test files that
 * have `planTables` fill `looks`.
 */
export async function carryOutReally(
  target: ConnectionTarget,
  { sql, tables, specifications }: RandomChanges,
): Promise<CarriedOut> {
  await query(target, sql);
  const rows = await withClient(target, (client) => fingerprintTables(client, tables));
  const look = async (): Promise<object[]> =>
    (await keptOf(target, SCHEMAS)).filter(({ nspname, relname }) =>
      tables.some((table) => sameTable(table, { schema: nspname, name: relname })),
    );
  const kept = await look();
  const wrong: string[] = [];
  for (const [reached, expected] of specifications.entries()) {
    const live = await withClient(target, (client) => inspectDatabase(client, expected));
    if (findPreconditionFailures(new TargetState(expected, live)).length > 0) return { reached, wrong };
    const reviewed = (await tablesPlan(testContext(), { target, expected })).document;
    looks.length = 0;
    // Every second one blindly, as far as a run ever goes by one look, and of half of the databases the first.
    const seesAll = (reached + tables.length) % 2 === 0;
    const input = { target, expected, reviewed, lookLastsMs: seesAll ? 0 : Infinity };
    const { applied, failed } = await tablesApply(testContext(), input).then(
      ({ document }) => ({ applied: document, failed: [] }),
      (error: unknown) => ({
        applied: undefined,
        failed: [`apply: ${error instanceof Error ? error.message : String(error)}`],
      }),
    );
    if (looks.length === 0) throw new Error('nobody notes what a run sees and plans: see looks.ts');
    const found = [
      ...failed,
      ...(seesAll ? wrongOnTheWay(expected, reviewed, looks) : []),
      ...(applied?.rows?.tables ?? [])
        .filter(({ same }) => !same)
        .map(({ table }) => `rows of ${table} are others`),
      ...(applied?.objects ?? []).filter(({ same }) => !same).map((each) => describeObjects(each)),
      ...(applied === undefined ? [] : await wrongAtTheEnd(target, expected, rows)),
      ...(applied === undefined ? [] : differences(kept, await look())),
    ];
    const plan = reviewed.steps.map(({ id }) => id).join(' ');
    if (found.length > 0) wrong.push(`specification ${String(reached + 1)} by ${plan}`, ...found);
    if (applied === undefined) return { reached, wrong };
  }
  return { reached: specifications.length, wrong };
}

async function wrongAtTheEnd(
  target: ConnectionTarget,
  expected: Distribution,
  rows: readonly Fingerprint[],
): Promise<string[]> {
  const left = (await tablesPlan(testContext(), { target, expected })).document.steps.map(({ id }) => id);
  const { document } = await tablesVerify(testContext(), { target, expected, expectedFingerprints: rows });
  const own = await query(target, "SELECT FROM pg_namespace WHERE nspname = 'scaleout'");
  return [
    ...(left.length === 0 ? [] : [`still to do: ${left.join(' ')}`]),
    ...document.checks.filter(({ ok }) => !ok).map(({ id, detail }) => `check ${id}: ${detail}`),
    ...(own.length === 0 ? [] : ['the schema scaleout is left']),
  ];
}

/** After each step what is left must be the rest of the reviewed plan, and the database as the model foresees it. */
function wrongOnTheWay(expected: Distribution, reviewed: SealedPlan, seen: readonly Look[]): string[] {
  const wrong: string[] = [];
  let done = 0;
  let strayed = false;
  for (const [index, { live, plan }] of seen.entries()) {
    let left: readonly TablesStep[];
    try {
      left = requireNothingBeyond(reviewed, plan, '').steps;
    } catch (error) {
      wrong.push(`refused: ${error instanceof Error ? error.message : String(error)}`);
      return wrong;
    }
    const rest = reviewed.steps.slice(done);
    if (!strayed && !isRest(left, rest)) {
      strayed = true;
      wrong.push(
        `left: ${left.map(({ id }) => id).join(' ')}; reviewed: ${rest.map(({ id }) => id).join(' ')}`,
      );
    }
    const [step] = left;
    const after = seen[index + 1];
    if (step === undefined || after === undefined || after.plan.steps.some(({ id }) => id === step.id))
      continue;
    done = reviewed.steps.findIndex((each) => isOrMayBe(each, step)) + 1;
    wrong.push(...unforeseen(expected, live, step, after.live).map((each) => `after ${step.id}: ${each}`));
  }
  return wrong;
}

/** Citus takes rows along where it turns a table, and leaves no copy of them behind then. */
function isRest(left: readonly TablesStep[], rest: readonly TablesStep[]): boolean {
  let next = 0;
  for (const step of rest) {
    const found = left[next];
    if (found !== undefined && isOrMayBe(step, found)) next += 1;
    else if (step.action !== 'truncate-local-copy') return false;
  }
  return next === left.length;
}

function isOrMayBe({ id, contingencies = [] }: TablesStep, step: TablesStep): boolean {
  return id === step.id || contingencies.some((each) => each.id === step.id);
}

function differences(before: readonly object[], now: readonly object[]): string[] {
  return before.flatMap((each, index) => {
    const [was, is] = [JSON.stringify(each), JSON.stringify(now[index])];
    return was === is ? [] : [`not kept: ${was} became ${is}`];
  });
}
