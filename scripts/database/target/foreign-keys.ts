import { tableKey } from '../../../config/workload/identifiers';
import { connections, foreignKeysOf } from './connections';
import { copyMode } from './copy-mode';
import type { DroppedForeignKey, LiveForeignKey } from '../model/live';
import { sameTable, showTable } from '../model/names';
import type { TargetPlacement, TargetState } from './target-state';

/**
 * Why Citus never allows this foreign key once the tables are what they become, with the way out; undefined where it
 * does. The rules are Citus 12.1's own.
 */
export function foreignKeyFault(target: TargetState, key: LiveForeignKey): string | undefined {
  const from = target.targetPlacement(key.table);
  const to = target.targetPlacement(key.references);
  const subject = `foreign key ${key.name} of ${showTable(key.table)} references ${showTable(key.references)}`;
  if (from.kind === 'schema' || to.kind === 'schema') return schemaKeyFault(key, from, to, subject);
  if (from.kind !== 'distributed') {
    if (to.kind !== 'distributed') return stayFault(target, key, subject);
    const why =
      from.kind === 'reference'
        ? 'a reference table cannot reference a distributed one'
        : 'a table that stays on the coordinator cannot reference a distributed one';
    return (
      `${subject}: ${why}. Distribute ${showTable(target.wholeOf(key.table))} as well, colocated with ${showTable(key.references)}, ` +
      `make ${showTable(key.references)} a reference table, or drop the foreign key`
    );
  }
  if (to.kind === 'local') {
    return (
      `${subject}, which stays on the coordinator where the shards of ${showTable(key.table)} cannot see it. ` +
      `Make ${showTable(key.references)} a reference table, distribute it colocated, or drop the foreign key`
    );
  }
  const place = key.columns.indexOf(from.column);
  if (to.kind === 'distributed') {
    if (from.group !== to.group) {
      return (
        `${subject}, and the two are not colocated. Declare colocateWith: ${showTable(target.wholeOf(key.references))} for ` +
        `${showTable(target.wholeOf(key.table))} (or the other way round), make ${showTable(key.references)} a reference table, or drop the foreign key`
      );
    }
    if (place === -1 || key.referencedColumns[place] !== to.column) {
      // No column is referenced twice by one key.
      const way = key.referencedColumns.includes(to.column)
        ? `It pairs ${to.column} with another column already, so this foreign key cannot be kept here: make ${showTable(key.references)} a reference table, or drop it`
        : `Add them to the foreign key, make ${showTable(key.references)} a reference table, or drop it`;
      return (
        `${subject} by (${key.columns.join(', ')}): between distributed tables it must pair the distribution columns, ` +
        `${from.column} with ${to.column}. ${way}`
      );
    }
    const unique = target
      .uniqueColumnsThen(key.references)
      .some((columns) => sameSet(columns, key.referencedColumns));
    if (!unique) {
      return (
        `${subject} by (${key.referencedColumns.join(', ')}), which no key of ${showTable(key.references)} keeps unique ` +
        `once its primary key is rewritten. Reference the new primary key instead, or drop the foreign key`
      );
    }
  }
  if (place !== -1) {
    if (key.onDelete === 'n' || key.onDelete === 'd' || 'ndc'.includes(key.onUpdate)) {
      return (
        `${subject} with ${actions(key)}, which would change the distribution column ${from.column} of a row. ` +
        'Use NO ACTION, RESTRICT, or CASCADE on delete alone, or drop the foreign key'
      );
    }
  }
  return undefined;
}

/**
 * A key to a reference table makes plain tables local to Citus, and one with an identity column never leaves that again, nor is it
 * distributed from there with writes waiting. Whoever asks for nothing but what was taken away is to be able to go on.
 */
function stayFault(target: TargetState, key: LiveForeignKey, subject: string): string | undefined {
  const { expected, live } = target;
  const asks = expected.tables.length > 0 || (expected.schemas ?? []).length > 0;
  if (asks || target.liveTable(key.references)?.citus.kind !== 'reference') return undefined;
  const keys = [...foreignKeysOf(live), ...live.droppedForeignKeys];
  const caught = connections(keys)(key.table).find((table) => {
    const each = target.liveTable(table);
    return each?.citus.kind === 'plain' && each.identities.length > 0;
  });
  if (caught === undefined) return undefined;
  return (
    `${subject}, a reference table: with the key ${showTable(caught)} would become a table of Citus's own, which one with an identity column never leaves. ` +
    `It comes back with the run, or here once ${showTable(key.references)} is no reference table any more`
  );
}

/** A distributed schema is closed: its tables reference each other and reference tables, and nobody else references them. */
function schemaKeyFault(
  key: LiveForeignKey,
  from: TargetPlacement,
  to: TargetPlacement,
  subject: string,
): string | undefined {
  const [table, references] = [showTable(key.table), showTable(key.references)];
  if (to.kind === 'schema') {
    if (from.kind === 'schema' && from.schema === to.schema) return undefined;
    return (
      `${subject} of the distributed schema ${to.schema}, and Citus lets no table outside of it do that. ` +
      `Move ${table} into the schema (ALTER TABLE ... SET SCHEMA), or drop the foreign key`
    );
  }
  if (to.kind === 'reference') return undefined;
  return (
    `${subject}, and tables of a distributed schema reference each other and reference tables alone. ` +
    `Make ${references} a reference table, move it into schema ${key.table.schema}, or drop the foreign key`
  );
}

