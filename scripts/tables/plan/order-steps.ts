import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import type { TargetState, PlacementChange } from '../../database/target/target-state';
import type { CopyMode } from '../../database/target/copy-mode';
import { allOf } from '../../../config/text/text';
import { force, noForce } from '../../database/model/forced-policies';
import { withCarried, carried, describeCarried, forcedTables } from './carried';
import type { Carried } from './carried';
import { commentedOf, withoutAway } from './comments';
import type { StepGroup } from './comments';
import type { DistributeDifference, RestoreDifference, TablesDifference } from './diff';
import { canReturn } from '../../database/target/foreign-keys';
import type { LiveForeignKey, LiveTable, LiveView } from '../../database/model/live';
import { sameTable, showTable } from '../../database/model/names';
import { sortedByEdges, orderTables } from '../../database/model/order';
import type { Edge } from '../../database/model/order';
import { inPolicyWindow } from './policy-windows';
import { distributeSchemaStep } from './schema-steps';
import * as sql from './statements.sql';
import { contingency, step } from '../../database/model/step';
import type { Contingency, TablesStep } from '../../database/model/step';
import { ConversionTracker } from './conversions';
import type { Conversion } from './conversions';
import { viewAgainstConversion } from '../../database/checks/views';

export interface StepOrder {
  readonly placed: readonly StepGroup[];
  /** Every foreign key that waits is back. */
  readonly allReturned: boolean;
  /** Tables of which the rows are left behind on the coordinator. */
  readonly localCopies: readonly TableName[];
}

/**
 * Brings every table to its place, reference tables first, then schemas and distributed tables; foreign keys return as soon as they
 * can. Pure.
 */
export function orderSteps(
  difference: TablesDifference,
  target: TargetState,
  edges: readonly Edge[],
): StepOrder {
  const turning = new ConversionTracker(target.live.tables, new Set(difference.drop.map(({ key }) => key)));
  const placed: StepGroup[] = [];
  const localCopies: TableName[] = [];
  const there = new Set<string>();
  const isThere = (table: TableName): boolean => there.has(tableKey(table)) || target.isThere(table);
  const waiting = new Set(difference.restore);
  const touching = restoresByTable(difference.restore);
  let referencesToCome = difference.references.length > 0;

  // A table that Citus does not know would forget what is written on a foreign key that is back before Citus turns it. So one
  // between two such tables comes after all that may turn them.
  const mayTurn = ({ key, state }: RestoreDifference): boolean =>
    state === 'away' && turning.isPlain(key.table) && turning.isPlain(key.references);
  const returning = (first: Iterable<RestoreDifference>): void => {
    const candidates = new Set(first);
    const between: RestoreDifference[] = [];
    for (const restore of candidates) {
      candidates.delete(restore);
      if (!waiting.has(restore) || !canReturn(restore.key, isThere)) continue;
      if (mayTurn(restore)) {
        between.push(restore);
        continue;
      }
      comesBack(restore).forEach((each) => candidates.add(each));
    }
    if (referencesToCome) return;
    for (const restore of between) if (waiting.has(restore)) comesBack(restore);
  };
  /** @returns the foreign keys of the tables that it turned, which may have waited for that */
  const comesBack = (restore: RestoreDifference): RestoreDifference[] => {
    waiting.delete(restore);
    const turns = restore.state === 'away' ? turning.comesBack(restore.key) : [];
    placed.push({ steps: restoreSteps(restore, target, turns), turns, returns: restore.key });
    return touchingAny(turns.map(({ table }) => table));
  };
  const touchingAny = (tables: readonly TableName[]): RestoreDifference[] =>
    tables.flatMap((table) => touching.get(tableKey(table)) ?? []);
  const arrives = (tables: readonly TableName[], placing: StepGroup): void => {
    placed.push(placing);
    for (const table of tables) there.add(tableKey(table));
    returning(touchingAny([...tables, ...placing.turns.map(({ table }) => table)]));
  };
  const leavesCopy = (table: TableName): boolean =>
    turning.isPlain(table) && target.liveTable(table)?.hasHeap === true;

  returning(difference.restore);
  for (const table of orderTables(difference.references, edges)) {
    if (leavesCopy(table)) localCopies.push(table);
    const turns = turning.becomesReference(table);
    arrives([table], {
      steps: inPolicyWindow(referenceStep(table, target, turns), target.living([table])),
      turns,
    });
  }
  if (referencesToCome) {
    referencesToCome = false;
    returning(difference.restore);
  }
  for (const { schema, tables } of difference.schemas) {
    const names = tables.map(({ table }) => table);
    localCopies.push(...names.filter(leavesCopy));
    arrives(names, {
      steps: inPolicyWindow(distributeSchemaStep(schema, tables, target.live), tables),
      turns: turning.becomeSchema(names),
    });
  }
  const changing = new Set(rootsFirst(difference.changes));
  const changes = (): void => {
    for (const each of changing) {
      const { table, change } = each;
      if (change.kind === 'undistribute') continue;
      if (change.colocateWith !== undefined && !isThere(change.colocateWith)) continue;
      changing.delete(each);
      // What is written on the table is written on its copy by the step itself.
      const step = changeStep(table, change, target, difference);
      arrives([table], {
        steps: change.kind === 'alter' ? inPolicyWindow(step, target.living([table])) : [step],
        turns: [],
      });
    }
  };
  changes();
  const groups = difference.distribute.flatMap(({ table, colocateWith }) =>
    colocateWith === undefined ? [] : [{ first: colocateWith, then: table, firm: true }],
  );
  for (const wanted of sortedByEdges(difference.distribute, [...edges, ...groups])) {
    const { table } = wanted;
    const live = target.liveTable(table);
    const view =
      wanted.mode.online && turning.isPlain(table)
        ? viewAgainstConversion({ target, isThere }, table)
        : undefined;
    const mode: CopyMode = view === undefined ? wanted.mode : { online: false, reason: notOnTheWay(view) };
    const each = { ...wanted, mode };
    // Citus brings a table that is local to it back first.
    if (!mode.online && (live?.citus.kind === 'local' || live?.hasHeap === true)) localCopies.push(table);
    if (mode.online && turning.isPlain(table)) {
      const steps = convertStep(table, target);
      // Citus converts it by itself where nothing would be left out.
      if (steps.length > 0) placed.push({ steps, turns: turning.becomesLocal(table) });
    }
    const turns = turning.becomesDistributed(table, mode.online);
    arrives([table], {
      steps: inPolicyWindow(distributeStep(each, target, turns), target.living([table])),
      turns,
    });
  }
  changes();
  return { placed, allReturned: waiting.size === 0, localCopies };
}

