import type { Distribution, TableName } from '../../../config/workload/distribution-types';
import type { Finding } from '../../database/checks/findings';
import { withCarried, carried, describeCarried } from './carried';
import { commentedOf, isRecorded, recordComments, withComments, withoutAway } from './comments';
import type { Commented } from './comments';
import { connections } from '../../database/target/connections';
import { diffTables } from './diff';
import type { TablesDifference } from './diff';
import { requireNone, requirePreconditions } from '../../database/checks/preconditions';
import { viewsStuckOnTheWay } from '../../database/checks/views';
import { planFindings } from './plan-findings';
import { prepareKey, replaceKey } from './key-steps';
import type { LiveDatabase, LiveForeignKey, LiveKey, LiveTable } from '../../database/model/live';
import { sameTable, showTable } from '../../database/model/names';
import { sortedByEdges, orderTables } from '../../database/model/order';
import type { Edge } from '../../database/model/order';
import { TargetState } from '../../database/target/target-state';
import { orderSteps } from './order-steps';
import { inPolicyWindow, closeLeftOpenWindows } from './policy-windows';
import { undistributeSchemaStep } from './schema-steps';
import { observedHash } from '../../database/model/snapshot';
import * as sql from './statements.sql';
import { step } from '../../database/model/step';
import { stepKind } from '../../database/model/step-kinds';
import type { TablesStep } from '../../database/model/step';

/** What `tables plan` answers with. */
export interface TablesPlan {
  readonly formatVersion: 1;
  /** Hash of the database this plan was made for. */
  readonly observed: string;
  readonly steps: readonly TablesStep[];
  /** What a person should know of before a run, or has to allow. */
  readonly findings: readonly Finding[];
}

/**
 * The way from a live database to its specification. Every prefix of the steps leaves a database from which a new plan
 * leads on, so a run may end anywhere. Pure.
 *
 * The order: keys are prepared while nothing else is touched, foreign keys that are in the way go, keys change, reference
 * tables come before the tables that use them, parents before children, foreign keys return as soon as both their tables
 * are there, and the rows left behind on the coordinator go last.
 *
 * @param done what was changed so far, as the end of a sentence for people
 * @throws ScaleoutError with every fault where specification and database do not fit
 */
export function planTables(
  expected: Distribution,
  live: LiveDatabase,
  done = 'nothing was changed',
): TablesPlan {
  const target = new TargetState(expected, live);
  requirePreconditions(target, done);
  const placed = stepsFor(expected, live);
  requireNone(target, viewsStuckOnTheWay(target, copiesOf(placed, live)), done);
  const steps = [...closeLeftOpenWindows(live, placed), ...placed];
  return { formatVersion: 1, observed: observedHash(live), steps, findings: planFindings(target, steps) };
}

/** The tables that each step copies from one place in Citus to another, or back. */
function copiesOf(steps: readonly TablesStep[], live: LiveDatabase): TableName[][] {
  return steps.flatMap((each) => {
    if (stepKind(each).copies !== 'from table to table') return [];
    const { target } = each;
    return [
      live.tables
        .map(({ table }) => table)
        .filter((table) =>
          target.kind === 'table' ? sameTable(table, target) : table.schema === target.schema,
        ),
    ];
  });
}

function stepsFor(expected: Distribution, live: LiveDatabase): TablesStep[] {
  const target = new TargetState(expected, live);
  const schemasBack = live.schemas.filter((schema) => target.undistributesSchema(schema));
  if (schemasBack.length > 0) {
    const turns = schemasBack.map(({ schema }) => ({ schema, tables: target.tablesOf(schema) }));
    return backFirst(
      target,
      turns.flatMap(({ tables }) => tables),
      turns.flatMap(({ schema, tables }) =>
        inPolicyWindow(undistributeSchemaStep(schema, tables, target.live), tables),
      ),
    );
  }
  const back = target.live.tables.filter(({ table }) => target.change(table)?.kind === 'undistribute');
  if (back.length > 0) {
    const steps = back.flatMap((table) => inPolicyWindow(undistributeStep(table, target.live), [table]));
    return backFirst(target, back, steps);
  }
  const difference = diffTables(expected, live);
  const { drop } = difference;
  const edges = target.foreignKeys().map((key) => ({ first: key.references, then: key.table, firm: false }));
  const keys = sortedByEdges(difference.keys, edges);
  const placing = orderSteps(difference, target, edges);
  const away = drop.map(({ key }) => key);
  const commented = withComments(target, away, placing.placed);
  const allReturned = difference.removeRecord && placing.allReturned;
  return [
    ...keys.flatMap(prepareKey),
    ...dropForeignKeys(drop, live),
    ...keys.flatMap(replaceKey),
    ...commented.record,
    ...commented.steps,
    ...(allReturned ? [removeForeignKeyRecord(live, commented)] : []),
    ...removeCommentRecord(live, commented, !allReturned && (live.ownSchema.recordTable || drop.length > 0)),
    ...truncate([...difference.localCopies, ...placing.localCopies], edges),
  ];
}

function undistributeStep({ table, citus, rowEstimate }: LiveTable, live: LiveDatabase): TablesStep {
  const keeps = carried(live, [table], 'copy');
  return step('undistribute', table, withCarried(keeps, sql.undistributeTable(table)), {
    comment: `copies every row back to the coordinator, with writes waiting; it was ${
      citus.kind === 'reference' ? 'a reference table' : 'distributed'
    }${describeCarried(keeps)}`,
    blocksWrites: true,
    reversible: true,
    rows: rowEstimate,
  });
}

