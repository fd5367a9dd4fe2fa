import { escapeIdentifier, escapeLiteral } from 'pg';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import type { LiveForeignKey, LiveKey, LiveTable } from '../../database/model/live';
import {
  ownName,
  sameColumns,
  showTable,
  sqlColumns,
  sqlTable,
  sqlTableArgument,
} from '../../database/model/names';
import type { AdviceModel } from '../advice-model';
import type { Assigned } from '../assignment';
import { missingColumn } from '../assignment';
import type { JoinKey } from '../join-keys';

/** The files of a migration, in order. What comes before `old-foreign-keys` only adds. */
export const PHASES = [
  'columns',
  'backfill',
  'not-null',
  'unique-keys',
  'foreign-keys',
  'old-foreign-keys',
  'primary-keys',
  'triggers',
] as const;
export type Phase = (typeof PHASES)[number];

/** One change of a schema on its way to what can be distributed, that can be made while the application runs. */
export interface MigrationStep {
  /** Unique, and the same whenever it is asked for: `columns public.orders`. */
  readonly id: string;
  readonly phase: Phase;
  readonly table: string;
  readonly title: string;
  /** What it locks, and for how long. */
  readonly locks: string;
  /** What the application has to do before, or not do any more; absent where it notices nothing. */
  readonly application?: string;
  /** Statements that can be run again, each in a transaction of its own. */
  readonly sql: readonly string[];
  /** What takes it back. */
  readonly reverse: readonly string[];
  /** SQL that is true once it is done. */
  readonly done: string;
}

/** A table of a group, with the column that it is or is to be distributed by. */
interface Member {
  readonly live: LiveTable;
  readonly column: string;
  /** As PostgreSQL names it; of the group's first column where the table has none yet. */
  readonly type: string;
  readonly notNull: boolean;
  /** Where the table gets the column from; absent where it has it. */
  readonly through?: LiveForeignKey;
  readonly domain: JoinKey;
}

/** Names of what a migration makes begin with it. */
const OWN = 'scaleout_';

/**
 * What makes a schema fit for the distribution that was advised: each table of a group with the column, filled and NOT NULL, and
 * foreign keys within a group with the column in them. What is there already is left out, so that asking again gives what is left. Pure.
 */
export function migrationSteps(
  situation: AdviceModel,
  assigned: ReadonlyMap<string, Assigned>,
): MigrationStep[] {
  const members = membersOf(situation, assigned);
  const keys = [...members.values()].flatMap(({ live }) => live.foreignKeys);
  const torn = keys.flatMap((key): TornKey[] => {
    const child = members.get(tableKey(key.table));
    const parent = members.get(tableKey(key.references));
    if (child === undefined || parent === undefined || child.domain !== parent.domain) return [];
    const place = key.columns.indexOf(child.column);
    return place !== -1 && key.referencedColumns[place] === parent.column ? [] : [{ key, child, parent }];
  });
  const steps = [
    ...[...members.values()].flatMap((member) => fill(member, members)),
    ...[...members.values()].flatMap(notNull),
    ...uniqueKeys(torn),
    ...torn.flatMap(composite),
    ...torn.map(dropOld),
    ...primaryKeys(situation, torn),
    ...[...members.values()].flatMap(dropTrigger),
  ];
  const order = (step: MigrationStep): number => PHASES.indexOf(step.phase);
  return steps.sort((a, b) => order(a) - order(b));
}

/** A foreign key within a group that does not hold its column. */
interface TornKey {
  readonly key: LiveForeignKey;
  readonly child: Member;
  readonly parent: Member;
}

