import { canonical, digest } from '../../lib/digest';
import { hasLocalCopy } from './live';
import type { LiveDatabase, LiveForeignKey, LiveKey, LiveTable } from './live';
import { showTable } from './names';

/**
 * A database as a plan saw it, in a form that travels with the plan: table by table, what each thing was, as a short
 * hash. Definitions themselves stay in the database, since defaults and policies can hold what is nobody else's business.
 * What belongs to no table is under the empty name.
 */
export type Snapshot = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** One thing that is not what it was. */
export interface Change {
  /** Empty where it belongs to no table. */
  readonly table: string;
  /** `column note`, `owner`, ... */
  readonly subject: string;
  readonly how: 'new' | 'gone' | 'different';
}

/**
 * Everything a plan depends on, and everything its review took for granted. Estimates, sizes, oids, placements and nodes
 * are left out: more nodes or rows between `plan` and `apply` do not make a plan stale, another key or column does. So are
 * comments: those that a plan keeps are in its SQL, and nothing happens to the others. Pure.
 */
export function takeSnapshot(live: LiveDatabase): Snapshot {
  const tables = live.tables.map((table): [string, Snapshot[string]] => [
    showTable(table.table),
    snapshotOf(table),
  ]);
  const database: [string, string][] = [
    ['wal_level', shortHash(live.walLevel)],
    ['version of Citus', shortHash(live.citusVersion ?? null)],
    ...live.droppedForeignKeys.map((key): [string, string] => [recordSubject(key), foreignKeyHash(key)]),
    ...live.schemas.flatMap(({ schema, owner, colocationId }): [string, string][] => [
      [`owner of schema ${schema}`, shortHash(owner)],
      [schemaSubject(schema), shortHash(colocationId !== undefined)],
    ]),
  ];
  return { '': Object.fromEntries(database), ...Object.fromEntries(tables) };
}

/** What was hashed already: a plan and its review look at the same tables. */
const snapshots = new WeakMap<LiveTable, Snapshot[string]>();

function snapshotOf(table: LiveTable): Snapshot[string] {
  const known = snapshots.get(table);
  if (known !== undefined) return known;
  const facts = {
    ...Object.fromEntries(factsOf(table).map(([subject, value]) => [subject, shortHash(value)])),
    ...Object.fromEntries(table.foreignKeys.map((key) => [foreignKeySubject(key), foreignKeyHash(key)])),
  };
  snapshots.set(table, facts);
  return facts;
}

function shortHash(value: unknown): string {
  return digest(value).slice(0, 12);
}

/** What a snapshot calls where a table has its rows. */
export const PLACEMENT_SUBJECTS = ['citus', 'rows'] as const;

/** What a snapshot calls this project's own checks of a table. */
export const CHECKS_SUBJECT = 'checks';

/** What a snapshot calls whether a column takes NULL. */
export function notNullSubject(column: string): string {
  return `not-null ${column}`;
}

/** What a snapshot calls the constraint or index of a name, as a key and as the facts that PostgreSQL tells of it. */
export function keySubjects(name: string): string[] {
  return ['key', 'index', 'constraint'].map((what) => `${what} ${name}`);
}

type ForeignKeyName = Pick<LiveForeignKey, 'table' | 'name'>;

/** What a snapshot calls a foreign key of a table. */
export function foreignKeySubject({ name }: Pick<ForeignKeyName, 'name'>): string {
  return `foreign-key ${name}`;
}

/** What a snapshot calls the record of a foreign key that is away, under the empty table. */
export function recordSubject({ table, name }: ForeignKeyName): string {
  return `record of foreign key ${name} of ${showTable(table)}`;
}

/** What a snapshot calls whether a schema is distributed as a whole, under the empty table. */
export function schemaSubject(schema: string): string {
  return `distribution of schema ${schema}`;
}

/**
 * The same for a foreign key in force, for its record, and for what is restored from that: which of two alike keys of the
 * referenced table it rests on is PostgreSQL's choice.
 */
export function foreignKeyHash(key: LiveForeignKey): string {
  return shortHash(canonical({ ...key, usesKey: undefined, comment: undefined }));
}

function withoutComments(key: LiveKey): object {
  return { ...key, comment: undefined, indexComment: undefined };
}

/** One hash for the whole of it. */
export function observedHash(live: LiveDatabase): string {
  return snapshotHash(takeSnapshot(live));
}

export function snapshotHash(snapshot: Snapshot): string {
  return `sha256:${digest(canonical(snapshot))}`;
}

function factsOf(table: LiveTable): [string, unknown][] {
  const { kind, owner, replicaIdentity, citus } = table;
  const placed = 'placements' in citus ? { ...citus, placements: undefined, layout: undefined } : citus;
  return [
    ['kind', [kind, table.unlogged, table.inherits]],
    ['owner', owner],
    ['replica identity', replicaIdentity],
    [PLACEMENT_SUBJECTS[0], [placed, hasLocalCopy(table)]],
    // A table that was empty has no local copy to remove, and a plan for it has no step that does.
    ...(citus.kind === 'plain' ? [[PLACEMENT_SUBJECTS[1], table.hasHeap] as [string, unknown]] : []),
    ...table.keys.map((key): [string, unknown] => [`key ${key.name}`, withoutComments(key)]),
    [CHECKS_SUBJECT, table.ownChecks],
    ['triggers', table.triggers],
    ...table.columns.flatMap(({ name, type, collation, notNull, generated }): [string, unknown][] => [
      [`type-of ${name}`, [type, collation ?? null, generated]],
      [notNullSubject(name), notNull],
    ]),
    ...table.facts.map(({ subject, definition }): [string, unknown] => [subject, definition]),
  ];
}

/** What differs between two looks at a database, in the order of the names. Pure. */
export function compareSnapshots(before: Snapshot, now: Snapshot): Change[] {
  return union(before, now).flatMap((table) => {
    const [was, is] = [before[table], now[table]];
    if (was === undefined) return [{ table, subject: '', how: 'new' as const }];
    if (is === undefined) return [{ table, subject: '', how: 'gone' as const }];
    return union(was, is).flatMap((subject): Change[] => {
      if (was[subject] === is[subject]) return [];
      const how = was[subject] === undefined ? 'new' : is[subject] === undefined ? 'gone' : 'different';
      return [{ table, subject, how }];
    });
  });
}

/** `column note of table events is new` */
export function describeChange({ table, subject, how }: Change): string {
  const is = { new: 'is new', gone: 'is gone', different: 'is different' }[how];
  if (table === '') return `${subject} ${is}`;
  return subject === '' ? `table ${table} ${is}` : `${subject.replace('-', ' ')} of table ${table} ${is}`;
}

function union(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}
