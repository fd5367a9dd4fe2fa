import { escapeIdentifier, escapeLiteral } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import type { PlacementChange } from '../../database/target/target-state';
import type { LiveComment, LiveForeignKey } from '../../database/model/live';
import {
  keyIndexName,
  notNullCheckName,
  sqlColumns,
  sqlTable,
  sqlTableArgument,
} from '../../database/model/names';
import { createRecordTable } from '../../database/model/own-schema';

/** A primary key that is built beside the old one and takes its name. */
export interface NewPrimaryKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly replaces: readonly (string | null)[] | undefined;
  readonly include: readonly string[];
  /** The old key's, which would go with it. */
  readonly comment?: string;
  /** Of the old key's index, and so of the new one's. */
  readonly options: readonly string[];
  readonly tablespace?: string;
  readonly indexComment?: string;
  readonly indexIsBuilt: boolean;
  /** PostgreSQL builds no index of a partitioned table beside running writes. */
  readonly partitioned: boolean;
  /** The replica identity goes with the old key, and the new one takes its place. */
  readonly identifiesRows: boolean;
}

/**
 * The statements a plan is made of. A plan is read and reviewed before it runs, so values are written out, escaped,
 * instead of travelling as parameters.
 */

export function dropKeyIndex(table: TableName): string[] {
  return [`DROP INDEX CONCURRENTLY IF EXISTS ${escapeIdentifier(table.schema)}.${sqlKeyIndex(table)}`];
}

export function buildKeyIndex(table: TableName, key: NewPrimaryKey): string[] {
  const { tablespace } = key;
  const where = tablespace === undefined ? '' : ` TABLESPACE ${escapeIdentifier(tablespace)}`;
  return [
    `CREATE UNIQUE INDEX CONCURRENTLY ${sqlKeyIndex(table)} ON ${sqlTable(table)} USING btree (${sqlColumns(key.columns)})${sqlMore(key)}${where}`,
  ];
}

function sqlMore({ include, options }: NewPrimaryKey): string {
  const parameters = options.map((option) => {
    const [name = '', ...value] = option.split('=');
    return `${escapeIdentifier(name)} = ${escapeLiteral(value.join('='))}`;
  });
  return [
    ...(include.length === 0 ? [] : [` INCLUDE (${sqlColumns(include)})`]),
    ...(parameters.length === 0 ? [] : [` WITH (${parameters.join(', ')})`]),
  ].join('');
}

/** The key of a partitioned table: one statement builds the index of every partition, with writes waiting. */
function addPartitionedKey(table: TableName, key: NewPrimaryKey): string {
  const where =
    key.tablespace === undefined ? '' : ` USING INDEX TABLESPACE ${escapeIdentifier(key.tablespace)}`;
  return `ALTER TABLE ${sqlTable(table)} ADD CONSTRAINT ${escapeIdentifier(key.name)} PRIMARY KEY (${sqlColumns(key.columns)})${sqlMore(key)}${where}`;
}

/**
 * Statements of their own, because Citus takes one action to an ALTER TABLE; one transaction, so there is always a key.
 * What hung on the old key moves to the new one: the replica identity where it was its index, and the comment.
 */
export function replacePrimaryKey(table: TableName, key: NewPrimaryKey): string[] {
  const alter = `ALTER TABLE ${sqlTable(table)}`;
  const constraint = escapeIdentifier(key.name);
  return [
    ...(key.replaces === undefined ? [] : [`${alter} DROP CONSTRAINT ${constraint}`]),
    key.partitioned
      ? addPartitionedKey(table, key)
      : `${alter} ADD CONSTRAINT ${constraint} PRIMARY KEY USING INDEX ${sqlKeyIndex(table)}`,
    ...(key.identifiesRows ? [`${alter} REPLICA IDENTITY USING INDEX ${constraint}`] : []),
    ...commentOnConstraint(table, key),
    ...(key.indexComment === undefined
      ? []
      : [
          `COMMENT ON INDEX ${escapeIdentifier(table.schema)}.${constraint} IS ${escapeLiteral(key.indexComment)}`,
        ]),
  ];
}

function commentOnConstraint(
  table: TableName,
  { name, comment }: { readonly name: string; readonly comment?: string },
): string[] {
  if (comment === undefined) return [];
  return [
    `COMMENT ON CONSTRAINT ${escapeIdentifier(name)} ON ${sqlTable(table)} IS ${escapeLiteral(comment)}`,
  ];
}

function sqlKeyIndex(table: TableName): string {
  return escapeIdentifier(keyIndexName(table));
}

