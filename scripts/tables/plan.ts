import { tableKey } from '../../config/identifiers';
import type { Distribution, TableName } from '../../config/distribution-types';
import type { PlacementChange } from './change';
import { diffTables } from './diff';
import { connections } from './comments';
import type { CommentsDifference } from './comments';
import type { DistributeDifference, RestoreDifference, TablesDifference } from './diff';
import { requireNoFaults } from './faults';
import { canReturn } from './foreign-keys';
import { prepareKey, replaceKey } from './key-steps';
import type { LiveDatabase, LiveForeignKey, LiveTable } from './live';
import { sameTable, showTable } from './names';
import { orderTables } from './order';
import type { Edge } from './order';
import { Outlook } from './outlook';
import { distributeSchemaStep, undistributeSchemaStep } from './schema-steps';
import { observedHash } from './snapshot';
import * as sql from './statements.sql';
import { contingency, step } from './step';
import type { Contingency, TablesStep } from './step';

export type { Contingency, StepAction, TablesStep } from './step';

/** What `tables plan` answers with. */
export interface TablesPlan {
  readonly formatVersion: 1;
  /** Hash of the database this plan was made for. */
  readonly observed: string;
  readonly steps: readonly TablesStep[];
}

/**
 * The way from a live database to its specification. Every prefix of the steps leaves a database from which a new plan
 * leads on, so a run may end anywhere. Pure.
 *
 * The order: keys are prepared while nothing else is touched, foreign keys that are in the way go, keys change, reference
 * tables come before the tables that use them, parents before children, foreign keys return as soon as both their tables
 * are there, and the rows left behind on the coordinator go last.
 *
 * @throws ScaleoutError with every fault where specification and database do not fit
 */
export function planTables(expected: Distribution, live: LiveDatabase): TablesPlan {
  const outlook = new Outlook(expected, live);
  requireNoFaults(outlook);
  return { formatVersion: 1, observed: observedHash(live), steps: stepsFor(expected, live) };
}

function stepsFor(expected: Distribution, live: LiveDatabase): TablesStep[] {
  const outlook = new Outlook(expected, live);
  const schemasBack = live.schemas.filter((schema) => outlook.undistributesSchema(schema));
  if (schemasBack.length > 0) {
    const turns = schemasBack.map(({ schema }) => ({ schema, tables: outlook.tablesOf(schema) }));
    return backFirst(
      outlook,
      turns.flatMap(({ tables }) => tables),
      turns.map(({ schema, tables }) => undistributeSchemaStep(schema, tables)),
    );
  }
  const back = outlook.live.tables.filter(({ table }) => outlook.change(table)?.kind === 'undistribute');
  if (back.length > 0) return backFirst(outlook, back, back.map(undistributeStep));
  const difference = diffTables(expected, live);
  const edges = foreignKeyEdges(outlook.foreignKeys());
  const keys = inOrder(difference.keys, edges);
  const placing = place(difference, outlook, edges);
  return [
    ...keys.flatMap(prepareKey),
    ...dropForeignKeys(difference, live),
    ...keys.flatMap(replaceKey),
    ...recordComments(difference, live),
    ...placing.steps,
    ...(difference.removeRecord && placing.allReturned ? [removeRecord(live, difference)] : []),
    ...removeCommentRecord(live, difference, placing),
    ...truncate(difference, edges),
  ];
}

function undistributeStep({ table, citus, rowEstimate }: LiveTable): TablesStep {
  return step('undistribute', table, sql.undistributeTable(table), {
    comment: `copies every row back to the coordinator, with writes waiting; it was ${
      citus.kind === 'reference' ? 'a reference table' : 'distributed'
    }`,
    blocksWrites: true,
    reversible: true,
    rows: rowEstimate,
  });
}

