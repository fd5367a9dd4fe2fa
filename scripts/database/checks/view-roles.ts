import { groupBy } from '../../lib/group-by';
import { allOf, someOf } from '../../../config/text/text';
import type { LiveTable, ViewRole } from '../model/live';
import { showTable } from '../model/names';
import { convertedAlong } from '../target/recreated';
import type { ConvertedAlong } from '../target/recreated';
import type { TargetState } from '../target/target-state';
import { finding } from './findings';
import type { Finding } from './findings';

/** How many tables, views or roles a fault names. */
const NAMED = 5;

/**
 * Roles whose queries Citus would refuse. In PostgreSQL a view reads with the rights of its owner; Citus sends its queries to the
 * shards in the name of the role that asks, the coordinator's own shards included, and asks for its rights on tables that stay
 * beside them as well. And it writes through no view, whatever the rights. Who met with a refusal before meets with no new one,
 * so tables that are Citus's already are left out. Pure.
 */
export function viewRoleFailures(target: TargetState, takenAlong: ConvertedAlong): string[] {
  const roles = rolesBeyond(target, takenAlong);
  return [
    ...grouped(roles.filter(readsBeyond), ({ lacksSelect, lacksUsage }) => [lacksSelect, lacksUsage]).map(
      readingFault,
    ),
    ...grouped(
      roles.filter(({ writes }) => writes.length > 0),
      ({ live, writes }) => [live.table, writes],
    ).map(writingFault),
  ];
}

/**
 * Views that give a role other rows: PostgreSQL holds the policies of a table against the view's owner, Citus against the role that
 * asks, on the coordinator's own shards too. Pure.
 */
export function viewPolicyFindings(target: TargetState): Finding[] {
  const roles = rolesBeyond(target, convertedAlong(target)).filter(({ boundOn }) => boundOn.length > 0);
  return [...groupBy(roles, ({ view }) => showTable(view)).values()].map((all) => {
    const name = showTable(all[0].view);
    const tables = distinct(all.flatMap(({ boundOn }) => boundOn.map(showTable)));
    return finding(
      'view-under-policy',
      name,
      `view ${name} reads ${named(tables)}, whose row-level security PostgreSQL holds against the view's owner and Citus against the role that reads. ` +
        `So ${named(distinct(all.map(({ role }) => role)))} will see other rows through it: those that the policies show the role itself. ` +
        'Give the role a policy that shows what it saw, or let the view read a SECURITY DEFINER function that RETURNS TABLE',
      'allowance',
    );
  });
}

/** Roles with rights on views over plain tables that become tables of Citus. */
function rolesBeyond(target: TargetState, takenAlong: ConvertedAlong): Reach[] {
  return target.live.tables
    .filter(({ viewRoles, citus, kind }) => viewRoles.length > 0 && citus.kind === 'plain' && kind !== 'view')
    .flatMap((live): Reach[] => {
      const combinedHint = leaveOut(target, live, takenAlong);
      return combinedHint === undefined
        ? []
        : live.viewRoles.map((each) => ({ ...each, live, wayOut: combinedHint }));
    });
}

/** A role of a view over a table that becomes one of Citus's, and how to keep the table from that. */
interface Reach extends ViewRole {
  readonly live: LiveTable;
  readonly wayOut: string;
}

/** Undefined where the table does not become one of Citus's. */
function leaveOut(target: TargetState, { table }: LiveTable, takenAlong: ConvertedAlong): string | undefined {
  const becomes = target.targetPlacement(table);
  if (becomes.kind === 'schema') return `leave schema ${becomes.schema} out`;
  if (becomes.kind !== 'local') return `leave table ${showTable(table)} out`;
  const reference = takenAlong(table);
  if (reference === undefined) return undefined;
  return `leave table ${showTable(reference)} out, which takes ${showTable(table)} along`;
}

function readsBeyond({ lacksSelect, lacksUsage }: ViewRole): boolean {
  return lacksSelect.length > 0 || lacksUsage.length > 0;
}

function readingFault([first, ...others]: Group): string {
  const all = [first, ...others];
  const { lacksSelect, lacksUsage } = first;
  const roles = distinct(all.map(({ role }) => role));
  const to = roles.length > NAMED ? 'each of them' : roles.join(', ');
  const [tables, schemas] = [lacksSelect.map(showTable), lacksUsage];
  const lacks = [
    ...(tables.length === 0 ? [] : [`SELECT on ${named(tables)}`]),
    ...(schemas.length === 0
      ? []
      : [`USAGE on ${schemas.length === 1 ? 'schema' : 'schemas'} ${named(schemas)}`]),
  ];
  const grants = [
    ...(schemas.length === 0 ? [] : [`GRANT USAGE ON SCHEMA ${schemas.join(', ')} TO ${to}`]),
    ...(tables.length === 0 ? [] : [`GRANT SELECT ON ${tables.join(', ')} TO ${to}`]),
  ];
  return (
    `${reached(all, 'read')} by ${named(roles)} without ${allOf(lacks)}, which PostgreSQL asks of the view's owner and Citus of whoever reads: ` +
    `${allOf(grants)}, let the view read a SECURITY DEFINER function that RETURNS TABLE instead, or ${wayOut(all)}`
  );
}

function writingFault([first, ...others]: Group): string {
  const all = [first, ...others];
  const rights = allOf(first.writes);
  const table = showTable(first.live.table);
  return (
    `${reached(all, 'written')} by ${named(distinct(all.map(({ role }) => role)))}, with ${rights} on that alone, and Citus writes through no view: ` +
    `grant ${rights} on ${table} and write there, revoke ${first.writes.length === 1 ? 'it' : 'them'} on the view, or ${wayOut(all)}`
  );
}

/** `table d is read through view v`, `tables d and e are read through views v and w` */
function reached(all: readonly Reach[], how: 'read' | 'written'): string {
  const tables = distinct(all.map(({ live }) => showTable(live.table)));
  const views = distinct(all.map(({ view }) => showTable(view)));
  const subject = tables.length === 1 ? `table ${named(tables)} is` : `tables ${named(tables)} are`;
  return `${subject} ${how} through ${views.length === 1 ? 'view' : 'views'} ${named(views)}`;
}

function wayOut(all: readonly Reach[]): string {
  const ways = distinct(all.map((each) => each.wayOut));
  return ways.length > NAMED ? 'leave these tables out' : ways.join(', ');
}

type Group = readonly [Reach, ...Reach[]];

/** Those of equal key together, in the order of their first. */
function grouped(all: readonly Reach[], keyOf: (each: Reach) => unknown): Group[] {
  return [...groupBy(all, (each) => JSON.stringify(keyOf(each))).values()];
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function named(names: readonly string[]): string {
  return someOf(names, NAMED);
}