export function addNotNullCheck(table: TableName, column: string): string[] {
  const check = escapeIdentifier(notNullCheckName(column));
  return [
    `ALTER TABLE ${sqlTable(table)} ADD CONSTRAINT ${check} CHECK (${escapeIdentifier(column)} IS NOT NULL) NOT VALID`,
  ];
}

export function validateNotNullCheck(table: TableName, column: string): string[] {
  return [`ALTER TABLE ${sqlTable(table)} VALIDATE CONSTRAINT ${escapeIdentifier(notNullCheckName(column))}`];
}

/** PostgreSQL believes the validated check and does not scan the table again. */
export function setNotNull(table: TableName, column: string): string[] {
  const alter = `ALTER TABLE ${sqlTable(table)}`;
  return [
    `${alter} ALTER COLUMN ${escapeIdentifier(column)} SET NOT NULL`,
    `${alter} DROP CONSTRAINT ${escapeIdentifier(notNullCheckName(column))}`,
  ];
}

/** Writes the foreign key down and drops it, in one transaction. */
export function dropForeignKey(
  key: LiveForeignKey,
  options: { readonly createRecord: boolean; readonly pin: TableName | undefined },
): string[] {
  const { name, table, columns, references, referencedColumns, usesKey, onDelete, onUpdate, validated } = key;
  const record = JSON.stringify({
    name,
    table,
    columns,
    references,
    referencedColumns,
    usesKey,
    onDelete,
    onUpdate,
    validated,
    definition: key.definition,
    ...(key.comment === undefined ? {} : { comment: key.comment }),
  });
  const values = [
    escapeLiteral(table.schema),
    escapeLiteral(table.name),
    escapeLiteral(name),
    escapeLiteral(addConstraint(key)),
    escapeLiteral(record),
  ];
  return [
    ...(options.createRecord
      ? createRecordTable(
          'scaleout.dropped_foreign_key (table_schema text, table_name text, constraint_name text, ' +
            'restored_by text NOT NULL, foreign_key json NOT NULL, dropped_at timestamptz NOT NULL DEFAULT now(), ' +
            'PRIMARY KEY (table_schema, table_name, constraint_name))',
        )
      : []),
    `INSERT INTO scaleout.dropped_foreign_key (table_schema, table_name, constraint_name, restored_by, foreign_key) VALUES (${values.join(', ')})`,
    // Without this, Citus turns the table, and all that foreign keys connect with it, back into plain ones by copying them under an
    // exclusive lock.
    ...(options.pin === undefined
      ? []
      : [`SELECT citus_add_local_table_to_metadata(${sqlTableArgument(options.pin)})`]),
    `ALTER TABLE ${sqlTable(table)} DROP CONSTRAINT ${escapeIdentifier(name)}`,
  ];
}

/** The whole foreign key, as somebody would restore it by hand. */
function addConstraint(key: LiveForeignKey): string {
  return `ALTER TABLE ${sqlTable(key.table)} ADD CONSTRAINT ${escapeIdentifier(key.name)} ${key.definition}`;
}

/** In force for new rows at once, without a look at the old ones. */
export function restoreForeignKey(key: LiveForeignKey, options: { readonly atOnce: boolean }): string[] {
  const statement = addConstraint(key);
  const comment = commentOnConstraint(key.table, key);
  if (options.atOnce || !key.validated) return [statement, ...comment, forget(key)];
  return [`${statement} NOT VALID`, ...comment];
}

export function validateForeignKey(key: LiveForeignKey): string[] {
  return [
    `ALTER TABLE ${sqlTable(key.table)} VALIDATE CONSTRAINT ${escapeIdentifier(key.name)}`,
    forget(key),
  ];
}

export function forgetForeignKey(key: LiveForeignKey): string[] {
  return [forget(key)];
}

function forget(key: LiveForeignKey): string {
  return (
    `DELETE FROM scaleout.dropped_foreign_key WHERE table_schema = ${escapeLiteral(key.table.schema)} ` +
    `AND table_name = ${escapeLiteral(key.table.name)} AND constraint_name = ${escapeLiteral(key.name)}`
  );
}

export function dropRecordTable(record: TableName, options: { readonly schemaToo: boolean }): string[] {
  return [
    `DROP TABLE ${record.schema}.${record.name}`,
    ...(options.schemaToo ? [`DROP SCHEMA ${record.schema}`] : []),
  ];
}