/** The way back comes first; what follows is the plan for the database that it leaves. */
function backFirst(outlook: Outlook, back: readonly LiveTable[], steps: readonly TablesStep[]): TablesStep[] {
  const { expected, live } = outlook;
  const { drop } = diffTables(expected, live);
  const mine = drop.filter(({ key }) =>
    back.some(({ table }) => sameTable(table, key.table) || sameTable(table, key.references)),
  );
  const away = new Set(mine.map(({ key }) => key));
  const awayFrom = (table: TableName): ReadonlySet<string> =>
    new Set([...away].filter((key) => sameTable(key.table, table)).map(({ name }) => name));
  const comments = back.flatMap((table) => {
    const record = commentsThen(table, awayFrom(table.table)).filter(
      (comment) =>
        !live.recordedComments.some(
          (each) =>
            sameTable(each.table, table.table) &&
            each.comment.on === comment.on &&
            each.comment.name === comment.name,
        ),
    );
    return record.length === 0 ? [] : [{ table: table.table, record, restore: [], after: [] }];
  });
  const connected = connections(outlook, mine);
  // Citus keeps what references a reference table as a table of its own, on the coordinator.
  const comesBackAs = ({ table, citus }: LiveTable): Pick<LiveTable, 'citus' | 'hasHeap'> =>
    citus.kind === 'schema' &&
    connected(table).some((each) => outlook.liveTable(each)?.citus.kind === 'reference')
      ? { citus: { kind: 'local', autoConverted: true }, hasHeap: false }
      : { citus: { kind: 'plain' }, hasHeap: true };
  const recorded = comments.flatMap(({ table, record }) =>
    record.map((comment) => ({ table, comment, missing: true })),
  );
  const after: LiveDatabase = {
    ...live,
    droppedForeignKeys: [...live.droppedForeignKeys, ...away],
    recordedComments: [
      ...live.recordedComments.map((each) =>
        back.some(({ table }) => sameTable(table, each.table)) ? { ...each, missing: true } : each,
      ),
      ...recorded,
    ],
    ownSchema: {
      ...live.ownSchema,
      exists: live.ownSchema.exists || away.size > 0 || recorded.length > 0,
      recordTable: live.ownSchema.recordTable || away.size > 0,
      commentTable: live.ownSchema.commentTable || recorded.length > 0,
    },
    tables: live.tables.map((table) => ({
      ...table,
      foreignKeys: table.foreignKeys.filter((key) => !away.has(key)),
      comments: commentsThen(table, awayFrom(table.table)),
      ...(back.includes(table) ? { ...comesBackAs(table), comments: [] } : {}),
    })),
    schemas: live.schemas.map(({ colocationId, ...schema }) =>
      colocationId === undefined || steps.some(({ id }) => id === `undistribute-schema:${schema.schema}`)
        ? schema
        : { ...schema, colocationId },
    ),
  };
  return [
    ...dropForeignKeys({ drop: mine }, live),
    ...recordComments({ comments }, live),
    ...steps,
    ...stepsFor(expected, after),
  ];
}

/** What Citus forgets of a table that it makes anew, without what is away by then and returns by itself. */
function commentsThen(table: LiveTable, away: ReadonlySet<string>): LiveTable['comments'] {
  return table.comments.filter(({ on, name }) => on !== 'constraint' || !away.has(name));
}

const FOREIGN_KEY_RECORD: TableName = { schema: 'scaleout', name: 'dropped_foreign_key' };
const COMMENT_RECORD: TableName = { schema: 'scaleout', name: 'recorded_comment' };

function dropForeignKeys(difference: Pick<TablesDifference, 'drop'>, live: LiveDatabase): TablesStep[] {
  return difference.drop.map(({ key, why, pin }, index) => {
    const createRecord = index === 0 && !live.ownSchema.recordTable;
    return step(
      'drop-foreign-key',
      key.table,
      sql.dropForeignKey(key, { createRecord, pin }),
      {
        comment: `${why}; recorded in scaleout.dropped_foreign_key, and restored below. Until then nothing checks that ${key.columns.join(', ')} exists in ${showTable(key.references)}`,
        // The record holds the statement that puts it in force again, at once.
        reversible: true,
      },
      key.name,
    );
  });
}