/** Parents before those that get the column from them. */
function membersOf(
  situation: AdviceModel,
  assigned: ReadonlyMap<string, Assigned>,
): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>();
  for (const [key, place] of assigned) {
    const live = situation.tables.get(key);
    if (live === undefined || place.kind !== 'distributed') continue;
    const { name: column, type, notNull } = place.member.column;
    members.set(key, { live, column, type, notNull, domain: place.domain });
  }
  // Those that lack the column were found from their parents on.
  for (const [key, place] of assigned) {
    const live = situation.tables.get(key);
    if (live === undefined || place.kind !== 'lacks-column') continue;
    const { through, domain } = place;
    const own = domain.members.get(key)?.[0]?.column;
    const parent = members.get(tableKey(through.references));
    if (parent === undefined) continue;
    members.set(key, {
      live,
      column: own?.name ?? missingColumn(situation, place),
      type: own?.type ?? parent.type,
      notNull: false,
      through,
      domain,
    });
  }
  return members;
}

function fill(member: Member, members: ReadonlyMap<string, Member>): MigrationStep[] {
  const { live, through } = member;
  const parent = through === undefined ? undefined : members.get(tableKey(through.references));
  if (through === undefined || parent === undefined) return [];
  const table = sqlTable(live.table);
  const column = escapeIdentifier(member.column);
  const had = live.columns.some(({ name }) => name === member.column);
  const add = had ? [] : [`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${column} ${member.type}`];
  const drop = had ? [] : [`ALTER TABLE ${table} DROP COLUMN IF EXISTS ${column}`];
  return [
    {
      id: `columns ${showTable(live.table)}`,
      phase: 'columns',
      table: showTable(live.table),
      title: `${showTable(live.table)} gets ${member.column} of ${showTable(parent.live.table)}, and a trigger that fills it in where the application does not`,
      locks: `${showTable(live.table)} exclusively, for a moment`,
      sql: [...add, fillerFunction(member, parent, through), fillerTrigger(live.table)],
      reverse: [...dropFiller(live.table), ...drop],
      done: `EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(${sqlTableArgument(live.table)}) AND tgname = ${escapeLiteral(FILLER)})`,
    },
    {
      id: `backfill ${showTable(live.table)}`,
      phase: 'backfill',
      table: showTable(live.table),
      title: `rows of ${showTable(live.table)} that were there before get ${member.column}, some thousand at a time`,
      locks: `the rows of one batch, for as long as it takes; triggers of ${showTable(live.table)} fire for each row`,
      sql: [backfill(member, parent, through)],
      reverse: [],
      done: hasNoNull(live.table, member.column),
    },
  ];
}

function fillerFunction(of: Member, from: Member, key: LiveForeignKey): string {
  const moved = key.columns.map(
    (each) => `NEW.${escapeIdentifier(each)} IS DISTINCT FROM OLD.${escapeIdentifier(each)}`,
  );
  const own = escapeIdentifier(of.column);
  const led = key.columns.map((each) => `NEW.${escapeIdentifier(each)} IS NOT NULL`);
  return [
    `CREATE OR REPLACE FUNCTION ${fillerName(of.live.table)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fill$`,
    'BEGIN',
    `  IF ${led.join(' AND ')} AND (NEW.${own} IS NULL OR (TG_OP = 'UPDATE' AND (${moved.join(' OR ')}) AND NEW.${own} IS NOT DISTINCT FROM OLD.${own})) THEN`,
    `    SELECT parent.${escapeIdentifier(from.column)} INTO NEW.${own} FROM ${sqlTable(from.live.table)} parent WHERE ${joined(key, 'NEW')};`,
    '  END IF;',
    '  RETURN NEW;',
    'END',
    '$fill$',
  ].join('\n');
}

/** Triggers of one moment fire by name: this one is to see what the others leave. */
const FILLER = `zz_${OWN}fill`;

function fillerName({ schema, name }: TableName): string {
  return sqlTable({ schema, name: ownName(`${OWN}fill_`, name) });
}

function fillerTrigger(table: TableName): string {
  return `CREATE OR REPLACE TRIGGER ${FILLER} BEFORE INSERT OR UPDATE ON ${sqlTable(table)} FOR EACH ROW EXECUTE FUNCTION ${fillerName(table)}()`;
}

