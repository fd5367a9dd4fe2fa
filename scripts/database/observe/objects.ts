import { groupBy } from '../../lib/group-by';
import type { Client } from 'pg';
import type {
  DistributionScope,
  ExpectedTable,
  TableName,
} from '../../../config/workload/distribution-types';
import { tableKey } from '../../../config/workload/identifiers';
import { readLiftedTables } from '../model/forced-policies';
import { FACTS } from '../inspect/facts.sql';
import { GRANTS_AND_SETTINGS, OF_PARTITIONS, PARTITIONS } from './objects.sql';
import type { LiveDatabase, LiveFact, LiveTable } from '../model/live';
import { isOwnName, showTable } from '../model/names';
import { specifiedTables } from '../model/schemas';
import { readSequences } from './sequences';
import type { SequencePosition } from './sequences';
import { digest } from '../../lib/digest';

/**
 * Everything about the tables of a run that has to outlive their distribution, each as a short digest under the table and
 * what it is (`index events_note_idx`): columns and their defaults, indexes, constraints and foreign keys and whether they are
 * validated, comments, grants, statistics, policies, row-level security, views, sequences. Of a partition there is all that it has not from
 * its table. Left out is what the specification is about: what a table is to Citus, and a primary key that it asks for.
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

export interface TableObjects {
  readonly objects: Objects;
  readonly sequences: readonly SequencePosition[];
}

/** What {@link Objects} has as digests, as PostgreSQL defines it. */
export type Definitions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * @param live inspected with its facts
 * @param tables of it, those that are looked at
 */
export async function readObjects(
  client: Client,
  expected: DistributionScope,
  live: LiveDatabase,
  tables: readonly TableName[],
): Promise<TableObjects> {
  const { definitions, sequences } = await readDefinitions(client, expected, live, tables);
  return { objects: digestsOf(definitions), sequences };
}

/** The same undigested, for what is not written down. */
export async function readDefinitions(
  client: Client,
  expected: DistributionScope,
  live: LiveDatabase,
  tables: readonly TableName[],
): Promise<{ readonly definitions: Definitions; readonly sequences: readonly SequencePosition[] }> {
  const wanted = new Set(tables.map(tableKey));
  const oids = live.tables.filter(({ table }) => wanted.has(tableKey(table))).map(({ oid }) => oid);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    // Names come out qualified when nothing of the users' is on the path.
    await client.query(
      `SELECT set_config('search_path', 'pg_catalog', true), set_config('jit', 'off', true)`,
    );
    const { rows } = await client.query<Attached>(GRANTS_AND_SETTINGS, [oids]);
    const { positions, subjects } = await readSequences(client, oids);
    const lifted = (await readLiftedTables(client)).map(({ table }) => table);
    const parts = await readPartitions(client, oids, lifted);
    return {
      definitions: definitionsOf(expected, withForce(live, lifted), [...rows, ...subjects, ...parts], tables),
      sequences: positions,
    };
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

/** The subject of FACTS that says whether row-level security is enabled, and whether it is forced. */
const ROW_SECURITY = 'row-level security';

/** A table of which a run lifted FORCE for a moment counts as forced: it has to come back. Pure. */
export function withForce(live: LiveDatabase, lifted: readonly TableName[]): LiveDatabase {
  if (lifted.length === 0) return live;
  const keys = new Set(lifted.map(tableKey));
  const forced = (table: LiveTable): LiveTable => ({ ...table, facts: table.facts.map(asForced) });
  return {
    ...live,
    tables: live.tables.map((table) => (keys.has(tableKey(table.table)) ? forced(table) : table)),
  };
}

function asForced<Fact extends LiveFact>(fact: Fact): Fact {
  return fact.subject === ROW_SECURITY ? { ...fact, definition: fact.definition.replace(/ f$/, ' t') } : fact;
}

interface Attached extends LiveFact {
  readonly oid: number;
}

interface PartitionRow {
  readonly oid: number;
  /** Of the table that it is a partition of. */
  readonly root: number;
  readonly table: TableName;
  /** As SQL names it. */
  readonly name: string;
}

/** All that is read of a table, of each of its partitions, told apart by `of partition`. What a partition has from its table is the table's. */
async function readPartitions(
  client: Client,
  roots: readonly number[],
  lifted: readonly TableName[],
): Promise<Attached[]> {
  const { rows: partitions } = await client.query<PartitionRow>(PARTITIONS, [roots]);
  if (partitions.length === 0) return [];
  const oids = partitions.map(({ oid }) => oid);
  const byOid = new Map(partitions.map((each) => [each.oid, each]));
  const liftedKeys = new Set(lifted.map(tableKey));
  const read: Attached[] = [];
  for (const facts of [OF_PARTITIONS, FACTS, GRANTS_AND_SETTINGS])
    read.push(...(await client.query<Attached>(facts, [oids])).rows);
  return read.flatMap((fact) => {
    const partition = byOid.get(fact.oid);
    if (partition === undefined || fact.subject.startsWith('sequence ')) return [];
    const { subject, definition } = liftedKeys.has(tableKey(partition.table)) ? asForced(fact) : fact;
    const named = `${subject} of partition ${partition.name}`;
    const subjects = subject.startsWith('constraint ')
      ? constraintSubjects(named, definition)
      : [[named, definition] as const];
    return subjects.map(([each, value]) => ({
      oid: partition.root,
      subject: each,
      definition: String(value),
    }));
  });
}

/** Pure. @param tables those that are looked at; the others count for their foreign keys to them */
export function objectsOf(
  expected: DistributionScope,
  live: LiveDatabase,
  attached: readonly Attached[],
  tables: readonly TableName[] = specifiedTables(expected, live),
): Objects {
  return digestsOf(definitionsOf(expected, live, attached, tables));
}

/** Pure. */
export function digestsOf(definitions: Definitions): Objects {
  return Object.fromEntries(
    Object.entries(definitions).map(([table, subjects]) => [
      table,
      Object.fromEntries(
        Object.entries(subjects).map(([subject, value]) => [subject, digest(value).slice(0, 12)]),
      ),
    ]),
  );
}

function definitionsOf(
  expected: DistributionScope,
  live: LiveDatabase,
  attached: readonly Attached[],
  tables: readonly TableName[],
): Definitions {
  const spokenOf = new Set(tables.map(tableKey));
  const wanted = new Map(expected.tables.map((each) => [tableKey(each.table), each]));
  const beside = groupBy(attached, ({ oid }) => oid);
  const incoming = groupBy(
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
          ...(incoming.get(key) ?? []).flatMap((each) =>
            constraintSubjects(`foreign key ${each.name} of ${showTable(each.table)}`, each.definition),
          ),
          ...(beside.get(table.oid) ?? []).map((each): [string, unknown] => [each.subject, each.definition]),
        ];
        return [showTable(table.table), Object.fromEntries(subjects)];
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
      .filter(({ subject }) => !byDesign(subject) && !subject.startsWith('sequence '))
      .flatMap(({ subject, definition }) => constraintSubjects(subject, definition)),
    ...table.foreignKeys.flatMap(({ name, definition }) =>
      constraintSubjects(`foreign key ${name}`, definition),
    ),
    ...table.comments.map(({ on, name, text }): [string, unknown] => [
      on === 'table' ? 'comment' : `comment on ${on} ${name}`,
      text,
    ]),
  ];
}