/** Writes down what Citus forgets, before any step that makes it forget. */
function recordComments({ comments }: Pick<TablesDifference, 'comments'>, live: LiveDatabase): TablesStep[] {
  return comments
    .filter(({ record }) => record.length > 0)
    .map(({ table, record }, index) => {
      const createRecord = index === 0 && !live.ownSchema.commentTable;
      return step('record-comments', table, sql.recordComments(table, record, { createRecord }), {
        comment: 'Citus forgets comments when it turns a table; writes them down first',
        reversible: true,
      });
    });
}

interface Placing {
  readonly steps: TablesStep[];
  readonly allReturned: boolean;
  /** Every recorded comment is back. */
  readonly allCommented: boolean;
}

/** Reference tables, then distributed tables, foreign keys and comments returning as soon as they can. */
function place(difference: TablesDifference, outlook: Outlook, edges: readonly Edge[]): Placing {
  const placed = new Set<string>();
  const isThere = (table: TableName): boolean => placed.has(tableKey(table)) || outlook.isThere(table);
  const waiting = new Set(difference.restore);
  const forgotten = new Set(difference.comments);
  const commenting = (candidates: Iterable<CommentsDifference> = forgotten): TablesStep[] =>
    [...candidates].flatMap((each) => {
      if (!forgotten.has(each)) return [];
      const waits = outlook.liveTable(each.table) !== undefined && !isThere(each.table);
      // A foreign key to a reference table turns the table local when it returns, and comments go again.
      const turns = outlook.becomes(each.table).kind === 'local' && waiting.size > 0;
      if (waits || turns || each.after.some((table) => !isThere(table))) return [];
      forgotten.delete(each);
      return [restoreComments(each)];
    });
  const touching = restoresByTable(difference.restore);
  const returningKeys = (candidates: readonly RestoreDifference[]): TablesStep[] =>
    candidates.flatMap((restore) => {
      if (!waiting.has(restore) || !canReturn(restore.key, isThere)) return [];
      waiting.delete(restore);
      return restoreSteps(restore, outlook);
    });
  /** What can return now that the table is there; all that can where none is named. */
  const returning = (table?: TableName): TablesStep[] => {
    const before = commenting();
    const candidates = table === undefined ? difference.restore : (touching.get(tableKey(table)) ?? []);
    return [...before, ...returningKeys(candidates), ...commenting()];
  };
  const steps = returning();
  for (const table of orderTables(difference.references, edges)) {
    steps.push(
      step('create-reference-table', table, sql.createReferenceTable(table), {
        comment: 'copies the whole table to every node, with writes waiting while it does',
        blocksWrites: true,
        reversible: canBeUndistributed(outlook.liveTable(table)),
        rows: outlook.liveTable(table)?.rowEstimate,
      }),
    );
    placed.add(tableKey(table));
    steps.push(...returning(table));
  }
  for (const { schema, tables } of difference.schemas) {
    steps.push(distributeSchemaStep(schema, tables));
    for (const { table } of tables) placed.add(tableKey(table));
    // Of thousands of schemas each has to do with its own tables alone.
    steps.push(...tables.flatMap(({ table }) => returningKeys(touching.get(tableKey(table)) ?? [])));
    steps.push(...commenting(difference.comments.filter(({ table }) => table.schema === schema)));
  }
  if (difference.schemas.length > 0) steps.push(...returning());
  const changing = new Set(rootsFirst(difference.changes));
  const changes = (): void => {
    for (const each of changing) {
      const { table, change } = each;
      if (change.kind === 'undistribute') continue;
      if (change.colocateWith !== undefined && !isThere(change.colocateWith)) continue;
      changing.delete(each);
      steps.push(changeStep(table, change, outlook, difference));
      placed.add(tableKey(table));
      steps.push(...returning(table));
    }
  };
  changes();
  const groups = difference.distribute.flatMap(({ table, colocateWith }) =>
    colocateWith === undefined ? [] : [{ first: colocateWith, then: table, firm: true }],
  );
  for (const each of inOrder(difference.distribute, [...edges, ...groups])) {
    steps.push(distributeStep(each, outlook));
    placed.add(tableKey(each.table));
    steps.push(...returning(each.table));
  }
  changes();
  return { steps, allReturned: waiting.size === 0, allCommented: forgotten.size === 0 };
}

