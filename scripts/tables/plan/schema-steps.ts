import { allOf } from '../../../config/text/text';
import { withCarried, carried, describeCarried } from './carried';
import type { LiveDatabase, LiveTable } from '../../database/model/live';
import { showTable } from '../../database/model/names';
import * as sql from './statements.sql';
import type { TablesStep } from '../../database/model/step';

/** The steps that turn a schema as a whole. Their `table` is the schema's name. */

export function distributeSchemaStep(schema: string, tables: readonly LiveTable[]): TablesStep {
  const identity = tables.filter((table) => table.identities.length > 0).map(({ table }) => showTable(table));
  const rules = tables.flatMap((table) => table.rules.map(({ rule }) => `rule ${rule}`));
  const comment = [
    `gives each of its ${tablesCounted(tables)} a single shard, all of them on one node, and copies their rows there, with writes to all of them waiting until the last is done`,
    ...(identity.length === 0
      ? []
      : [
          `Citus brings no table with an identity column back, as ${allOf(identity)} ${identity.length === 1 ? 'has' : 'have'}`,
        ]),
    ...(rules.length === 0 ? [] : [`on the way back ${allOf(rules)} would be lost`]),
  ].join('; ');
  return schemaStep('distribute-schema', schema, tables, {
    sql: sql.distributeSchema(schema),
    comment,
    reversible: identity.length === 0 && rules.length === 0,
  });
}

export function undistributeSchemaStep(
  schema: string,
  tables: readonly LiveTable[],
  live: LiveDatabase,
): TablesStep {
  const keeps = carried(
    live,
    tables.map(({ table }) => table),
    'copy',
  );
  return schemaStep('undistribute-schema', schema, tables, {
    sql: withCarried(keeps, sql.undistributeSchema(schema)),
    comment: `makes each of its ${tablesCounted(tables)} anew on the coordinator and copies every row back, with writes to all of them waiting until the last is done${describeCarried(keeps)}`,
    reversible: true,
  });
}

function schemaStep(
  action: TablesStep['action'],
  schema: string,
  tables: readonly LiveTable[],
  described: Pick<TablesStep, 'sql' | 'comment' | 'reversible'>,
): TablesStep {
  // What nobody has counted yet makes the sum nobody's guess.
  const estimates = tables.flatMap(({ rowEstimate }) => (rowEstimate === undefined ? [] : [rowEstimate]));
  return {
    id: `${action}:${schema}`,
    table: schema,
    action,
    ...described,
    blocksWrites: true,
    transaction: true,
    ...(estimates.length < tables.length ? {} : { rows: estimates.reduce((sum, rows) => sum + rows, 0) }),
  };
}

function tablesCounted(tables: readonly LiveTable[]): string {
  return tables.length === 1 ? 'one table' : `${String(tables.length)} tables`;
}
