import type { Allowance, Distribution } from '../../config/workload/distribution-types';
import { describeObjects } from '../../scripts/database/observe/comparison';
import type { Finding } from '../../scripts/database/checks/findings';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import { EXIT, ScaleoutError } from '../../scripts/lib/errors';
import { rebalancePlan, rebalanceRun } from '../../scripts/rebalance/commands';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TablesApplied } from '../../scripts/tables/apply/apply';
import { testContext } from '../tables/support/sensors';

/** What the program made of a task. */
export type Carried =
  /** With what the plan told, whether it needed an allowance or not. */
  | { readonly kind: 'done'; readonly findings: readonly Finding[]; readonly problems: readonly string[] }
  | { readonly kind: 'refused'; readonly reasons: readonly string[] };

/** Brings a database to its specification by a reviewed plan, with every allowance that the plan asks for. */
export async function carryOut(target: ConnectionTarget, expected: Distribution): Promise<Carried> {
  const first = await refusable(() => tablesPlan(testContext(), { target, expected }));
  if (first.reasons !== undefined) return { kind: 'refused', reasons: first.reasons };
  const { findings } = first.answer.document;
  const allow = allowancesFor(findings);
  const { document: reviewed } = await tablesPlan(testContext(), { target, expected, allow });
  try {
    const { document } = await tablesApply(testContext(), { target, expected, reviewed, allow });
    const problems = [...differencesSaid(document), ...(await unfinished(target, expected, allow))];
    return { kind: 'done', findings, problems };
  } catch (error) {
    const steps = reviewed.steps.map(({ id }) => id).join(' ');
    return { kind: 'done', findings, problems: [`apply: ${messageOf(error)}`, `plan: ${steps}`] };
  }
}

/** What the run itself says is different, beside views, which a finding may have announced. */
function differencesSaid({ rows, objects, sequences }: TablesApplied): string[] {
  return [
    ...(rows?.tables ?? [])
      .filter(({ same }) => !same)
      .map(({ table }) => `the run: rows of ${table} differ`),
    ...objects.filter(({ same }) => !same).map((each) => `the run: ${describeObjects(each)}`),
    ...sequences.filter(({ same }) => !same).map((each) => `the run: sequence ${JSON.stringify(each)}`),
  ];
}

async function unfinished(
  target: ConnectionTarget,
  expected: Distribution,
  allow: readonly Allowance[],
): Promise<string[]> {
  const { document: plan } = await tablesPlan(testContext(), { target, expected, allow });
  const { document: verified } = await tablesVerify(testContext(), { target, expected });
  return [
    ...(plan.steps.length === 0 ? [] : [`still to do: ${plan.steps.map(({ id }) => id).join(' ')}`]),
    ...verified.checks.filter(({ ok }) => !ok).map(({ id, detail }) => `verify: ${id}: ${detail}`),
  ];
}

/** Moves shards to the nodes that were added. */
export async function rebalance(target: ConnectionTarget, online: boolean): Promise<Carried> {
  const options = { target, strategy: 'by_shard_count', mode: online ? 'auto' : 'block_writes' } as const;
  const planned = await refusable(() => rebalancePlan(testContext(), options));
  if (planned.reasons !== undefined) return { kind: 'refused', reasons: planned.reasons };
  const { findings } = planned.answer.document;
  const allow = allowancesFor(findings);
  const ran = await refusable(() => rebalanceRun(testContext(), { ...options, allow }));
  if (ran.reasons !== undefined) return { kind: 'refused', reasons: ran.reasons };
  const { outcome, text } = ran.answer;
  await dropRecord(target);
  return { kind: 'done', findings, problems: outcome === 'done' ? [] : [`rebalance: ${outcome}: ${text}`] };
}

/** What a rebalance did is kept on purpose. Anything else that it leaves is found by its schema, which is then not empty. */
async function dropRecord(target: ConnectionTarget): Promise<void> {
  await withClient(target, (client) =>
    client.query(
      'DROP TABLE IF EXISTS scaleout.rebalance_move, scaleout.rebalance_run; DROP SCHEMA IF EXISTS scaleout',
    ),
  );
}

function allowancesFor(findings: readonly Finding[]): Allowance[] {
  return findings.filter(({ needs }) => needs === 'allowance').map(({ id }) => ({ id }));
}

type Refusable<T> =
  { readonly answer: T; readonly reasons?: undefined } | { readonly reasons: readonly string[] };

/** What is refused before anything changes is an answer; every other error goes on. */
async function refusable<T>(work: () => Promise<T>): Promise<Refusable<T>> {
  try {
    return { answer: await work() };
  } catch (error) {
    if (!(error instanceof ScaleoutError) || error.exitCode !== EXIT.refused) throw error;
    const { failures } = error.details;
    return { reasons: Array.isArray(failures) ? failures.map(String) : [error.message] };
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