/** A table can only join a group that is there. */
function rootsFirst(changes: TablesDifference['changes']): TablesDifference['changes'] {
  const joins = ({ change }: TablesDifference['changes'][number]): boolean =>
    change.kind !== 'undistribute' && change.colocateWith !== undefined;
  return [...changes.filter((each) => !joins(each)), ...changes.filter(joins)];
}

function changeStep(
  table: TableName,
  change: Exclude<PlacementChange, { kind: 'undistribute' }>,
  outlook: Outlook,
  { drop }: TablesDifference,
): TablesStep {
  const beside =
    change.colocateWith === undefined
      ? 'in a colocation group of its own'
      : `beside ${showTable(change.colocateWith)}`;
  if (change.kind === 'regroup') {
    return step('change-colocation', table, sql.regroupTable(table, change.colocateWith), {
      comment: `${beside}; the shards are alike and stay where they are`,
      reversible: true,
    });
  }
  const live = outlook.liveTable(table);
  const away = new Set(drop.filter(({ key }) => sameTable(key.table, table)).map(({ key }) => key.name));
  const what = [
    ...(change.column === undefined ? [] : [`by ${change.column}`]),
    ...(change.shardCount === undefined ? [] : [`into ${String(change.shardCount)} shards`]),
    beside,
  ];
  return step(
    'alter-distribution',
    table,
    [
      ...sql.alterDistributedTable(table, change),
      ...(live === undefined ? [] : sql.commentAgain(table, commentsThen(live, away))),
    ],
    {
      comment: `copies every row into new shards, ${what.join(', ')}, with writes waiting`,
      blocksWrites: true,
      reversible: true,
      contingencies: joinWithoutCopy(table, change),
      rows: live?.rowEstimate,
    },
  );
}

/** Whether two tables have alike shards is known once the first of them has its own. */
function joinWithoutCopy(
  table: TableName,
  { column, colocateWith }: Extract<PlacementChange, { kind: 'alter' }>,
): Contingency[] {
  if (column !== undefined || colocateWith === undefined) return [];
  return [
    contingency(
      'change-colocation',
      table,
      sql.regroupTable(table, colocateWith),
      `instead, if the shards of both are alike by then: joins those of ${showTable(colocateWith)} without a copy`,
    ),
  ];
}

/** A foreign key can only return when one of its two tables has just come to its place. */
function restoresByTable(restores: readonly RestoreDifference[]): Map<string, RestoreDifference[]> {
  const byTable = new Map<string, RestoreDifference[]>();
  for (const restore of restores) {
    for (const end of new Set([restore.key.table, restore.key.references].map(tableKey))) {
      const known = byTable.get(end);
      if (known === undefined) byTable.set(end, [restore]);
      else known.push(restore);
    }
  }
  return byTable;
}

function restoreComments({ table, restore }: CommentsDifference): TablesStep {
  return step('restore-comments', table, sql.restoreComments(table, restore), {
    comment:
      restore.length === 0
        ? 'every comment is there; removes their record'
        : 'makes the comments again that Citus forgot, and removes their record',
    reversible: true,
  });
}

function distributeStep(each: DistributeDifference, outlook: Outlook): TablesStep {
  const { table, column, colocateWith, shardCount, mode } = each;
  const where =
    colocateWith === undefined
      ? `${String(shardCount)} shards`
      : `shards beside those of ${showTable(colocateWith)}`;
  return step(
    'distribute',
    table,
    sql.distributeTable(table, {
      column,
      shardCount,
      online: mode.online,
      ...(colocateWith === undefined ? {} : { colocateWith }),
    }),
    {
      comment: mode.online
        ? `by ${column}, into ${where}, beside running writes, which wait for moments and once more at its end, however many rows there are`
        : `by ${column}, into ${where}, with writes waiting: ${mode.because}`,
      blocksWrites: !mode.online,
      reversible: canBeUndistributed(outlook.liveTable(table)),
      transaction: !mode.online,
      rows: outlook.liveTable(table)?.rowEstimate,
    },
  );
}

