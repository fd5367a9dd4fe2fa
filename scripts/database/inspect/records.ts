import { z } from 'zod';
import { ScaleoutError } from '../../lib/errors';
import type { DroppedForeignKey, LiveComment, RecordedComment } from '../model/live';
import { sameTable, showTable } from '../model/names';

/**
 * What earlier runs wrote down in the schema `scaleout`. Plans execute it, so it is held against the shape that this program writes
 * before anything believes it.
 */

const NAME = z.strictObject({ schema: z.string(), name: z.string() });
const ACTION = z.enum(['a', 'r', 'c', 'n', 'd']);
const FOREIGN_KEY: z.ZodType<DroppedForeignKey> = z.strictObject({
  name: z.string(),
  table: NAME,
  columns: z.array(z.string()),
  references: NAME,
  referencedColumns: z.array(z.string()),
  usesKey: z.string(),
  onDelete: ACTION,
  onUpdate: ACTION,
  validated: z.boolean(),
  definition: z.string().startsWith('FOREIGN KEY ('),
  comment: z.string().exactOptional(),
});
const SUBJECTS = [
  'table',
  'column',
  'constraint',
  'index',
  'statistics',
  'policy',
] as const satisfies readonly LiveComment['on'][];

/** A row of `scaleout.dropped_foreign_key`: its key, and the foreign key as JSON. */
export interface DroppedForeignKeyRow {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly foreignKey: unknown;
}

/** @throws ScaleoutError where the row is not as this program writes one */
export function readDroppedForeignKey({
  schema,
  table,
  name,
  foreignKey,
}: DroppedForeignKeyRow): DroppedForeignKey {
  const read = FOREIGN_KEY.safeParse(foreignKey);
  const of = { schema, name: table };
  if (read.success && read.data.name === name && sameTable(read.data.table, of)) return read.data;
  throw alienRow(
    'dropped_foreign_key',
    `foreign key ${name} of ${showTable(of)}`,
    'restore that foreign key by hand with the statement in its column restored_by, and delete the row',
  );
}

/** @throws ScaleoutError where the row is not as this program writes one */
export function readRecordedComment(row: RecordedComment): RecordedComment {
  if (SUBJECTS.some((subject) => subject === row.comment.on)) return row;
  throw alienRow(
    'recorded_comment',
    `a comment on ${row.comment.on} ${row.comment.name} of ${showTable(row.table)}`,
    'make that comment by hand, and delete the row',
  );
}

function alienRow(record: string, what: string, wayOut: string): ScaleoutError {
  return new ScaleoutError(
    'database.bookkeeping-unreadable',
    `the row of ${what} in scaleout.${record} is not as this program writes one, so nothing is done by it: ${wayOut}`,
  );
}
