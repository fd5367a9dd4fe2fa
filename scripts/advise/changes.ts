import { escapeIdentifier } from 'pg';
import type { Distribution } from '../../config/workload/distribution-types';
import { tableKey } from '../../config/workload/identifiers';
import { allOf } from '../../config/text/text';
import { findPreconditionFailures } from '../database/checks/preconditions';
import { identifiesRows } from '../database/model/live';
import type { LiveDatabase } from '../database/model/live';
import { showTable, sqlColumns, sqlTable } from '../database/model/names';
import { TargetState } from '../database/target/target-state';
import { replicationFindings } from '../tables/plan/replication-findings';
import type { Assigned } from './assignment';
import { missingColumn } from './assignment';
import { percent } from './advice-model';
import { joined } from './migration/steps';
import type { AdviceModel } from './advice-model';

/** Something to change before the tables are distributed. */
export interface Change {
  /** The table as messages name it; empty for the database. */
  readonly table: string;
  readonly kind: 'primary-key' | 'add-column' | 'nulls' | 'no-identity' | 'fault' | 'replication';
  /** `tables plan` refuses the specification until it is done; the others are done by it, or cost something. */
  readonly blocking: boolean;
  readonly text: string;
  /** A way to do it, where one can be written down. */
  readonly sql?: readonly string[];
}

/** What stands between a database and its specification. Pure. */
export function findChanges(
  situation: AdviceModel,
  assigned: ReadonlyMap<string, Assigned>,
  specification: Distribution,
): Change[] {
  return [
    ...[...assigned].flatMap(([key, place]) =>
      place.kind === 'lacks-column' ? [addColumn(situation, key, place)] : [],
    ),
    ...planFaults(situation.input.live, specification),
    ...replicationChanges(situation.input.live, specification),
    ...[...assigned].flatMap(([key, place]) =>
      place.kind === 'distributed' ? ownChanges(situation, key, place) : [],
    ),
    ...specification.tables.flatMap((each): Change[] =>
      each.kind === 'distributed' && each.primaryKey !== undefined
        ? [
            {
              table: showTable(each.table),
              kind: 'primary-key',
              blocking: false,
              text: `primary key of ${showTable(each.table)} becomes (${each.primaryKey.join(', ')}): \`tables apply\` builds it beside running writes. What relies on the old key alone being unique, such as ON CONFLICT, has to name the new one`,
            },
          ]
        : [],
    ),
  ];
}

/** What `tables plan` would say of the specification, on a cluster that has nodes. */
function planFaults(live: LiveDatabase, specification: Distribution): Change[] {
  const nodes = [{ groupId: 0, name: 'coordinator', port: 5432, shouldHaveShards: true, active: true }];
  const target = new TargetState(specification, { ...live, nodes });
  const names = new Set(live.tables.map(({ table }) => showTable(table)));
  return findPreconditionFailures(target).map((text): Change => ({
    table: subject(text, names),
    kind: 'fault',
    blocking: true,
    text,
  }));
}

/** What of change data capture goes quiet, as `tables plan` says it before it asks for an allowance. */
function replicationChanges(live: LiveDatabase, specification: Distribution): Change[] {
  const leaving = new Set(
    specification.tables.filter(({ kind }) => kind !== 'local').map(({ table }) => tableKey(table)),
  );
  const entering = live.tables.filter(({ table }) => leaving.has(tableKey(table)));
  return replicationFindings(live, entering, []).map(({ id, message }) => ({
    table: '',
    kind: 'replication',
    blocking: false,
    text: `${message}. \`tables plan\` asks for ${id}`,
  }));
}

/** Which table a fault is about: the first that it names. */
function subject(text: string, names: ReadonlySet<string>): string {
  return (
    (/\b(?:of table|of|table|tables) (\S+?)[,:]?(?=\s)/g.exec(text)?.slice(1) ?? [])
      .filter((name) => names.has(name))
      .concat('')[0] ?? ''
  );
}

function addColumn(
  situation: AdviceModel,
  key: string,
  place: Extract<Assigned, { kind: 'lacks-column' }>,
): Change {
  const { through, domain } = place;
  const table = showTable(through.table);
  const parent = showTable(through.references);
  const own = domain.members.get(key)?.[0];
  if (own !== undefined) {
    const nulls = situation.column(key, own.column.name)?.nulls ?? 0;
    return {
      table,
      kind: 'nulls',
      blocking: true,
      text:
        `${table}.${own.column.name} holds NULL in ${percent(nulls)} of the rows, and a row without it belongs to no shard: fill them in and declare the column NOT NULL, ` +
        `or drop foreign key ${through.name} and leave ${table} on the coordinator`,
    };
  }
  const column = missingColumn(situation, place);
  const source = situation.member(domain, tableKey(through.references));
  const type = [...domain.members.values()][0]?.[0]?.column.type ?? 'bigint';
  const from = source?.column.name ?? column;
  const { filled = true } =
    situation.children.get(tableKey(through.references))?.find((each) => each.through === through) ?? {};
  const nobodys = filled
    ? ''
    : `Rows that hold NULL in ${through.columns.join(', ')} get none this way: say whose they are before it is declared NOT NULL. `;
  return {
    table,
    kind: 'add-column',
    blocking: true,
    text:
      `${table} needs the column ${column} of ${parent}, so that its rows lie beside theirs: add it, fill it in from ${parent}, have every INSERT write it, ` +
      `and let foreign key ${through.name} be (${[column, ...through.columns].join(', ')}) to (${[from, ...through.referencedColumns].join(', ')}). ` +
      `${nobodys}Otherwise drop ${through.name} and leave ${table} on the coordinator`,
    sql: [
      `ALTER TABLE ${sqlTable(through.table)} ADD COLUMN ${escapeIdentifier(column)} ${type}`,
      `UPDATE ${sqlTable(through.table)} child SET ${escapeIdentifier(column)} = parent.${escapeIdentifier(from)} FROM ${sqlTable(through.references)} parent WHERE ${joined(through, 'child')}`,
      `ALTER TABLE ${sqlTable(through.table)} ALTER COLUMN ${sqlColumns([column])} SET NOT NULL`,
    ],
  };
}

function ownChanges(
  situation: AdviceModel,
  key: string,
  { member }: Extract<Assigned, { kind: 'distributed' }>,
): Change[] {
  const live = situation.tables.get(key);
  if (live === undefined) return [];
  const table = showTable(live.table);
  const changes: Change[] = [];
  if (!member.column.notNull) {
    changes.push({
      table,
      kind: 'nulls',
      blocking: false,
      text: `${table}.${member.column.name} may hold NULL, and a row without it cannot be inserted once the table is distributed: declare it NOT NULL, so that this is found out now`,
      sql: [
        `ALTER TABLE ${sqlTable(live.table)} ALTER COLUMN ${sqlColumns([member.column.name])} SET NOT NULL`,
      ],
    });
  }
  if (!identifiesRows(live, false)) {
    const unique = live.keys
      .filter(({ kind, valid }) => valid && (kind === 'unique' || kind === 'index'))
      .map(({ name }) => name);
    changes.push({
      table,
      kind: 'no-identity',
      blocking: false,
      text:
        `${table} has no primary key or replica identity, so it is copied with writes waiting, and later moves of its shards block writes as well: ` +
        (unique.length > 0
          ? `make ${allOf(unique)} its primary key or replica identity`
          : `give it a primary key that holds ${member.column.name}`),
    });
  }
  return changes;
}
