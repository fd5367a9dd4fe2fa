import type { TableName } from '../../../config/workload/distribution-types';
import type { PlacementChange, TargetState } from '../../database/target/target-state';
import type { LiveDatabase, LiveTable } from '../../database/model/live';
import { sameTable, showTable } from '../../database/model/names';
import { contingency, step } from '../../database/model/step';
import type { Contingency, TablesStep } from '../../database/model/step';
import { carried, convertedWords, describeCarried, withCarried } from './carried';
import { commentedOf, withoutAway } from './comments';
import { recreatedTables } from '../../database/target/conversions';
import type { Conversion } from '../../database/target/conversions';
import type { DistributeDifference, TablesDifference } from './diff';
import * as sql from './statements.sql';

/** The steps that bring a table to where its rows are to be. Those of a schema as a whole are in `schema-steps`. */

export function convertStep(table: TableName, target: TargetState): TablesStep[] {
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

export function referenceStep(
  table: TableName,
  target: TargetState,
  conversions: readonly Conversion[],
): TablesStep {
  const live = target.liveTable(table);
  const converted = recreatedTables(conversions);
  const keeps = carried(target.live, converted, 'convert', target.living([table]));
  return step('create-reference-table', table, withCarried(keeps, sql.createReferenceTable(table)), {
    comment: `copies the whole table to every node, with writes waiting while it does${convertedWords(converted, keeps)}`,
    blocksWrites: true,
    reversible: canBeUndistributed(live),
    converts: converted,
    rows: live?.rowEstimate,
  });
}

export function changeStep(
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

export function distributeStep(
  each: DistributeDifference,
  target: TargetState,
  conversions: readonly Conversion[],
): TablesStep {
  const { table, column, colocateWith, shardCount, mode } = each;
  const where =
    colocateWith === undefined
      ? `${String(shardCount)} shards`
      : `shards beside those of ${showTable(colocateWith)}`;
  const keeps = mode.online
    ? carried(target.live, [], 'copy')
    : carried(
        target.live,
        recreatedTables(conversions),
        'copy',
        unconverted(target.living([table]), conversions),
      );
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
        ? `by ${column}, into ${where}, beside running writes, which wait for moments and once more at its end, however many rows there are; an UPDATE or DELETE that waits at the end may answer 0 rows and leave its row as it is`
        : `by ${column}, into ${where}, with writes waiting: ${mode.reason}${describeCarried(keeps)}`,
      blocksWrites: !mode.online,
      reversible: canBeUndistributed(target.liveTable(table)),
      transaction: !mode.online,
      rows: target.liveTable(table)?.rowEstimate,
    },
  );
}

export function undistributeStep({ table, citus, rowEstimate }: LiveTable, live: LiveDatabase): TablesStep {
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

/** Of some tables those that stay the relations they are. */
function unconverted(tables: readonly LiveTable[], conversions: readonly Conversion[]): LiveTable[] {
  return tables.filter(({ table }) => !conversions.some((each) => sameTable(each.table, table)));
}

/** `{ local: true }` leads back with one copy, as one led there, for all but the tables that the faults of such a change name. */
function canBeUndistributed(live: LiveTable | undefined): boolean {
  return live !== undefined && live.identities.length === 0 && live.rules.length === 0;
}