/** `{ local: true }` leads back with one copy, as one led there, for all but the tables that the faults of such a change name. */
function canBeUndistributed(live: LiveTable | undefined): boolean {
  return live !== undefined && !live.identity && live.grantedViews.length === 0 && live.rules.length === 0;
}

function restoreSteps({ key, state }: RestoreDifference, outlook: Outlook): TablesStep[] {
  const partitioned = outlook.liveTable(key.table)?.kind === 'partitioned';
  const to = showTable(key.references);
  if (state === 'there') {
    return [
      step(
        'forget-foreign-key',
        key.table,
        sql.forgetForeignKey(key),
        { comment: 'the foreign key is back already; removes its record', reversible: true },
        key.name,
      ),
    ];
  }
  const restore = step(
    'restore-foreign-key',
    key.table,
    sql.restoreForeignKey(key, { atOnce: partitioned }),
    {
      comment: partitioned
        ? `brings the foreign key to ${to} back and reads every row, with writes waiting: PostgreSQL takes none of a partitioned table unchecked`
        : `brings the foreign key to ${to} back, in force for new rows`,
      blocksWrites: partitioned,
      reversible: true,
    },
    key.name,
  );
  const validate = step(
    'validate-foreign-key',
    key.table,
    sql.validateForeignKey(key),
    {
      comment: `reads every row once to see that ${to} has what it refers to, and removes the record`,
      reversible: true,
    },
    key.name,
  );
  return [
    ...(state === 'away' ? [restore] : []),
    ...(key.validated && (state === 'added' || !partitioned) ? [validate] : []),
  ];
}

function removeRecord(live: LiveDatabase, { comments }: TablesDifference): TablesStep {
  const alone = live.ownSchema.others === 0 && !live.ownSchema.commentTable && comments.length === 0;
  return step(
    'remove-record',
    FOREIGN_KEY_RECORD,
    sql.dropRecordTable(FOREIGN_KEY_RECORD, { schemaToo: alone }),
    {
      comment: 'every foreign key is back; removes the empty record',
      reversible: true,
    },
  );
}

function removeCommentRecord(
  live: LiveDatabase,
  { comments, removeRecord: other, drop }: TablesDifference,
  { allReturned, allCommented }: Placing,
): TablesStep[] {
  if (!allCommented || (comments.length === 0 && !live.ownSchema.commentTable)) return [];
  const otherStays = (live.ownSchema.recordTable || drop.length > 0) && !(other && allReturned);
  const alone = live.ownSchema.others === 0 && !otherStays;
  return [
    step('remove-record', COMMENT_RECORD, sql.dropRecordTable(COMMENT_RECORD, { schemaToo: alone }), {
      comment: 'every comment is back; removes the empty record',
      reversible: true,
    }),
  ];
}

/** Children first: emptying a table reaches into those that reference it. */
function truncate({ localCopies }: TablesDifference, edges: readonly Edge[]): TablesStep[] {
  const childrenFirst = edges.map(({ first, then, firm }) => ({ first: then, then: first, firm }));
  return orderTables(localCopies, childrenFirst).map((table) =>
    step('truncate-local-copy', table, sql.truncateLocalCopy(table), {
      comment: 'removes the rows that the copy left behind on the coordinator, where no query sees them',
      // What is distributed stays whole, and can be undistributed; these rows are gone.
      reversible: false,
    }),
  );
}

function foreignKeyEdges(keys: readonly LiveForeignKey[]): Edge[] {
  return keys.map((key) => ({ first: key.references, then: key.table, firm: false }));
}

function inOrder<T extends { readonly table: TableName }>(items: readonly T[], edges: readonly Edge[]): T[] {
  const byTable = new Map(items.map((item) => [tableKey(item.table), item]));
  return orderTables(
    items.map((item) => item.table),
    edges,
  ).flatMap((table) => byTable.get(tableKey(table)) ?? []);
}
