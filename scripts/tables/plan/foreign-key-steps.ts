import type { TableName } from '../../../config/workload/distribution-types';
import { allOf } from '../../../config/text/text';
import { force, noForce } from '../../database/model/forced-policies';
import type { LiveDatabase, LiveForeignKey } from '../../database/model/live';
import { showTable } from '../../database/model/names';
import { step } from '../../database/model/step';
import type { TablesStep } from '../../database/model/step';
import type { TargetState } from '../../database/target/target-state';
import { carried, convertedWords, withCarried } from './carried';
import { withForcedPolicies } from '../../database/model/forced-policies';
import { recreatedTables } from '../../database/target/conversions';
import type { Conversion } from '../../database/target/conversions';
import { describeWindow } from '../../database/target/foreign-keys';
import type { RestoreDifference, TablesDifference } from './diff';
import * as sql from './statements.sql';

/** The steps that drop a foreign key for a while and bring it back. */

export function dropForeignKeys(drop: TablesDifference['drop'], live: LiveDatabase): TablesStep[] {
  return drop.map(({ key, why, pin }, index) => {
    const createRecord = index === 0 && !live.ownSchema.recordTable;
    return step(
      'drop-foreign-key',
      { ...key.table, foreignKey: key.name },
      sql.dropForeignKey(key, { createRecord, pin }),
      {
        comment: `${why}; recorded in scaleout.dropped_foreign_key, and restored below. ${describeWindow(key)}`,
        // The record holds the statement that puts it in force again, at once.
        reversible: true,
      },
    );
  });
}

export function restoreSteps(
  { key, state }: RestoreDifference,
  target: TargetState,
  conversions: readonly Conversion[],
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
  const converted = recreatedTables(conversions);
  const keeps = carried(target.live, converted, 'convert');
  // What policies hide from the owner would not be checked, or not be found.
  const ends = [key.table, key.references];
  const bound = withForcedPolicies({ tables: target.living(ends) }, ends);
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

function boundWords(bound: readonly TableName[]): string {
  return bound.length === 0
    ? ''
    : `; FORCE ROW LEVEL SECURITY of ${allOf(bound.map(showTable))} is off inside this transaction, so reads and writes wait for its end and no session sees it off`;
}

/** Why a foreign key cannot come back first and be validated after, as the rest of a sentence; undefined where it can. */
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