function notOnTheWay({ view }: LiveView): string {
  return `on the way to an online copy Citus creates materialized view ${showTable(view)} again, and cannot while one of its tables is distributed and another is not`;
}

/** The tables that a step makes anew under their old names. */
function madeAnew(turns: readonly Conversion[]): TableName[] {
  return turns.filter(({ forgets }) => forgets === 'everything').map(({ table }) => table);
}

/** Of some tables those that stay the relations they are. */
function unturned(tables: readonly LiveTable[], turns: readonly Conversion[]): LiveTable[] {
  return tables.filter(({ table }) => !turns.some((turn) => sameTable(turn.table, table)));
}

/** `; converts t and u to Citus local tables, ...`, where it does. */
function convertedWords(converted: readonly TableName[], keeps: Carried): string {
  if (converted.length === 0) return describeCarried(keeps);
  return `; converts ${allOf(converted.map(showTable))} to ${converted.length === 1 ? 'a Citus local table' : 'Citus local tables'}, since foreign keys connect ${converted.length === 1 ? 'it' : 'them'}${describeCarried(keeps)}`;
}

function convertStep(table: TableName, target: TargetState): TablesStep[] {
  const keeps = carried(target.live, [table], 'convert');
  if (keeps.what.length === 0) return [];
  return [
    step('convert-to-citus-local', table, withCarried(keeps, sql.convertToCitusLocal(table)), {
      comment: `converts to a Citus local table, on the coordinator, as the online copy begins${describeCarried(keeps)}${keeps.refreshes ? '; writes wait while materialized views are filled' : ''}`,
      blocksWrites: keeps.refreshes,
      reversible: canBeUndistributed(target.liveTable(table)),
    }),
  ];
}

