import type { KeyDifference } from './diff';
import * as sql from './statements.sql';
import { contingency, step } from '../../database/model/step';
import type { TablesStep } from '../../database/model/step';

/** Everything about the new primary key that takes long, while writes go on. */
export function prepareKey({ table, dropIndex, notNull, primaryKey }: KeyDifference): TablesStep[] {
  const steps: TablesStep[] = [];
  if (dropIndex) {
    steps.push(
      step('drop-leftover-index', table, sql.dropKeyIndex(table), {
        comment: 'an earlier run left this index unfinished or for another key',
        // Dropping takes a moment, building it again reads the table.
        reversible: false,
        transaction: false,
      }),
    );
  }
  for (const { column, check } of notNull) {
    if (check === 'absent') {
      steps.push(
        step('add-not-null-check', { ...table, column }, sql.addNotNullCheck(table, column), {
          comment: `new rows must have ${column}, a column of the new primary key`,
          reversible: true,
        }),
      );
    }
    if (check !== 'validated') {
      steps.push(
        step('validate-not-null-check', { ...table, column }, sql.validateNotNullCheck(table, column), {
          comment: `reads every row once to see that it has ${column}`,
          reversible: true,
        }),
      );
    }
    steps.push(
      step('set-not-null', { ...table, column }, sql.setNotNull(table, column), {
        comment: `declares ${column} NOT NULL; the check has proved it already`,
        reversible: true,
      }),
    );
  }
  if (primaryKey !== undefined && !primaryKey.indexIsBuilt && !primaryKey.partitioned) {
    steps.push(
      step('build-key-index', table, sql.buildKeyIndex(table, primaryKey), {
        comment: `builds the index of the new primary key (${primaryKey.columns.join(', ')}) beside running writes`,
        reversible: true,
        transaction: false,
        contingencies: [
          contingency(
            'drop-leftover-index',
            table,
            sql.dropKeyIndex(table),
            'if this is broken off: removes the index that it leaves unfinished, before it is built again',
          ),
        ],
      }),
    );
  }
  return steps;
}

/** The moment in which the new primary key takes the place of the old one. */
export function replaceKey({ table, primaryKey }: KeyDifference): TablesStep[] {
  if (primaryKey === undefined) return [];
  const { columns, replaces } = primaryKey;
  const to = `(${columns.join(', ')})`;
  return [
    step('replace-primary-key', table, sql.replacePrimaryKey(table, primaryKey), {
      comment:
        replaces === undefined
          ? `gives the table the primary key ${to}`
          : `changes the primary key from (${replaces.join(', ')}) to ${to}, which holds the distribution column${
              primaryKey.partitioned
                ? ', with writes waiting: PostgreSQL builds no index of a partitioned table beside them'
                : ''
            }`,
      blocksWrites: primaryKey.partitioned,
      // Rows that only the new key admits may have come by then, and the index of the old one is to be built again.
      reversible: replaces === undefined,
    }),
  ];
}
