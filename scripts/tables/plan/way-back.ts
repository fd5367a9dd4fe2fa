import type { TableName } from '../../../config/workload/distribution-types';
import { connections, foreignKeysOf } from '../../database/target/connections';
import type { TargetState } from '../../database/target/target-state';
import { sameTable } from '../../database/model/names';
import type {
  LiveDatabase,
  LiveForeignKey,
  LiveKey,
  LiveTable,
  RecordedComment,
} from '../../database/model/live';
import type { TablesStep } from '../../database/model/step';
import { commentedOf, isRecorded, recordComments, withoutAway } from './comments';
import { dropDifferences } from './diff';
import { dropForeignKeys } from './foreign-key-steps';
import { undistributeStep } from './placement-steps';
import { inPolicyWindow } from './policy-windows';
import { undistributeSchemaStep } from './schema-steps';

/** Steps that bring tables back to the coordinator, and the database as they leave it. */
interface WayBack {
  readonly steps: readonly TablesStep[];
  readonly leaves: LiveDatabase;
}

/**
 * Schemas and then tables that have to come back before anything else; undefined where none has to. What follows is the plan for the
 * database that is left. Pure.
 */
export function wayBack(target: TargetState): WayBack | undefined {
  const { live } = target;
  const schemas = live.schemas
    .filter((schema) => target.undistributesSchema(schema))
    .map(({ schema }) => ({ schema, tables: target.tablesOf(schema) }));
  if (schemas.length > 0) {
    const steps = schemas.flatMap(({ schema, tables }) =>
      inPolicyWindow(undistributeSchemaStep(schema, tables, live), tables),
    );
    const tables = schemas.flatMap((each) => each.tables);
    return withBookkeeping(target, tables, new Set(schemas.map(({ schema }) => schema)), steps);
  }
  const tables = live.tables.filter(({ table }) => target.change(table)?.kind === 'undistribute');
  if (tables.length === 0) return undefined;
  const steps = tables.flatMap((table) => inPolicyWindow(undistributeStep(table, live), [table]));
  return withBookkeeping(target, tables, new Set(), steps);
}

/** Foreign keys of the tables go first, and their comments are written down. */
function withBookkeeping(
  target: TargetState,
  tables: readonly LiveTable[],
  schemas: ReadonlySet<string>,
  steps: readonly TablesStep[],
): WayBack {
  const { live } = target;
  const drop = dropDifferences(target).filter(({ key }) =>
    tables.some(({ table }) => sameTable(table, key.table) || sameTable(table, key.references)),
  );
  const away = drop.map(({ key }) => key);
  const gone = new Set(away);
  const recorded = unrecordedComments(live, tables, away);
  const connected = connections(foreignKeysOf(live, away));
  // Citus keeps what references a reference table as a table of its own, on the coordinator.
  const comesBackAs = ({ table, citus }: LiveTable): Pick<LiveTable, 'citus' | 'hasHeap'> =>
    citus.kind === 'schema' &&
    connected(table).some((each) => target.liveTable(each)?.citus.kind === 'reference')
      ? { citus: { kind: 'local', autoConverted: true }, hasHeap: false }
      : { citus: { kind: 'plain' }, hasHeap: true };
  const leaves: LiveDatabase = {
    ...bookkept(
      live,
      tables,
      away,
      recorded.flatMap(({ comments }) => comments),
    ),
    tables: live.tables.map((table) => {
      const left = withoutForeignKeys(table, gone);
      return tables.includes(table) ? { ...left, ...comesBackAs(table), ...uncommented(left) } : left;
    }),
    schemas: live.schemas.map(({ colocationId, ...schema }) =>
      colocationId === undefined || schemas.has(schema.schema) ? schema : { ...schema, colocationId },
    ),
  };
  const record = recorded.map(({ table, comments }, index) =>
    recordComments(
      table,
      comments.map(({ comment }) => comment),
      index === 0 && !live.ownSchema.commentTable,
    ),
  );
  return { steps: [...dropForeignKeys(drop, live), ...record, ...steps], leaves };
}

function unrecordedComments(
  live: LiveDatabase,
  tables: readonly LiveTable[],
  away: readonly LiveForeignKey[],
): { readonly table: TableName; readonly comments: readonly RecordedComment[] }[] {
  return tables.flatMap(commentedOf).flatMap((each) => {
    const { table } = each;
    const known = live.recordedComments.filter((record) => sameTable(record.table, table));
    const comments = withoutAway(each, namesOf(away, table))
      .filter((comment) => !isRecorded(comment, known))
      .map((comment) => ({ table, comment, missing: true }));
    return comments.length === 0 ? [] : [{ table, comments }];
  });
}

function namesOf(keys: readonly LiveForeignKey[], table: TableName): ReadonlySet<string> {
  return new Set(keys.filter((key) => sameTable(key.table, table)).map(({ name }) => name));
}

/** With the records of what is dropped and forgotten on the way. */
function bookkept(
  live: LiveDatabase,
  tables: readonly LiveTable[],
  away: readonly LiveForeignKey[],
  recorded: readonly RecordedComment[],
): LiveDatabase {
  const forgotten = tables.flatMap(commentedOf);
  const { ownSchema } = live;
  return {
    ...live,
    droppedForeignKeys: [...live.droppedForeignKeys, ...away],
    recordedComments: [
      ...live.recordedComments.map((each) =>
        forgotten.some(({ table }) => sameTable(table, each.table)) ? { ...each, missing: true } : each,
      ),
      ...recorded,
    ],
    ownSchema: {
      ...ownSchema,
      exists: ownSchema.exists || away.length > 0 || recorded.length > 0,
      recordTable: ownSchema.recordTable || away.length > 0,
      commentTable: ownSchema.commentTable || recorded.length > 0,
    },
  };
}

function withoutForeignKeys(table: LiveTable, away: ReadonlySet<LiveForeignKey>): LiveTable {
  return {
    ...table,
    foreignKeys: table.foreignKeys.filter((key) => !away.has(key)),
    comments: withoutAway(table, namesOf([...away], table.table)),
    // FORCE is back by then, wherever a copy took it off.
    forced: table.forced.map((each) => ({ ...each, state: 'on' as const })),
  };
}

/** As Citus leaves a table that it made anew. */
function uncommented(
  table: LiveTable,
): Pick<LiveTable, 'comments' | 'partitionComments' | 'foreignKeys' | 'keys'> {
  const keys = structuredClone(table.keys) as Mutable<LiveKey>[];
  const foreignKeys = structuredClone(table.foreignKeys) as Mutable<LiveForeignKey>[];
  for (const key of [...keys, ...foreignKeys]) delete key.comment;
  for (const key of keys) delete key.indexComment;
  return { comments: [], partitionComments: [], foreignKeys, keys };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