function dropFiller(table: TableName): string[] {
  return [
    `DROP TRIGGER IF EXISTS ${FILLER} ON ${sqlTable(table)}`,
    `DROP FUNCTION IF EXISTS ${fillerName(table)}()`,
  ];
}

/** SQL that a row of the child leads to one of `parent`. */
export function joined({ columns, referencedColumns }: LiveForeignKey, child: string): string {
  return columns
    .map(
      (column, index) =>
        `${child}.${escapeIdentifier(column)} = parent.${escapeIdentifier(referencedColumns[index] ?? '')}`,
    )
    .join(' AND ');
}

/** Pages of a table that one batch goes through: some thousand rows of the usual size. */
const BATCH_PAGES = 250;

/**
 * By ranges of pages: each row is looked at once, and one that is changed meanwhile was filled in by the trigger. Partitions are gone through
 * side by side.
 */
function backfill({ live, column }: Member, parent: Member, through: LiveForeignKey): string {
  const table = sqlTableArgument(live.table);
  return [
    'DO $backfill$',
    'DECLARE',
    `  pages bigint := greatest(pg_relation_size(${table}::regclass), (SELECT max(pg_relation_size(relid)) FROM pg_partition_tree(${table}::regclass))) / current_setting('block_size')::bigint;`,
    '  page bigint := 0;',
    'BEGIN',
    '  WHILE page <= pages LOOP',
    `    UPDATE ${sqlTable(live.table)} child SET ${escapeIdentifier(column)} = parent.${escapeIdentifier(parent.column)} FROM ${sqlTable(parent.live.table)} parent`,
    `     WHERE ${joined(through, 'child')} AND child.${escapeIdentifier(column)} IS NULL`,
    `       AND child.ctid >= format('(%s,0)', page)::tid AND child.ctid < format('(%s,0)', page + ${String(BATCH_PAGES)})::tid;`,
    '    COMMIT;',
    `    page := page + ${String(BATCH_PAGES)};`,
    '  END LOOP;',
    'END',
    '$backfill$',
  ].join('\n');
}

function notNull({ live, column, notNull: is, through }: Member): MigrationStep[] {
  if (is) return [];
  const table = sqlTable(live.table);
  const check = escapeIdentifier(ownName(`${OWN}filled_`, `${live.table.name}_${column}`));
  const shown = showTable(live.table);
  return [
    {
      id: `not-null ${shown}`,
      phase: 'not-null',
      table: shown,
      title: `${shown}.${column} holds a value in every row from now on`,
      locks: `${shown} exclusively, for moments; reading it whole beside writes in between`,
      ...(through === undefined
        ? { application: `every INSERT into ${shown} gives ${column}` }
        : {
            application: `no row of ${shown} is left without a row of ${showTable(through.references)}`,
          }),
      sql: [
        `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${check}, ADD CONSTRAINT ${check} CHECK (${escapeIdentifier(column)} IS NOT NULL) NOT VALID`,
        `ALTER TABLE ${table} VALIDATE CONSTRAINT ${check}`,
        `ALTER TABLE ${table} ALTER COLUMN ${escapeIdentifier(column)} SET NOT NULL`,
        `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${check}`,
      ],
      reverse: [
        `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${check}`,
        `ALTER TABLE ${table} ALTER COLUMN ${escapeIdentifier(column)} DROP NOT NULL`,
      ],
      done: `(SELECT attnotnull FROM pg_attribute WHERE attrelid = to_regclass(${sqlTableArgument(live.table)}) AND attname = ${escapeLiteral(column)})`,
    },
  ];
}

/** The columns that a foreign key is to lead to: the group's first, then its own. */
const leadsTo = ({ key, parent }: TornKey): string[] => [
  parent.column,
  ...key.referencedColumns.filter((column) => column !== parent.column),
];

/** The columns of the child that go with {@link leadsTo}. */
const leadsFrom = (torn: TornKey): string[] =>
  leadsTo(torn).map((column) => {
    if (column === torn.parent.column) return torn.child.column;
    return torn.key.columns[torn.key.referencedColumns.indexOf(column)] ?? '';
  });