/** The way back comes first; what follows is the plan for the database that it leaves. */
function backFirst(
  target: TargetState,
  back: readonly LiveTable[],
  steps: readonly TablesStep[],
): TablesStep[] {
  const { expected, live } = target;
  const { drop } = diffTables(expected, live);
  const mine = drop.filter(({ key }) =>
    back.some(({ table }) => sameTable(table, key.table) || sameTable(table, key.references)),
  );
  const away = new Set(mine.map(({ key }) => key));
  const awayFrom = (table: TableName): ReadonlySet<string> =>
    new Set([...away].filter((key) => sameTable(key.table, table)).map(({ name }) => name));
  const comments = back.flatMap(commentedOf).flatMap((table) => {
    const known = live.recordedComments.filter((each) => sameTable(each.table, table.table));
    const record = withoutAway(table, awayFrom(table.table)).filter((comment) => !isRecorded(comment, known));
    return record.length === 0 ? [] : [{ table: table.table, record }];
  });
  const connected = connections(target, mine);
  // Citus keeps what references a reference table as a table of its own, on the coordinator.
  const comesBackAs = ({ table, citus }: LiveTable): Pick<LiveTable, 'citus' | 'hasHeap'> =>
    citus.kind === 'schema' &&
    connected(table).some((each) => target.liveTable(each)?.citus.kind === 'reference')
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
        back.flatMap(commentedOf).some(({ table }) => sameTable(table, each.table))
          ? { ...each, missing: true }
          : each,
      ),
      ...recorded,
    ],
    ownSchema: {
      ...live.ownSchema,
      exists: live.ownSchema.exists || away.size > 0 || recorded.length > 0,
      recordTable: live.ownSchema.recordTable || away.size > 0,
      commentTable: live.ownSchema.commentTable || recorded.length > 0,
    },
    tables: live.tables.map((table) => {
      const foreignKeys = table.foreignKeys.filter((key) => !away.has(key));
      const left = { ...table, foreignKeys, comments: withoutAway(table, awayFrom(table.table)) };
      // FORCE is back by then, wherever a copy took it off.
      const bound = { ...left, forced: left.forced.map((each) => ({ ...each, state: 'on' as const })) };
      return back.includes(table) ? { ...bound, ...comesBackAs(table), ...uncommented(left) } : bound;
    }),
    schemas: live.schemas.map(({ colocationId, ...schema }) =>
      colocationId === undefined ||
      steps.some(({ action, target: on }) => action === 'undistribute-schema' && on.schema === schema.schema)
        ? schema
        : { ...schema, colocationId },
    ),
  };
  return [
    ...dropForeignKeys(mine, live),
    ...comments.map(({ table, record }, index) =>
      recordComments(table, record, index === 0 && !live.ownSchema.commentTable),
    ),
    ...steps,
    ...stepsFor(expected, after),
  ];
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

const FOREIGN_KEY_RECORD: TableName = { schema: 'scaleout', name: 'dropped_foreign_key' };
const COMMENT_RECORD: TableName = { schema: 'scaleout', name: 'recorded_comment' };

function dropForeignKeys(drop: TablesDifference['drop'], live: LiveDatabase): TablesStep[] {
  return drop.map(({ key, why, pin }, index) => {
    const createRecord = index === 0 && !live.ownSchema.recordTable;
    return step(
      'drop-foreign-key',
      { ...key.table, foreignKey: key.name },
      sql.dropForeignKey(key, { createRecord, pin }),
      {
        comment: `${why}; recorded in scaleout.dropped_foreign_key, and restored below. Until then nothing checks that ${key.columns.join(', ')} exists in ${showTable(key.references)}`,
        // The record holds the statement that puts it in force again, at once.
        reversible: true,
      },
    );
  });
}

function removeForeignKeyRecord(live: LiveDatabase, { recorded }: Commented): TablesStep {
  return removeRecord(FOREIGN_KEY_RECORD, 'foreign key', live, live.ownSchema.commentTable || recorded);
}

function removeCommentRecord(
  live: LiveDatabase,
  { recorded, allBack }: Commented,
  otherStays: boolean,
): TablesStep[] {
  if (!allBack || !(recorded || live.ownSchema.commentTable)) return [];
  return [removeRecord(COMMENT_RECORD, 'comment', live, otherStays)];
}

/** @param otherStays the other record is in the schema by then */
function removeRecord(
  record: TableName,
  what: string,
  { ownSchema }: LiveDatabase,
  otherStays: boolean,
): TablesStep {
  const schemaToo = ownSchema.others === 0 && !otherStays;
  return step('remove-record', record, sql.dropRecordTable(record, { schemaToo }), {
    comment: `every ${what} is back; removes the empty record`,
    reversible: true,
  });
}

/** Children first: emptying a table reaches into those that reference it. */
function truncate(localCopies: readonly TableName[], edges: readonly Edge[]): TablesStep[] {
  const childrenFirst = edges.map(({ first, then, firm }) => ({ first: then, then: first, firm }));
  return orderTables(localCopies, childrenFirst).map((table) =>
    step('truncate-local-copy', table, sql.truncateLocalCopy(table), {
      comment: 'removes the rows that the copy left behind on the coordinator, where no query sees them',
      // What is distributed stays whole, and can be undistributed; these rows are gone.
      reversible: false,
    }),
  );
}
