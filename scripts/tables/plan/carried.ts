import { escapeIdentifier, escapeLiteral } from 'pg';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { allOf } from '../../../config/text/text';
import { groupBy } from '../../lib/group-by';
import { force, noForce, withForcedPolicies } from '../../database/model/forced-policies';
import { showTable, sqlTable, sqlTableArgument } from '../../database/model/names';
import { orderTables } from '../../database/model/order';
import type { LiveDatabase, LiveIdentity, LiveNotNull, LiveTable } from '../../database/model/live';
import { carriedViews, ofAll, recreatedViews } from './carried-views';
import type { Carried, Part, Recreation } from './carried-views';

const NOTHING: Carried = { before: [], after: [], what: [], refreshes: false };

/**
 * @param tables those that the step makes anew
 * @param filled those of which it makes only the shards anew, beside them. Pure.
 */
export function carried(
  live: LiveDatabase,
  tables: readonly TableName[],
  how: Recreation,
  filled: readonly LiveTable[] = [],
): Carried {
  // Most steps make nothing anew, and a plan of a wide schema has thousands of them.
  if (tables.length === 0) return { ...NOTHING, ...carriedChecks([], filled) };
  const keys = new Set(tables.map(tableKey));
  const names = new Set(tables.map(({ name }) => name));
  const made = live.tables.filter(({ table }) => names.has(table.name) && keys.has(tableKey(table)));
  const views = recreatedViews(live, made, how);
  // Citus makes the foreign keys of such a table anew, and PostgreSQL checks them by reading both of their ends as the owner.
  const ends = how === 'copy' ? [] : withReferenced(made);
  const bound = [...withForcedPolicies(live, ends), ...views.flatMap((view) => view.bound)];
  // Those of the step itself are in a window of their own, which closes after it.
  const inWindow = new Set(
    [...filled, ...(how === 'copy' ? made : [])].flatMap(({ forced }) =>
      forced.map(({ table }) => tableKey(table)),
    ),
  );
  const lifted = [...new Map(bound.map((table) => [tableKey(table), table])).values()].filter(
    (table) => !inWindow.has(tableKey(table)),
  );
  const counting = how === 'copy' ? [] : made.filter(({ identities }) => identities.length > 0);
  const reached = new Set([...ends, ...lifted].map(tableKey));
  const locked = live.tables.filter(
    (table) =>
      (table.forced.length > 0 && reached.has(tableKey(table.table))) ||
      counting.includes(table) ||
      (how === 'convert' && made.includes(table) && table.uncheckedChecks.length > 0),
  );
  const positions = carriedPositions(counting);
  const contents = carriedViews(views, how);
  const checks = carriedChecks(made, filled);
  const extras = carriedExtras(made);
  const notNulls = carriedNotNulls(made, how);
  const clustering = carriedClustering(made, how);
  const parts = [positions, checks, notNulls, extras, clustering, contents];
  return {
    before: [
      ...contents.settings,
      ...(locked.length === 0 ? [] : [lock(locked)]),
      ...noForce(lifted),
      ...parts.flatMap(({ before }) => before),
    ],
    after: [...parts.flatMap(({ after }) => after), ...force(lifted)],
    what: [positions, contents, extras, notNulls, clustering, checks].flatMap(({ what }) => what),
    refreshes: contents.refreshes,
  };
}

function carriedExtras(made: readonly LiveTable[]): Part {
  const bare = made.filter(({ extras }) => extras.length > 0);
  return {
    before: [],
    after: bare.flatMap(({ extras }) => extras),
    what: ofAll(
      'privileges, trigger comments and options',
      bare.map(({ table }) => table),
    ),
  };
}

/**
 * Citus makes NOT NULL constraints anew under names of its own: in a copy under that of a table that was there for a moment, otherwise under
 * PostgreSQL's own. Which name it was is not known before. What partitions inherit keeps it: nobody can rename it.
 */
function carriedNotNulls(made: readonly LiveTable[], how: Recreation): Part {
  const lost = made
    .flatMap(({ notNulls = [] }) => notNulls)
    .filter((each) => !each.inherited && (how === 'copy' || isNamed(each) || each.noInherit));
  const tables = [...groupBy(lost, ({ table }) => tableKey(table)).values()];
  const told = lost.filter((each) => isNamed(each) || each.noInherit);
  return {
    before: [],
    after: tables.flatMap((each) => againNotNull(each)),
    what: ofAll('names of NOT NULL constraints', [
      ...new Map(told.map(({ table }) => [tableKey(table), table])).values(),
    ]),
  };
}