function uniqueKeys(torn: readonly TornKey[]): MigrationStep[] {
  const wanted = new Map<string, MigrationStep>();
  for (const each of torn) {
    const columns = leadsTo(each);
    const { live } = each.parent;
    if (hasUnique(live, columns)) continue;
    const shown = showTable(live.table);
    const name = uniqueName(live.table, columns);
    const index = sqlTable({ schema: live.table.schema, name });
    const literal = sqlTableArgument({ schema: live.table.schema, name });
    const concurrently = live.kind === 'partitioned' ? '' : ' CONCURRENTLY';
    wanted.set(`${tableKey(live.table)} ${columns.join(',')}`, {
      id: `unique-keys ${shown} (${columns.join(', ')})`,
      phase: 'unique-keys',
      table: shown,
      title: `(${columns.join(', ')}) of ${shown} is unique, so that foreign keys can lead there`,
      locks:
        concurrently === ''
          ? `${shown} against writes for as long as the index is built: it is partitioned`
          : `nothing that reads or writes ${shown}; it waits for transactions that are older`,
      sql: [
        // What a broken run leaves behind is no index, and is in the way of one.
        `DO $$ BEGIN IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(${literal}) AND NOT indisvalid) THEN DROP INDEX ${index}; END IF; END $$`,
        `CREATE UNIQUE INDEX${concurrently} IF NOT EXISTS ${escapeIdentifier(name)} ON ${sqlTable(live.table)} (${sqlColumns(columns)})`,
        // It may have become the primary key since.
        `DO $$ BEGIN IF ${isUnique(live.table, columns, `indexrelid <> to_regclass(${literal})`)} THEN DROP INDEX ${index}; END IF; END $$`,
      ],
      reverse: [...oldKeyBack(live), `DROP INDEX${concurrently} IF EXISTS ${index}`],
      done: isUnique(live.table, columns),
    });
  }
  return [...wanted.values()];
}

/** SQL that is true where a valid index keeps the columns unique, in whichever order. */
function isUnique(table: TableName, columns: readonly string[], and = 'true'): string {
  const names = [...columns].sort().map((column) => escapeLiteral(column));
  return (
    `EXISTS (SELECT FROM pg_index i WHERE indrelid = to_regclass(${sqlTableArgument(table)}) AND indisunique AND indisvalid AND indpred IS NULL AND ${and} ` +
    `AND (SELECT array_agg(attname::text ORDER BY attname::text COLLATE "C") FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY (indkey::int2[])) = ARRAY[${names.join(', ')}])`
  );
}

function hasUnique(live: LiveTable, columns: readonly string[]): boolean {
  return live.keys.some((key) => keepsUnique(key, columns));
}

function keepsUnique({ kind, valid, deferrable, columns }: LiveKey, wanted: readonly string[]): boolean {
  return valid && !deferrable && kind !== 'exclusion' && sameColumns([...columns].sort(), [...wanted].sort());
}

