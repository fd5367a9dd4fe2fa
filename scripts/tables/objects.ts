import type { Client } from 'pg';
import type { Distribution, ExpectedTable } from '../../config/distribution-types';
import { tableKey } from '../../config/identifiers';
import { GRANTS_AND_SETTINGS } from './objects.sql';
import type { LiveDatabase, LiveTable } from './live';
import { isOwnName, showTable } from '../database/model/names';
import { tablesSpokenOf } from './schemas';
import { digest } from './snapshot';

/**
 * Everything about the tables of a specification that has to outlive their distribution, each as a short digest under the
 * table and what it is (`index events_note_idx`): columns and their defaults, indexes, constraints, foreign keys, comments,
 * grants, statistics, policies, views, sequences. Of a partition there is its bound alone. Left out is what the
 * specification is about: what a table is to Citus, and a primary key that it asks for.
 */
export type Objects = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The objects of one table, then and now. */
export interface ObjectsCompared {
  readonly table: string;
  /** How many there were. */
  readonly objects: number;
  readonly same: boolean;
  /** `index events_created_at_idx`, `comment on column note`, ...; what is new is nobody's loss. */
  readonly gone: readonly string[];
  readonly different: readonly string[];
}

/** @param live inspected with its facts */
export async function readObjects(
  client: Client,
  expected: Distribution,
  live: LiveDatabase,
): Promise<Objects> {
  const { rows } = await client.query<Attached>(GRANTS_AND_SETTINGS, [live.tables.map(({ oid }) => oid)]);
  return objectsOf(expected, live, rows);
}

interface Attached {
  readonly oid: number;
  readonly subject: string;
  readonly definition: string;
}

/** Pure. */
export function objectsOf(
  expected: Distribution,
  live: LiveDatabase,
  attached: readonly Attached[],
): Objects {
  const spokenOf = new Set(tablesSpokenOf(expected, live).map(tableKey));
  const wanted = new Map(expected.tables.map((each) => [tableKey(each.table), each]));
  const beside = grouped(attached, ({ oid }) => oid);
  const incoming = grouped(
    live.tables
      .filter(({ table }) => !spokenOf.has(tableKey(table)))
      .flatMap(({ foreignKeys }) => foreignKeys),
    ({ references }) => tableKey(references),
  );
  return Object.fromEntries(
    live.tables
      .filter(({ table }) => spokenOf.has(tableKey(table)))
      .map((table) => {
        const key = tableKey(table.table);
        const subjects: [string, unknown][] = [
          ...ownSubjects(table, wanted.get(key)),
          ...(incoming.get(key) ?? []).map((each): [string, unknown] => [
            `foreign key ${each.name} of ${showTable(each.table)}`,
            withoutNotValid(each.definition),
          ]),
          ...(beside.get(table.oid) ?? []).map((each): [string, unknown] => [each.subject, each.definition]),
        ];
        const hashed = subjects.map(([subject, value]) => [subject, digest(value).slice(0, 12)]);
        return [showTable(table.table), Object.fromEntries(hashed) as Record<string, string>];
      }),
  );
}

function ownSubjects(table: LiveTable, wanted: ExpectedTable | undefined): [string, unknown][] {
  const byDesign = changedByDesign(table, wanted);
  return [
    ['owner', table.owner],
    ['kind', [table.kind, table.inherits]],
    ['replica identity', [table.replicaIdentity, table.keys.find((key) => key.identifiesRows)?.name]],
    // Only where it is: a column of a new primary key may become NOT NULL, and none may cease to be.
    ...table.columns
      .filter(({ notNull }) => notNull)
      .map(({ name }): [string, unknown] => [`NOT NULL of column ${name}`, true]),
    ...table.facts
      .filter(({ subject }) => !byDesign(subject))
      .map(({ subject, definition }): [string, unknown] => [subject, withoutNotValid(definition)]),
    ...table.foreignKeys.map(({ name, definition }): [string, unknown] => [
      `foreign key ${name}`,
      withoutNotValid(definition),
    ]),
    ...table.comments.map(({ on, name, text }): [string, unknown] => [
      on === 'table' ? 'comment' : `comment on ${on} ${name}`,
      text,
    ]),
  ];
}

/** A constraint that was not validated and is now has lost nothing. */
function withoutNotValid(definition: string): string {
  return definition.replace(/ NOT VALID$/, '');
}

/** Says which subjects of a table are the specification's to change, or this project's own. */
function changedByDesign(table: LiveTable, wanted: ExpectedTable | undefined): (subject: string) => boolean {
  const key =
    wanted?.kind === 'distributed' && wanted.primaryKey !== undefined
      ? table.keys.find(({ kind }) => kind === 'primary')?.name
      : undefined;
  return (subject) => {
    const [, name] = /^(?:index|constraint) (.*)$/s.exec(subject) ?? [];
    return name !== undefined && (name === key || isOwnName(name));
  };
}

function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** Whether all that was there is there as it was. Pure. */
export function compareObjects(before: Objects, now: Objects): ObjectsCompared[] {
  return Object.entries(before).map(([table, were]) => {
    const are = now[table] ?? {};
    const subjects = Object.keys(were).sort();
    const gone = now[table] === undefined ? ['the table'] : subjects.filter((each) => !(each in are));
    const different = subjects.filter((each) => each in are && are[each] !== were[each]);
    return {
      table,
      objects: subjects.length,
      same: gone.length === 0 && different.length === 0,
      gone,
      different,
    };
  });
}