function referenceStep(table: TableName, target: TargetState, turns: readonly Conversion[]): TablesStep {
  const live = target.liveTable(table);
  const converted = madeAnew(turns);
  const keeps = carried(target.live, converted, 'convert', target.living([table]));
  return step('create-reference-table', table, withCarried(keeps, sql.createReferenceTable(table)), {
    comment: `copies the whole table to every node, with writes waiting while it does${convertedWords(converted, keeps)}`,
    blocksWrites: true,
    reversible: canBeUndistributed(live),
    converts: converted,
    rows: live?.rowEstimate,
  });
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
  target: TargetState,
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
  const live = target.liveTable(table);
  const away = new Set(drop.filter(({ key }) => sameTable(key.table, table)).map(({ key }) => key.name));
  const what = [
    ...(change.column === undefined ? [] : [`by ${change.column}`]),
    ...(change.shardCount === undefined ? [] : [`into ${String(change.shardCount)} shards`]),
    beside,
  ];
  const keeps = carried(target.live, [table], 'copy');
  return step(
    'alter-distribution',
    table,
    [
      ...withCarried(keeps, sql.alterDistributedTable(table, change)),
      ...(live === undefined
        ? []
        : commentedOf(live).flatMap((each) => sql.commentAgain(each.table, withoutAway(each, away)))),
    ],
    {
      comment: `copies every row into new shards, ${what.join(', ')}, with writes waiting${describeCarried(keeps)}`,
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

function distributeStep(
  each: DistributeDifference,
  target: TargetState,
  turns: readonly Conversion[],
): TablesStep {
  const { table, column, colocateWith, shardCount, mode } = each;
  const where =
    colocateWith === undefined
      ? `${String(shardCount)} shards`
      : `shards beside those of ${showTable(colocateWith)}`;
  const keeps = mode.online
    ? carried(target.live, [], 'copy')
    : carried(target.live, madeAnew(turns), 'copy', unturned(target.living([table]), turns));
  return step(
    'distribute',
    table,
    withCarried(
      keeps,
      sql.distributeTable(table, {
        column,
        shardCount,
        online: mode.online,
        ...(colocateWith === undefined ? {} : { colocateWith }),
      }),
    ),
    {
      comment: mode.online
        ? `by ${column}, into ${where}, beside running writes, which wait for moments and once more at its end, however many rows there are`
        : `by ${column}, into ${where}, with writes waiting: ${mode.reason}${describeCarried(keeps)}`,
      blocksWrites: !mode.online,
      reversible: canBeUndistributed(target.liveTable(table)),
      transaction: !mode.online,
      rows: target.liveTable(table)?.rowEstimate,
    },
  );
}

/** `{ local: true }` leads back with one copy, as one led there, for all but the tables that the faults of such a change name. */
function canBeUndistributed(live: LiveTable | undefined): boolean {
  return live !== undefined && live.identities.length === 0 && live.rules.length === 0;
}

function restoreSteps(
  { key, state }: RestoreDifference,
  target: TargetState,
  turns: readonly Conversion[],
): TablesStep[] {
  const atOnce = whyAtOnce(key, target);
  const to = showTable(key.references);
  if (state === 'there') {
    return [
      step('forget-foreign-key', { ...key.table, foreignKey: key.name }, sql.forgetForeignKey(key), {
        comment: 'the foreign key is back already; removes its record',
        reversible: true,
      }),
    ];
  }
  const converted = madeAnew(turns);
  const keeps = carried(target.live, converted, 'convert');
  // What policies hide from the owner would not be checked, or not be found.
  const bound = forcedTables({ tables: target.living([key.table, key.references]) }, [
    key.table,
    key.references,
  ]);
  const back =
    atOnce === undefined
      ? `brings the foreign key to ${to} back, in force for new rows`
      : `brings the foreign key to ${to} back and reads every row, with writes waiting: ${atOnce}${boundWords(bound)}`;
  const restore = step(
    'restore-foreign-key',
    { ...key.table, foreignKey: key.name },
    withCarried(keeps, [
      ...(atOnce === undefined ? [] : noForce(bound)),
      ...sql.restoreForeignKey(key, { atOnce: atOnce !== undefined }),
      ...(atOnce === undefined ? [] : force(bound)),
    ]),
    {
      comment: `${back}${convertedWords(converted, keeps)}`,
      blocksWrites: atOnce !== undefined || keeps.refreshes,
      reversible: true,
      converts: converted,
    },
  );
  const validate = step(
    'validate-foreign-key',
    { ...key.table, foreignKey: key.name },
    [...noForce(bound), ...sql.validateForeignKey(key), ...force(bound)],
    {
      comment: `reads every row once to see that ${to} has what it refers to, and removes the record${boundWords(bound)}`,
      blocksWrites: bound.length > 0,
      reversible: true,
    },
  );
  return [
    ...(state === 'away' ? [restore] : []),
    ...(key.validated && (state === 'added' || atOnce === undefined) ? [validate] : []),
  ];
}

/** Why a foreign key cannot come back first and be validated after, as the rest of a sentence; undefined where it can. */
function boundWords(bound: readonly TableName[]): string {
  return bound.length === 0
    ? ''
    : `; FORCE ROW LEVEL SECURITY of ${allOf(bound.map(showTable))} is off inside this transaction, so reads and writes wait for its end and no session sees it off`;
}

function whyAtOnce(
  { table, references, validated }: LiveForeignKey,
  target: TargetState,
): string | undefined {
  if (target.liveTable(table)?.kind === 'partitioned')
    return 'PostgreSQL takes none of a partitioned table unchecked';
  // Such a one is on the coordinator alone, and Citus would validate it on every node.
  const [from, to] = [target.targetPlacement(table).kind, target.targetPlacement(references).kind];
  return validated && from === 'reference' && to === 'local'
    ? 'Citus validates none of a reference table that references a local one'
    : undefined;
}
