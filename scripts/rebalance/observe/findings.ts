import type { TableName } from '../../../config/workload/distribution-types';
import { allOf } from '../../../config/text/text';
import { finding } from '../../database/checks/findings';
import { withoutRestrictive } from '../../database/checks/policies';
import type { Rule } from '../../database/checks/policies';
import type { Finding } from '../../database/checks/findings';
import { sameNode } from '../../citus/nodes';
import type { NodeAddress } from '../../citus/nodes';
import type { TransferMode } from '../../citus/transfer-mode';
import { showPart, showTable } from '../../database/model/names';
import { hidesFromOwner } from '../../database/observe/row-security';
import type { Policy, SecuredTable } from '../../database/observe/row-security';
import { duration } from '../../lib/reporter';

/** What findings need to know of a move. */
interface MovedGroup {
  /** As `regclass` writes them. */
  readonly tables: readonly string[];
  readonly mode: TransferMode;
}

/** Tables of a shard group that are copied whole only while FORCE is off. Partitions have a flag of their own. */
export function forcedTables(move: MovedGroup, secured: readonly SecuredTable[]): SecuredTable[] {
  return secured.filter((each) => hidesFromOwner(each) && isRead(move, each));
}

/** Whether a move reads the table as its owner: it copies it, or checks a foreign key to it, as moves that block writes do. */
function isRead({ tables, mode }: MovedGroup, { regclass, referencedBy }: SecuredTable): boolean {
  return (
    tables.includes(regclass) ||
    (mode === 'block_writes' && referencedBy.some((each) => tables.includes(each)))
  );
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
  const moving = secured.map((table) => ({
    table,
    own: moves.filter((move) => isRead(move, table)),
  }));
  const bound = moving.filter(({ table, own }) => own.length > 0 && hidesFromOwner(table));
  return moving.flatMap(({ table, own }) => {
    const parts = bound.filter((each) => showTable(rootOf(each.table)) === showTable(rootOf(table)));
    const window =
      parts[0]?.table === table
        ? [
            windowFinding(
              parts.map((each) => each.table),
              moves.filter((move) => parts.some((each) => each.own.includes(move))).map(secondsOf),
            ),
          ]
        : [];
    return own.length === 0 && !copied.includes(table.regclass) ? [] : [...window, ...lostPolicies(table)];
  });
}

/**
 * What becomes of writes that wait for a move to the node that they were sent to. Pure. Citus 12.1 to 14.0.
 *
 * @param nodes of the cluster; an application is logged in to its coordinator, unless it says otherwise
 */
export function localWriteFindings(
  moves: readonly (Pick<MovedGroup, 'tables'> & { readonly to: NodeAddress })[],
  nodes: readonly (NodeAddress & { readonly groupId: number })[],
): Finding[] {
  const coordinator = nodes.find(({ groupId }) => groupId === 0);
  const coming = coordinator === undefined ? [] : moves.filter(({ to }) => sameNode(to, coordinator));
  if (coming.length === 0) return [];
  const tables = [...new Set(coming.flatMap((move) => move.tables))];
  return [
    finding(
      'local-writes',
      'coordinator',
      `${coming.length === 1 ? '1 shard group' : `${String(coming.length)} shard groups`} of ${allOf(tables)} ${coming.length === 1 ? 'moves' : 'move'} to the coordinator. An UPDATE or DELETE that a session on the coordinator sends to such a group, and that has to wait for its move, changes nothing and says so as UPDATE 0, without an error: ` +
        'Citus goes on in that session with the snapshot from before the wait, in which the new shard is empty. INSERT is not touched, nor are moves to other nodes; sessions that log in to a worker meet the same in moves to that worker. ' +
        'Have applications that write with UPDATE or DELETE run with citus.enable_local_execution off until the run has ended: ALTER ROLE app SET citus.enable_local_execution = off, log in again, and RESET it afterwards. ' +
        'Where an application checks the number of rows and tries again, there is nothing to do',
      'none',
    ),
  ];
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

/** What a specification names, and so its findings: of a partition the table. */
function rootOf({ table, partOf = table }: SecuredTable): TableName {
  return partOf;
}

/** @param tables of one table those that are forced: itself, partitions of it */
function windowFinding(tables: readonly SecuredTable[], seconds: readonly number[]): Finding {
  const names = allOf(tables.map(({ table }) => showTable(table)));
  const [first] = tables;
  const [longest, total] = [Math.max(...seconds), seconds.reduce((sum, each) => sum + each, 0)];
  const length =
    seconds.length === 1
      ? `one window of about ${duration(longest)}`
      : `${String(seconds.length)} windows of about ${duration(longest)} at most, ${duration(total)} in all`;
  return finding(
    FORCED_WINDOW,
    first === undefined ? '' : showTable(rootOf(first)),
    `FORCE ROW LEVEL SECURITY of ${names} is off while a shard group of it moves: ${length}, one after another, with FORCE on in between. ` +
      'Citus copies shards as the owner of the table, and rows that policies hide from the owner would be lost. ' +
      "During a window an application that logs in as the owner sees every tenant's rows; for other roles the policies hold",
    'allowance',
  );
}

function lostPolicies({ table, policies }: SecuredTable): Finding[] {
  const name = showTable(table);
  const same = withoutRestrictive(policies.map((policy) => ruleOf(table, policy))).join('; ');
  return policies
    .filter((policy) => !policy.permissive)
    .map((policy) =>
      finding(
        LOST_POLICY,
        lostPolicySubject(table, policy),
        `policy ${showPart(policy.name)} of ${name} is RESTRICTIVE, and Citus makes it PERMISSIVE on every shard that it copies or moves: there it shows more rows instead of fewer, also where a shard was repaired by hand. ` +
          `The same without AS RESTRICTIVE: ${same}`,
        'allowance',
      ),
    );
}

/** `pg_policy.polcmd` in SQL; any other is for all. */
export const COMMANDS: Readonly<Record<string, Rule['command']>> = {
  r: 'SELECT',
  a: 'INSERT',
  w: 'UPDATE',
  d: 'DELETE',
};

function ruleOf(table: TableName, { name, permissive, command, roles, using, check }: Policy): Rule {
  return {
    table,
    name,
    permissive,
    command: COMMANDS[command] ?? 'ALL',
    roles,
    ...(using === null ? {} : { using }),
    ...(check === null ? {} : { withCheck: check }),
  };
}