/** Writes the comments of a table down, as somebody would make them again by hand. */
export function recordComments(
  table: TableName,
  comments: readonly LiveComment[],
  options: { readonly createRecord: boolean },
): string[] {
  const values = comments.map(
    ({ on, schema, name, text }) =>
      `(${[table.schema, table.name, on, schema, name, text].map((value) => escapeLiteral(value)).join(', ')})`,
  );
  return [
    ...(options.createRecord
      ? createRecordTable(
          'scaleout.recorded_comment (table_schema text, table_name text, subject text, ' +
            'subject_schema text, subject_name text, comment text NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now(), ' +
            'PRIMARY KEY (table_schema, table_name, subject, subject_schema, subject_name))',
        )
      : []),
    `INSERT INTO scaleout.recorded_comment (table_schema, table_name, subject, subject_schema, subject_name, comment) VALUES ${values.join(', ')}`,
  ];
}

/** Makes comments again and forgets the record of the table's, in one transaction. */
export function restoreComments(table: TableName, comments: readonly LiveComment[]): string[] {
  return [
    ...commentAgain(table, comments),
    `DELETE FROM scaleout.recorded_comment WHERE table_schema = ${escapeLiteral(table.schema)} AND table_name = ${escapeLiteral(table.name)}`,
  ];
}

export function createReferenceTable(table: TableName): string[] {
  return [`SELECT create_reference_table(${sqlTableArgument(table)})`];
}

export function convertToCitusLocal(table: TableName): string[] {
  return [`SELECT citus_add_local_table_to_metadata(${sqlTableArgument(table)})`];
}

export function undistributeTable(table: TableName): string[] {
  return [`SELECT undistribute_table(${sqlTableArgument(table)})`];
}

export function distributeSchema(schema: string): string[] {
  return [`SELECT citus_schema_distribute(${escapeLiteral(escapeIdentifier(schema))})`];
}

export function undistributeSchema(schema: string): string[] {
  return [`SELECT citus_schema_undistribute(${escapeLiteral(escapeIdentifier(schema))})`];
}

/** Citus takes the group as a name, and refuses to leave the tables of the old one behind unless told so. */
export function alterDistributedTable(
  table: TableName,
  { column, shardCount, colocateWith }: Extract<PlacementChange, { kind: 'alter' }>,
): string[] {
  const values = [
    ...(column === undefined ? [] : [`distribution_column => ${escapeLiteral(column)}`]),
    ...(shardCount === undefined ? [] : [`shard_count => ${String(shardCount)}`]),
    `colocate_with => ${sqlGroup(colocateWith)}`,
    'cascade_to_colocated => false',
  ];
  return [`SELECT alter_distributed_table(${sqlTableArgument(table)}, ${values.join(', ')})`];
}

export function regroupTable(table: TableName, colocateWith: TableName | undefined): string[] {
  return [
    `SELECT update_distributed_table_colocation(${sqlTableArgument(table)}, colocate_with => ${sqlGroup(colocateWith)})`,
  ];
}

function sqlGroup(table: TableName | undefined): string {
  return table === undefined ? "'none'" : sqlTableArgument(table);
}

export interface DistributeOptions {
  readonly column: string;
  /** Absent starts a colocation group, whose shards the count is for. */
  readonly colocateWith?: TableName;
  readonly shardCount: number;
  readonly online: boolean;
}

export function distributeTable(table: TableName, options: DistributeOptions): string[] {
  const call = options.online ? 'create_distributed_table_concurrently' : 'create_distributed_table';
  const group =
    options.colocateWith === undefined
      ? `colocate_with => 'none', shard_count => ${String(options.shardCount)}`
      : `colocate_with => ${sqlTableArgument(options.colocateWith)}`;
  return [`SELECT ${call}(${sqlTableArgument(table)}, ${escapeLiteral(options.column)}, ${group})`];
}

export function commentAgain(table: TableName, comments: readonly LiveComment[]): string[] {
  return comments.map(({ on, schema, name, text }) => {
    const within = `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
    const subject = {
      table: `TABLE ${sqlTable(table)}`,
      column: `COLUMN ${sqlTable(table)}.${escapeIdentifier(name)}`,
      constraint: `CONSTRAINT ${escapeIdentifier(name)} ON ${sqlTable(table)}`,
      index: `INDEX ${within}`,
      statistics: `STATISTICS ${within}`,
      policy: `POLICY ${escapeIdentifier(name)} ON ${sqlTable(table)}`,
    }[on];
    return `COMMENT ON ${subject} IS ${escapeLiteral(text)}`;
  });
}

export function truncateLocalCopy(table: TableName): string[] {
  return [`SELECT truncate_local_data_after_distributing_table(${sqlTableArgument(table)})`];
}