/** Whether somebody gave it another name than PostgreSQL does. Pure. */
export function isNamed({ table, column, name }: LiveNotNull): boolean {
  return name !== `${table.name}_${column}_not_null`;
}

/** @param all those of one table */
function againNotNull(all: readonly LiveNotNull[]): string[] {
  const [first] = all;
  if (first === undefined) return [];
  const table = sqlTable(first.table);
  const wanted = all
    .map(({ column, name }) => `(${escapeLiteral(column)}, ${escapeLiteral(name)})`)
    .join(', ');
  const renaming =
    `SELECT format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', ${escapeLiteral(table)}, con.conname, wanted.name) ` +
    `FROM (VALUES ${wanted}) AS wanted(attname, name) JOIN pg_attribute a USING (attname) ` +
    "JOIN pg_constraint con ON con.conrelid = a.attrelid AND con.contype = 'n' AND con.conkey = ARRAY[a.attnum] AND con.conname <> wanted.name " +
    `WHERE a.attrelid = ${escapeLiteral(table)}::regclass`;
  return locally(
    `DO ${escapeLiteral(`DECLARE renaming text; BEGIN FOR renaming IN ${renaming} LOOP EXECUTE renaming; END LOOP; END`)}`,
    ...all
      .filter(({ noInherit }) => noInherit)
      .map(({ name }) => `ALTER TABLE ${table} ALTER CONSTRAINT ${escapeIdentifier(name)} NO INHERIT`),
  );
}

/** Of a table that it knows Citus copies the index by which it is clustered with a statement that it refuses. */
function carriedClustering(made: readonly LiveTable[], how: Recreation): Part {
  const clustered =
    how === 'copy'
      ? made.filter(({ citus }) => citus.kind !== 'plain').flatMap((table) => table.clustered)
      : [];
  return {
    before: clustered.flatMap(({ table }) => locally(`ALTER TABLE ${sqlTable(table)} SET WITHOUT CLUSTER`)),
    after: clustered.flatMap(({ table, index }) =>
      locally(`ALTER TABLE ${sqlTable(table)} CLUSTER ON ${escapeIdentifier(index)}`),
    ),
    what: ofAll(
      'the index of CLUSTER',
      clustered.map(({ table }) => table),
    ),
  };
}

/** On the coordinator alone, for what Citus takes to no shard. */
function locally(...statements: readonly string[]): string[] {
  return [
    'SET LOCAL citus.enable_ddl_propagation TO off',
    ...statements,
    'SET LOCAL citus.enable_ddl_propagation TO on',
  ];
}

function carriedPositions(counting: readonly LiveTable[]): Part {
  const identities = counting.flatMap(({ table, identities: all }) =>
    all.map((identity) => ({ table, identity })),
  );
  return {
    before: identities.flatMap(({ identity }, place) => readPosition(identity, place)),
    after: identities.flatMap(({ table, identity }, place) => restorePosition(table, identity, place)),
    what: ofAll(
      'the positions of the identity columns',
      counting.map(({ table }) => table),
    ),
  };
}

/**
 * Citus makes a CHECK or NOT NULL that is NOT VALID anew as one that every row holds to: a copy fails at the first row that does not, and a table
 * that is no copy says what is not so. So it is away meanwhile.
 */