function composite(torn: TornKey): MigrationStep[] {
  const { key, child, parent } = torn;
  const table = sqlTable(child.live.table);
  const name = compositeName(torn);
  const shown = showTable(child.live.table);
  const [from, to] = [leadsFrom(torn), leadsTo(torn)];
  const partitioned = child.live.kind === 'partitioned';
  const onDelete = key.onDelete === 'c' || key.onDelete === 'r' ? key.onDelete : 'a';
  const lost = onDelete !== key.onDelete || 'ndc'.includes(key.onUpdate);
  const clause = { a: '', c: ' ON DELETE CASCADE', r: ' ON DELETE RESTRICT' }[onDelete];
  const exists = `SELECT FROM pg_constraint WHERE conrelid = to_regclass(${sqlTableArgument(child.live.table)}) AND conname = ${escapeLiteral(name)}`;
  return [
    {
      id: `foreign-keys ${shown} ${key.name}`,
      phase: 'foreign-keys',
      table: shown,
      title: `(${from.join(', ')}) of ${shown} leads to (${to.join(', ')}) of ${showTable(parent.live.table)}, beside ${key.name}`,
      locks: partitioned
        ? `${shown} and ${showTable(parent.live.table)} against writes while its rows are looked up: ${shown} is partitioned`
        : `${shown} and ${showTable(parent.live.table)} against writes for a moment; then rows are looked up beside writes`,
      application: lost
        ? `Citus keeps no ${describeLost(key)}: the application does that itself once ${key.name} is gone`
        : `rows of ${shown} belong to the same ${child.column} as the rows that they lead to`,
      sql: [
        `DO $$ BEGIN IF NOT EXISTS (${exists}) THEN ALTER TABLE ${table} ADD CONSTRAINT ${escapeIdentifier(name)} FOREIGN KEY (${sqlColumns(from)}) REFERENCES ${sqlTable(parent.live.table)} (${sqlColumns(to)})${clause}${partitioned ? '' : ' NOT VALID'}; END IF; END $$`,
        ...(partitioned ? [] : [`ALTER TABLE ${table} VALIDATE CONSTRAINT ${escapeIdentifier(name)}`]),
      ],
      reverse: [`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${escapeIdentifier(name)}`],
      done: `EXISTS (${exists} AND convalidated)`,
    },
  ];
}

function describeLost({ onDelete, onUpdate }: LiveForeignKey): string {
  const words = { a: '', r: '', c: 'CASCADE', n: 'SET NULL', d: 'SET DEFAULT' } as const;
  const parts = [
    ...(onDelete === 'n' || onDelete === 'd' ? [`ON DELETE ${words[onDelete]}`] : []),
    ...(words[onUpdate] === '' ? [] : [`ON UPDATE ${words[onUpdate]}`]),
  ];
  return parts.join(' and ');
}

function dropOld({ key, child }: TornKey): MigrationStep {
  const table = sqlTable(child.live.table);
  const shown = showTable(child.live.table);
  return {
    id: `old-foreign-keys ${shown} ${key.name}`,
    phase: 'old-foreign-keys',
    table: shown,
    title: `${key.name} of ${shown} goes: the new one says all that it says`,
    locks: `${shown} and ${showTable(key.references)} exclusively, for a moment`,
    sql: [`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${escapeIdentifier(key.name)}`],
    reverse: [
      `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${escapeIdentifier(key.name)}`,
      `ALTER TABLE ${table} ADD CONSTRAINT ${escapeIdentifier(key.name)} ${key.definition.replace(/ NOT VALID$/, '')}${child.live.kind === 'partitioned' ? '' : ' NOT VALID'}`,
      ...(child.live.kind === 'partitioned' || !key.validated
        ? []
        : [`ALTER TABLE ${table} VALIDATE CONSTRAINT ${escapeIdentifier(key.name)}`]),
    ],
    done: `NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass(${sqlTableArgument(child.live.table)}) AND conname = ${escapeLiteral(key.name)})`,
  };
}