const ACTIONS = { a: 'NO ACTION', r: 'RESTRICT', c: 'CASCADE', n: 'SET NULL', d: 'SET DEFAULT' } as const;

function actions(key: LiveForeignKey): string {
  return `ON DELETE ${ACTIONS[key.onDelete]} ON UPDATE ${ACTIONS[key.onUpdate]}`;
}

/** What does not happen while a foreign key is away, as sentences. Pure. */
export function describeWindow(key: LiveForeignKey): string {
  const [table, references] = [showTable(key.table), showTable(key.references)];
  const missed = (action: LiveForeignKey['onDelete']): string =>
    action === 'a' || action === 'r'
      ? `is not refused (${ACTIONS[action]})`
      : `leaves the rows of ${table} as they are (no ${ACTIONS[action]})`;
  return (
    `Until then nothing checks that ${key.columns.join(', ')} exists in ${references}, a DELETE from ${references} ${missed(key.onDelete)}, and ` +
    `an UPDATE of its ${key.referencedColumns.join(', ')} ${missed(key.onUpdate)}. ` +
    (key.validated
      ? `The restored key fails on rows of ${table} that refer to nothing by then, and the error has the query that lists them`
      : `Rows of ${table} that refer to nothing by then stay, since the key is NOT VALID`)
  );
}

function sameSet(a: readonly (string | null)[], b: readonly string[]): boolean {
  return a.length === b.length && b.every((column) => a.includes(column));
}

/**
 * Why a foreign key has to be away for a while, as the rest of a sentence; undefined where it can stay.
 *
 * Two tables cannot become distributed at the same instant, and in between Citus forbids a foreign key between them.
 * The others are about cost and keys: see each.
 */
export function whyDropped(target: TargetState, key: LiveForeignKey): string | undefined {
  const ends = [key.table, key.references];
  const back = ends.find((table) => target.change(table)?.kind === 'undistribute');
  if (back !== undefined) return `${showTable(back)} can have no foreign key while it is undistributed`;
  const altered = ends.find((table) => target.change(table)?.kind === 'alter');
  if (altered !== undefined && ends.every((table) => target.liveTable(table)?.citus.kind === 'distributed')) {
    return `Citus drops it when it makes ${showTable(altered)} anew`;
  }
  const from = target.targetPlacement(key.table);
  const to = target.targetPlacement(key.references);
  if (from.kind === 'reference' && !key.validated && !target.isThere(key.table)) {
    return `it is not validated, and the copy of ${showTable(key.table)} would be refused for a row that has nothing to refer to`;
  }
  if (from.kind !== 'distributed' || to.kind === 'local') return undefined;
  const part = ends.find((end) => target.liveTable(end)?.kind === 'partition');
  if (part !== undefined && !ends.every((end) => target.isThere(end))) {
    return `it ends at partition ${showTable(part)} and not at its table, and Citus converts no table with such a key`;
  }
  if (target.newPrimaryKey(key.references) !== undefined) {
    const rests = target.primaryKey(key.references)?.name === key.usesKey;
    if (rests) return `it rests on the primary key of ${showTable(key.references)}, which is rewritten`;
  }
  if (target.isThere(key.table)) return undefined;
  const table = target.expectedTable(key.table);
  const live = target.liveTable(target.wholeOf(key.table));
  if (table?.kind !== 'distributed' || live === undefined) return undefined;
  const online = copyMode(target, live).online;
  if (sameTable(key.table, key.references)) {
    return online ? 'a table that references itself cannot be distributed online' : undefined;
  }
  if (to.kind === 'distributed') return 'the two tables become distributed one after the other';
  // A plain table that references a reference table becomes "local" to Citus, and the blocking copy starts by
  // copying such a table back: twice the time with writes waiting.
  if (!online && live.citus.kind === 'plain' && !target.isThere(key.references)) {
    return `it would make ${showTable(key.table)} a table of Citus too early, and its rows would be copied twice with writes waiting`;
  }
  return undefined;
}

/** Whether both ends are where a dropped foreign key can come back. */
export function canReturn(
  key: LiveForeignKey,
  isThere: (table: LiveForeignKey['table']) => boolean,
): boolean {
  return isThere(key.table) && isThere(key.references);
}

/**
 * Whether a recorded foreign key may come back once the tables are what this specification makes of them. One that may
 * not belongs to another specification, and its record waits for that one.
 */
export function mayReturn(target: TargetState, dropped: DroppedForeignKey): boolean {
  if (liveTwin(target, dropped) !== undefined) return true;
  const there = [dropped.table, dropped.references].every((table) => target.liveTable(table) !== undefined);
  return there && foreignKeyFault(target, dropped) === undefined;
}

/** The live twin of a recorded foreign key, where it has been added again already. */
export function liveTwin(target: TargetState, dropped: DroppedForeignKey): LiveForeignKey | undefined {
  return target
    .liveTable(dropped.table)
    ?.foreignKeys.find((key) => key.name === dropped.name && sameTable(key.table, dropped.table));
}

/** Tells any two foreign keys apart. */
export function foreignKeyId(key: Pick<LiveForeignKey, 'table' | 'name'>): string {
  return `${tableKey(key.table)} ${key.name}`;
}
