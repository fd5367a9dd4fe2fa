import { escapeIdentifier } from 'pg';
import { allOf, someOf } from '../../../config/text/text';
import { groupBy } from '../../lib/group-by';
import type { RoleHindrance } from '../../citus/node-sessions';
import { copyMode } from '../target/copy-mode';
import type { LiveDatabase, LiveTable } from '../model/live';
import { showTable } from '../model/names';
import type { ConvertedAlong } from '../target/recreated';
import type { TargetState } from '../target/target-state';
import { finding } from './findings';
import type { Finding } from './findings';

/** Tables that a message names. */
const NAMED = 8;

/** What Citus cannot do in the name of the tables' owners, and a step needs. */
export function ownerFailures(target: TargetState, takenAlong: ConvertedAlong): string[] {
  return hindered(target, (table, { role, what }) => {
    if (isOfMembership(what)) {
      // That this session has not the owner's rights here is said already of a table that is named.
      const isSaid = !table.ours && role === table.owner && target.isSpecified(table.table);
      return !isSaid && (isRecreatedOnNodes(target, table) || isTakenAlong(table, takenAlong));
    }
    return isCopiedOnline(target, table);
  }).map(({ hindrance, names }) => {
    const why = isOfMembership(hindrance.what)
      ? 'Citus makes shards there and gives them to their owner'
      : 'Citus connects as the owner to copy online';
    const instead = isOfMembership(hindrance.what)
      ? ''
      : ', or say online: false, which skips the online copy and blocks writes instead';
    return `${owned(hindrance, names)}. ${why}: ${hindranceRemedy(target.live, hindrance)}${instead}`;
  });
}

/** Citus takes a table out of its publications and back again, which is the owner's right. */
export function publicationFailures(target: TargetState): string[] {
  const of = target.live.tables
    .filter((table) => {
      const change = target.change(table.table)?.kind;
      return target.entersCitus(table.table) || change === 'alter' || change === 'undistribute';
    })
    .flatMap(({ table, publications }) =>
      publications.filter(({ named, ours }) => named && !ours).map((each) => ({ ...each, table })),
    );
  return [...groupBy(of, ({ name }) => name).values()].map((same) => {
    const [{ name, owner }] = same;
    return (
      `publication ${name} names ${someOf(
        same.map(({ table }) => showTable(table)),
        NAMED,
      )} and belongs to role ${owner}, and Citus changes it with the table: ` +
      `ALTER PUBLICATION ${escapeIdentifier(name)} OWNER TO ${escapeIdentifier(target.live.role)}`
    );
  });
}

/** Whose sessions do not reach the shards of a table that is copied with writes waiting, which takes no session of the owner. */
export function ownersKeptOut(target: TargetState): Finding[] {
  if (target.live.nodes.length < 2) return [];
  return hindered(target, (table, { what }) => !isOfMembership(what) && target.getsShards(table.table)).map(
    ({ hindrance, names }) =>
      finding(
        'owner-kept-out',
        hindrance.role,
        `${owned(hindrance, names)}. The copy itself takes no session of the owner. Afterwards Citus connects to nodes as the role that asks, so SET ROLE ${escapeIdentifier(hindrance.role)} ` +
          `and SECURITY DEFINER functions of that role fail on shards of other nodes: ${hindranceRemedy(target.live, hindrance)}, where an application does either`,
        'allowance',
      ),
  );
}

/** Roles that ask in their own name and may not log in: Citus connects to nodes as the role that asks. */
export function setRolesKeptOut(target: TargetState): Finding[] {
  if (target.live.nodes.length < 2) return [];
  const uses = target.live.tables
    .filter(({ table }) => target.getsShards(table))
    .flatMap(({ table, setRoles }) => setRoles.map((role) => ({ role, table: showTable(table) })));
  return [...groupBy(uses, ({ role }) => role).values()].map((same) => {
    const [{ role }] = same;
    const tables = someOf(
      same.map(({ table }) => table),
      NAMED,
    );
    return finding(
      'role-kept-out',
      role,
      `role ${role} has rights on ${tables}, asks in its own name (after SET ROLE, or in its SECURITY DEFINER functions), and may not log in (NOLOGIN). ` +
        `Citus connects to nodes as the role that asks, so what it asks of shards on other nodes fails: ALTER ROLE ${escapeIdentifier(role)} LOGIN, without a password if no person is to log in`,
      'allowance',
    );
  });
}