/** The index that foreign keys lead to becomes the primary key: two of the same columns would be one too many. */
function primaryKeys(situation: AdviceModel, torn: readonly TornKey[]): MigrationStep[] {
  const parents = new Map(torn.map((each) => [tableKey(each.parent.live.table), each]));
  return [...parents.values()].flatMap((each): MigrationStep[] => {
    const { live, column } = each.parent;
    const primary = live.keys.find(({ kind }) => kind === 'primary');
    if (primary === undefined || primary.columns.includes(column) || primary.dependents.length > 0) return [];
    const columns = torn
      .filter((other) => other.parent === each.parent)
      .map(leadsTo)
      .find((these) => sameColumns([...these].sort(), [column, ...primary.columns].sort()));
    const moving = new Set(torn.map(({ key }) => key));
    const others = (situation.children.get(tableKey(live.table)) ?? []).some(
      ({ through }) => through.usesKey === primary.name && !moving.has(through),
    );
    if (columns === undefined || others || live.kind === 'partitioned') return [];
    const there = live.keys.find((key) => keepsUnique(key, columns));
    if (there !== undefined && there.kind !== 'index') return [];
    const unique = there?.name ?? uniqueName(live.table, columns);
    const table = sqlTable(live.table);
    const shown = showTable(live.table);
    const name = escapeIdentifier(primary.name);
    const old = oldKeyName(primary);
    const plain = primary.columns.flatMap((name) => name ?? []);
    return [
      {
        id: `primary-keys ${shown}`,
        phase: 'primary-keys',
        table: shown,
        title: `(${columns.join(', ')}) becomes the primary key of ${shown}`,
        locks: `${shown} exclusively, for a moment`,
        application: `ON CONFLICT (${plain.join(', ')}) names (${columns.join(', ')}) instead; nothing else keeps ${plain.join(', ')} unique`,
        sql: [
          `DO $$ BEGIN IF to_regclass(${sqlTableArgument({ schema: live.table.schema, name: unique })}) IS NOT NULL THEN ALTER TABLE ${table} DROP CONSTRAINT ${name}, ADD CONSTRAINT ${name} PRIMARY KEY USING INDEX ${escapeIdentifier(unique)}; END IF; END $$`,
        ],
        reverse: [
          // Foreign keys lead to the new key until theirs is taken back: the old one becomes the primary key again with that of `unique-keys`.
          `DROP INDEX IF EXISTS ${sqlTable({ schema: live.table.schema, name: old })}`,
          `CREATE UNIQUE INDEX CONCURRENTLY ${escapeIdentifier(old)} ON ${table} (${sqlColumns(plain)})`,
        ],
        done: `EXISTS (SELECT FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) WHERE c.conrelid = to_regclass(${sqlTableArgument(live.table)}) AND c.contype = 'p' AND a.attname = ${escapeLiteral(column)})`,
      },
    ];
  });
}

function dropTrigger(member: Member): MigrationStep[] {
  const { table, triggers } = member.live;
  if (member.through === undefined && !triggers.includes(FILLER)) return [];
  return [
    {
      id: `triggers ${showTable(table)}`,
      phase: 'triggers',
      table: showTable(table),
      title: `the trigger that fills in ${showTable(table)}.${member.column} goes`,
      locks: `${showTable(table)} exclusively, for a moment`,
      application: `every INSERT into ${showTable(table)} gives ${member.column}`,
      sql: dropFiller(table),
      reverse: [],
      done: `NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(${sqlTableArgument(table)}) AND tgname = ${escapeLiteral(FILLER)})`,
    },
  ];
}

function hasNoNull(table: TableName, column: string): string {
  return `NOT EXISTS (SELECT FROM ${sqlTable(table)} WHERE ${escapeIdentifier(column)} IS NULL)`;
}

function uniqueName({ name }: TableName, columns: readonly string[]): string {
  return ownName(`${OWN}unique_`, `${name}_${columns.join('_')}`);
}

const oldKeyName = ({ name }: LiveKey): string => ownName(`${OWN}old_`, name);

function oldKeyBack({ table, keys }: LiveTable): string[] {
  const primary = keys.find(({ kind }) => kind === 'primary');
  if (primary === undefined) return [];
  const old = oldKeyName(primary);
  const name = escapeIdentifier(primary.name);
  return [
    `DO $$ BEGIN IF to_regclass(${sqlTableArgument({ schema: table.schema, name: old })}) IS NOT NULL THEN ALTER TABLE ${sqlTable(table)} DROP CONSTRAINT ${name}, ADD CONSTRAINT ${name} PRIMARY KEY USING INDEX ${escapeIdentifier(old)}; END IF; END $$`,
  ];
}

function compositeName({ key, child }: TornKey): string {
  return ownName(`${OWN}fk_`, `${child.live.table.name}_${key.name}`);
}
