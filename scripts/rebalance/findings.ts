import type { TableName } from '../../config/workload/distribution-types';
import { allOf } from '../../config/text/text';
import { finding } from '../database/checks/findings';
import type { Finding } from '../database/checks/findings';
import { showPart, showTable } from '../database/model/names';
import { hidesFromOwner } from '../database/observe/row-security';
import type { Policy, SecuredTable } from '../database/observe/row-security';
import { duration } from '../lib/reporter';

/** What findings need to know of a move. */
interface MovedGroup {
  /** As `regclass` writes them. */
  readonly tables: readonly string[];
}

/** Tables of a shard group that are copied whole only while FORCE is off. Partitions have a flag of their own. */
export function forcedTables(tables: readonly string[], secured: readonly SecuredTable[]): SecuredTable[] {
  return secured.filter((each) => tables.includes(each.regclass) && hidesFromOwner(each));
}

/**
 * What a person should know before these moves run. Pure.
 *
 * @param copied reference tables that are copied to nodes without them
 * @param secondsOf the estimated length of a move
 */
export function rebalanceFindings<Move extends MovedGroup>(
  moves: readonly Move[],
  copied: readonly string[],
  secured: readonly SecuredTable[],
  secondsOf: (move: Move) => number,
): Finding[] {
  return secured.flatMap((table) => {
    const own = moves.filter(({ tables }) => tables.includes(table.regclass));
    if (own.length === 0 && !copied.includes(table.regclass)) return [];
    const window = own.length > 0 && hidesFromOwner(table) ? [windowFinding(table, own.map(secondsOf))] : [];
    return [...window, ...lostPolicies(table)];
  });
}

export const FORCED_WINDOW = 'forced-policy-window';
const LOST_POLICY = 'restrictive-policy-lost';

/** The id of the finding that a policy does not come through as it is. */
export function lostPolicyId(table: TableName, policy: Pick<Policy, 'name'>): string {
  return `${LOST_POLICY}:${lostPolicySubject(table, policy)}`;
}

function lostPolicySubject(table: TableName, { name }: Pick<Policy, 'name'>): string {
  return `${showTable(table)}.${showPart(name)}`;
}

function windowFinding({ table }: SecuredTable, seconds: readonly number[]): Finding {
  const name = showTable(table);
  const [longest, total] = [Math.max(...seconds), seconds.reduce((sum, each) => sum + each, 0)];
  const length =
    seconds.length === 1
      ? `one window of about ${duration(longest)}`
      : `${String(seconds.length)} windows of about ${duration(longest)} at most, ${duration(total)} in all`;
  return finding(
    FORCED_WINDOW,
    name,
    `FORCE ROW LEVEL SECURITY of ${name} is off while a shard group of it moves: ${length}, one after another, with FORCE on in between. ` +
      'Citus copies shards as the owner of the table, and rows that policies hide from the owner would be lost. ' +
      "During a window an application that logs in as the owner sees every tenant's rows; for other roles the policies hold",
    'allowance',
  );
}

function lostPolicies({ table, policies }: SecuredTable): Finding[] {
  const name = showTable(table);
  const permissive = policies.filter((policy) => policy.permissive);
  return policies
    .filter((policy) => !policy.permissive)
    .map((policy) =>
      finding(
        LOST_POLICY,
        lostPolicySubject(table, policy),
        `policy ${showPart(policy.name)} of ${name} is RESTRICTIVE, and Citus makes it PERMISSIVE on every shard that it copies or moves: there it shows more rows instead of fewer, also where a shard was repaired by hand. ` +
          `The same without it: ${equivalent(policy, permissive)}, then drop ${showPart(policy.name)}`,
        'allowance',
      ),
    );
}

/** What says the same in permissive policies. */
function equivalent(policy: Policy, permissive: readonly Policy[]): string {
  const parts = [
    ...(policy.using === null ? [] : [`USING ${policy.using}`]),
    ...(policy.check === null ? [] : [`WITH CHECK ${policy.check}`]),
  ];
  const into =
    permissive.length === 0
      ? 'each permissive policy (there is none, and without one no row is shown)'
      : `each permissive policy (${allOf(permissive.map(({ name }) => showPart(name)))})`;
  return `join its ${parts.join(' and ')} with AND to the same part of ${into}`;
}