function carriedChecks(made: readonly LiveTable[], filled: readonly LiveTable[]): Part {
  const checks = [...made, ...filled].flatMap(({ uncheckedChecks }) => uncheckedChecks);
  // Of a table that is made anew every comment is made again by a step of its own.
  const commented = filled.flatMap(({ uncheckedChecks }) => uncheckedChecks);
  // Citus makes shards with foreign keys to a reference table one by one, and no more once the transaction has changed others side by side.
  const oneByOne = made.some(
    ({ uncheckedChecks, citus }) => uncheckedChecks.length > 0 && citus.kind === 'distributed',
  );
  return {
    before: [
      ...(oneByOne ? ["SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"] : []),
      ...checks.map(({ table, name, column }) =>
        column === undefined
          ? `ALTER TABLE ${sqlTable(table)} DROP CONSTRAINT ${escapeIdentifier(name)}`
          : `ALTER TABLE ${sqlTable(table)} ALTER COLUMN ${escapeIdentifier(column)} DROP NOT NULL`,
      ),
    ],
    after: [
      ...checks.map(
        ({ table, name, definition }) =>
          `ALTER TABLE ${sqlTable(table)} ADD CONSTRAINT ${escapeIdentifier(name)} ${definition}`,
      ),
      ...commented.flatMap(({ table, name, comment }) =>
        comment === undefined
          ? []
          : [
              `COMMENT ON CONSTRAINT ${escapeIdentifier(name)} ON ${sqlTable(table)} IS ${escapeLiteral(comment)}`,
            ],
      ),
    ],
    what:
      checks.length === 0
        ? []
        : [
            `${allOf(checks.map(({ name }) => name))} of ${allOf([...new Set(checks.map(({ table }) => showTable(table)))])} NOT VALID`,
          ],
  };
}

function withReferenced(tables: readonly LiveTable[]): TableName[] {
  return tables.flatMap(({ table, foreignKeys }) => [
    table,
    ...foreignKeys.map(({ references }) => references),
  ]);
}

/**
 * Writers wait from here on, and no value is drawn between the reading of a position and the end of the transaction. Children come
 * first: who inserts into one holds it and asks for its parent, and would be in a deadlock with who holds the parent already.
 */
function lock(tables: readonly LiveTable[]): string {
  const edges = tables
    .flatMap(({ foreignKeys }) => foreignKeys)
    .map(({ table, references }) => ({ first: table, then: references, firm: false }));
  const childrenFirst = orderTables(
    tables.map(({ table }) => table),
    edges,
  );
  return `LOCK TABLE ${childrenFirst.map(sqlTable).join(', ')} IN ACCESS EXCLUSIVE MODE`;
}

function setting(place: number): string {
  return `'scaleout.position_${String(place + 1)}'`;
}

function readPosition({ sequence, cache }: LiveIdentity, place: number): string[] {
  return [
    // It changes nothing, and is the one statement that keeps others from drawing values until this transaction ends.
    `ALTER SEQUENCE ${sqlTable(sequence)} CACHE ${cache}`,
    `SELECT set_config(${setting(place)}, concat_ws(' ', last_value, is_called), true) FROM ${sqlTable(sequence)}`,
  ];
}

function restorePosition(table: TableName, identity: LiveIdentity, place: number): string[] {
  const { column, sequence, extras } = identity;
  const serial = `pg_get_serial_sequence(${sqlTableArgument(table)}, ${escapeLiteral(column)})`;
  const part = (index: number): string =>
    `split_part(current_setting(${setting(place)}), ' ', ${String(index)})`;
  return [
    `SELECT setval(${serial}, ${part(1)}::bigint, ${part(2)}::boolean)`,
    ...(sequence.name === `${table.name}_${column}_seq` ? [] : [rename(serial, sequence)]),
    ...extras,
  ];
}

/** Citus gives the new sequence PostgreSQL's own name for it, whatever the old one was called. */
function rename(serial: string, { name }: TableName): string {
  const known = `SELECT FROM pg_class WHERE oid = ${serial}::regclass AND relname = ${escapeLiteral(name)}`;
  const renaming = `EXECUTE format('ALTER SEQUENCE %s RENAME TO %I', ${serial}, ${escapeLiteral(name)})`;
  return `DO ${escapeLiteral(`BEGIN IF NOT EXISTS (${known}) THEN ${renaming}; END IF; END`)}`;
}

/** The statements of a step with what is carried around them. */
export function withCarried({ before, after }: Carried, statements: readonly string[]): string[] {
  return [...before, ...statements, ...after];
}

/** What a step's comment says of it, as the rest of a sentence; empty where nothing is carried. */
export function describeCarried({ what }: Carried): string {
  return what.length === 0 ? '' : `; keeps ${allOf(what)}`;
}

/** `; converts t and u to Citus local tables, ...`, where it does. */
export function convertedWords(converted: readonly TableName[], keeps: Carried): string {
  if (converted.length === 0) return describeCarried(keeps);
  return `; converts ${allOf(converted.map(showTable))} to ${converted.length === 1 ? 'a Citus local table' : 'Citus local tables'}, since foreign keys connect ${converted.length === 1 ? 'it' : 'them'}${describeCarried(keeps)}`;
}
