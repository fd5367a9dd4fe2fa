import type { Client } from 'pg';
import type { Distribution, ExpectedTable } from '../../config/distribution-types';
import { GRANTS_AND_SETTINGS } from './objects.sql';
import type { LiveDatabase, LiveForeignKey, LiveTable } from './live';
import { isOwnName, sameTable, showTable } from './names';
import { tablesSpokenOf } from './schemas';
import { digest, takeSnapshot } from './snapshot';
import type { Snapshot } from './snapshot';

/**
 * Everything about the tables of a specification that has to outlive their distribution, as digests: columns and their
 * defaults, indexes, constraints, foreign keys, comments, grants, statistics, policies, views, sequences. Of a partition
 * there is its bound alone. Left out is what the specification is about: what a table is to Citus, and a primary key that
 * it asks for.
 */
export type Objects = Snapshot;

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

/** Sections of a snapshot that distributing changes, or that others say better. */
const NOT_KEPT: ReadonlySet<string> = new Set(['citus', 'rows', 'checks', 'key', 'foreign-key', 'not-null']);

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
  const snapshot = takeSnapshot(live);
  return Object.fromEntries(
    tablesSpokenOf(expected, live).flatMap((spokenOf): [string, Record<string, string>][] => {
      const table = live.tables.find((each) => sameTable(each.table, spokenOf));
      if (table === undefined) return [];
      const name = showTable(table.table);
      const wanted = expected.tables.find((each) => sameTable(each.table, spokenOf));
      const changes = changedByDesign(wanted, table);
      const kept = Object.entries(snapshot[name] ?? {}).filter(([subject]) => !changes(subject));
      const more: [string, unknown][] = [
        ['replica identity', [table.replicaIdentity, table.keys.find((key) => key.identifiesRows)?.name]],
        // Only where it is: a column of a new primary key may become NOT NULL, and none may cease to be.
        ...table.columns
          .filter(({ notNull }) => notNull)
          .map((column): [string, unknown] => [`NOT NULL of column ${column.name}`, true]),
        ...foreignKeysAt(table, expected, live),
        ...table.comments.map(({ on, name: of, text }): [string, unknown] => [
          on === 'table' ? 'comment' : `comment on ${on} ${of}`,
          text,
        ]),
        ...attached
          .filter(({ oid }) => oid === table.oid)
          .map(({ subject, definition }): [string, unknown] => [subject, definition]),
      ];
      return [
        [
          name,
          Object.fromEntries([
            ...kept,
            ...more.map(([subject, value]): [string, string] => [subject, digest(value).slice(0, 12)]),
          ]),
        ],
      ];
    }),
  );
}

/** Says which subjects of a table are the specification's to change, or this project's own. */
function changedByDesign(wanted: ExpectedTable | undefined, table: LiveTable): (subject: string) => boolean {
  const key =
    wanted?.kind === 'distributed' && wanted.primaryKey !== undefined
      ? table.keys.find(({ kind }) => kind === 'primary')?.name
      : undefined;
  return (subject) => {
    const [about = '', ...rest] = subject.split(' ');
    const name = rest.join(' ');
    if (NOT_KEPT.has(about)) return true;
    return (about === 'index' || about === 'constraint') && (name === key || isOwnName(name));
  };
}

/** Those that lead away from a table, and those of tables outside of the specification that lead to it. */
function foreignKeysAt(
  { table, foreignKeys }: LiveTable,
  expected: Distribution,
  live: LiveDatabase,
): [string, unknown][] {
  // One that was NOT VALID is validated when it is restored: that is no loss.
  const definitionOf = (key: LiveForeignKey): string => key.definition.replace(/ NOT VALID$/, '');
  const spokenOf = tablesSpokenOf(expected, live);
  const incoming = live.tables
    .filter((each) => !spokenOf.some((known) => sameTable(known, each.table)))
    .flatMap((each) => each.foreignKeys.filter((key) => sameTable(key.references, table)));
  return [
    ...foreignKeys.map((key): [string, unknown] => [`foreign key ${key.name}`, definitionOf(key)]),
    ...incoming.map((key): [string, unknown] => [
      `foreign key ${key.name} of ${showTable(key.table)}`,
      definitionOf(key),
    ]),
  ];
}

/** Whether all that was there is there as it was. Pure. */
export function compareObjects(before: Objects, now: Objects): ObjectsCompared[] {
  return Object.entries(before).map(([table, were]) => {
    const are = now[table] ?? {};
    const subjects = Object.keys(were).sort();
    const gone = now[table] === undefined ? ['the table'] : subjects.filter((each) => !(each in are));
    const different = subjects.filter((each) => each in are && are[each] !== were[each]).map(readable);
    return {
      table,
      objects: subjects.length,
      same: gone.length === 0 && different.length === 0,
      gone: gone.map(readable),
      different,
    };
  });
}

function readable(subject: string): string {
  return subject.replace(/^type-of /, 'type of column ');
}