const VALIDATION = 'validation of ';
const NOT_VALID = 'NOT VALID of ';

/**
 * A foreign key that was not validated and is now has lost nothing; one that was, and is not now, has. A check says NOT VALID because
 * rows may break it, so nobody may take that from it either.
 */
function constraintSubjects(subject: string, definition: string): [string, unknown][] {
  const bare = definition.replace(/ NOT VALID$/, '');
  const isValid = bare === definition;
  const [kind] = /^(?:CHECK|FOREIGN KEY) /.exec(definition) ?? [];
  return [
    [subject, bare],
    ...(kind !== undefined && isValid ? [[`${VALIDATION}${subject}`, true] as [string, unknown]] : []),
    ...(kind === 'CHECK ' && !isValid ? [[`${NOT_VALID}${subject}`, true] as [string, unknown]] : []),
  ];
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

/** Whether all that was there is there as it was. Pure. */
export function compareObjects(before: Objects, now: Objects): ObjectsCompared[] {
  return Object.entries(before).map(([table, were]) => {
    const are = now[table] ?? {};
    const subjects = Object.keys(were).sort();
    const different = subjects.filter((each) => each in are && are[each] !== were[each]);
    const lost = subjects.filter((each) => !(each in are));
    // With a constraint goes its validation.
    const named = new Set(
      [...lost, ...different].flatMap((each) => [`${VALIDATION}${each}`, `${NOT_VALID}${each}`]),
    );
    // With a partition goes all that it has.
    const partsLost = lost.filter((each) => each.startsWith('partition ')).map((each) => ` of ${each}`);
    const gone =
      now[table] === undefined
        ? ['the table']
        : lost.filter((each) => !named.has(each) && !partsLost.some((part) => each.endsWith(part)));
    return {
      table,
      objects: subjects.length,
      same: gone.length === 0 && different.length === 0,
      gone,
      different,
    };
  });
}