function hindered(
  { live }: TargetState,
  matters: (table: LiveTable, hindrance: RoleHindrance) => boolean,
): { readonly hindrance: RoleHindrance; readonly names: readonly string[] }[] {
  return (live.roleHindrances ?? []).flatMap((hindrance) => {
    const names = live.tables
      .filter(({ owner, partitionOwners }) => [owner, ...partitionOwners].includes(hindrance.role))
      .filter((table) => matters(table, hindrance))
      .map(({ table }) => showTable(table));
    return names.length === 0 ? [] : [{ hindrance, names }];
  });
}

function isOfMembership(what: RoleHindrance['what']): boolean {
  return what === 'missing' || what === 'no-member';
}

function isRecreatedOnNodes(target: TargetState, { table }: LiveTable): boolean {
  return target.entersCitus(table) || target.change(table)?.kind === 'alter';
}

function isTakenAlong({ table, citus }: LiveTable, takenAlong: ConvertedAlong): boolean {
  return citus.kind === 'plain' && takenAlong(table) !== undefined;
}

function isCopiedOnline(target: TargetState, live: LiveTable): boolean {
  const wanted = target.expectedTable(live.table);
  if (wanted?.kind !== 'distributed' || target.isThere(live.table)) return false;
  if (live.citus.kind !== 'plain' && live.citus.kind !== 'local') return false;
  return copyMode(target, live).online;
}

/** `tables a and b belong to role app_owner, which may not log in` */
export function owned({ role, what, nodes }: RoleHindrance, names: readonly string[]): string {
  const which = {
    missing: `which does not exist on ${allOf(nodes)}`,
    'no-member': `of which this session's role is no member on ${allOf(nodes)}`,
    'no-login': `which may not log in (NOLOGIN) on ${allOf(nodes)}`,
    'no-connections': `which may have no connection (CONNECTION LIMIT 0) on ${allOf(nodes)}`,
    'no-session': `for which ${allOf(nodes)} ${nodes.length === 1 ? 'lets' : 'let'} Citus open no session (its log says why)`,
    'no-connect': `which may not connect to this database on ${allOf(nodes)}`,
  }[what];
  return `${names.length === 1 ? 'table' : 'tables'} ${someOf(names, NAMED)} ${names.length === 1 ? 'belongs' : 'belong'} to role ${role}, ${which}`;
}

/** The statement that lets Citus in, and where. */
export function hindranceRemedy(
  live: Pick<LiveDatabase, 'role' | 'database'>,
  { role, what, nodes }: RoleHindrance,
): string {
  const [owner, session, database] = [role, live.role, live.database].map((name) =>
    escapeIdentifier(name),
  ) as [string, string, string];
  return {
    missing: `CREATE ROLE ${owner} LOGIN; GRANT ${owner} TO ${session} on ${allOf(nodes)}`,
    'no-member': `GRANT ${owner} TO ${session} on ${allOf(nodes)}`,
    'no-login': `ALTER ROLE ${owner} LOGIN on ${allOf(nodes)}`,
    'no-connections': `ALTER ROLE ${owner} CONNECTION LIMIT -1 on ${allOf(nodes)}`,
    'no-session': `let the nodes authenticate ${owner} among themselves (pg_hba.conf, or the password in PGPASSFILE of the servers)`,
    'no-connect': `GRANT CONNECT ON DATABASE ${database} TO ${owner} on ${allOf(nodes)}`,
  }[what];
}
