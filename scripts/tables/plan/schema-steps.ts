import { allOf } from '../../../config/text/text';
import { withCarried, carried, describeCarried } from './carried';
import type { LiveDatabase, LiveTable } from '../../database/model/live';
import { showTable } from '../../database/model/names';
import * as sql from './statements.sql';
import { step } from '../../database/model/step';
import type { StepOptions, TablesStep } from '../../database/model/step';

/** The steps that turn a schema as a whole. Their `table` is the schema's name. */

export function distributeSchemaStep(
  schema: string,
  tables: readonly LiveTable[],
  live: LiveDatabase,
): TablesStep {
  const keeps = carried(live, [], 'copy', tables);
  const identity = tables.filter((table) => table.identities.length > 0).map(({ table }) => showTable(table));
  const rules = tables.flatMap((table) => table.rules.map(({ rule }) => `rule ${rule}`));
  const comment = [
    `gives each of its ${tablesCounted(tables)} a single shard, all of them on one node, and copies their rows there, with writes to all of them waiting until the last is done${describeCarried(keeps)}`,
    ...(identity.length === 0
      ? []
      : [
          `Citus brings no table with an identity column back, as ${allOf(identity)} ${identity.length === 1 ? 'has' : 'have'}`,
        ]),
    ...(rules.length === 0 ? [] : [`on the way back ${allOf(rules)} would be lost`]),
  ].join('; ');
  return step('distribute-schema', { schema }, withCarried(keeps, sql.distributeSchema(schema)), {
    ...copyOf(tables),
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
  return step('undistribute-schema', { schema }, withCarried(keeps, sql.undistributeSchema(schema)), {
    ...copyOf(tables),
    comment: `makes each of its ${tablesCounted(tables)} anew on the coordinator and copies every row back, with writes to all of them waiting until the last is done${describeCarried(keeps)}`,
    reversible: true,
  });
}

function copyOf(tables: readonly LiveTable[]): Pick<StepOptions, 'blocksWrites' | 'rows'> {
  // Without an estimate for one of them there is none for the sum.
  const estimates = tables.flatMap(({ rowEstimate }) => (rowEstimate === undefined ? [] : [rowEstimate]));
  const rows = estimates.length < tables.length ? undefined : estimates.reduce((sum, each) => sum + each, 0);
  return { blocksWrites: true, rows };
}

function tablesCounted(tables: readonly LiveTable[]): string {
  return tables.length === 1 ? 'one table' : `${String(tables.length)} tables`;
}
