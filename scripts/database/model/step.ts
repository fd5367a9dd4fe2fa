import type { TableName } from '../../../config/workload/distribution-types';
import { showTable } from './names';

/** What a step does, in one word for programs. */
export type StepAction =
  | 'drop-leftover-index'
  | 'add-not-null-check'
  | 'validate-not-null-check'
  | 'set-not-null'
  | 'build-key-index'
  | 'drop-foreign-key'
  | 'replace-primary-key'
  | 'record-comments'
  | 'restore-comments'
  | 'convert-to-citus-local'
  | 'lift-forced-policy'
  | 'restore-forced-policy'
  | 'create-reference-table'
  | 'distribute'
  | 'distribute-schema'
  | 'undistribute'
  | 'undistribute-schema'
  | 'alter-distribution'
  | 'change-colocation'
  | 'restore-foreign-key'
  | 'validate-foreign-key'
  | 'forget-foreign-key'
  | 'remove-record'
  | 'truncate-local-copy';

export interface TablesStep {
  /** The same step has the same id in every plan. */
  readonly id: string;
  /** The table as messages name it; the schema where the step turns one as a whole. */
  readonly table: string;
  readonly action: StepAction;
  /** Exactly what runs, in order. */
  readonly sql: readonly string[];
  readonly comment: string;
  /** Writes to the table wait for a time that grows with its rows; what is as short for a large table is not counted. */
  readonly blocksWrites: boolean;
  /**
   * A statement that costs no more leads back to what was there, rows included. A copy counts as a copy, even where the way
   * back holds writes up and the way there did not.
   */
  readonly reversible: boolean;
  /** All statements in one transaction, or each on its own where PostgreSQL or Citus forbid one. */
  readonly transaction: boolean;
  /** What a run may have to do besides or instead; reviewed with the step, and absent where there is nothing. */
  readonly contingencies?: readonly Contingency[];
  /** Tables beside its own that Citus converts to Citus local tables in it; absent where there are none. */
  readonly converts?: readonly string[];
  /** How many rows the step works through, as the planner estimates; absent where it is nobody's concern or guess. */
  readonly rows?: number;
}

/** A step that only a run can know it needs: which, in which words, and when. */
export type Contingency = Pick<TablesStep, 'id' | 'action' | 'sql' | 'comment'>;

/** What a step is, beside the table and its statements; what is left out is false, and `transaction` true. */
export interface StepOptions {
  readonly comment: string;
  readonly blocksWrites?: boolean;
  readonly reversible?: boolean;
  readonly transaction?: boolean;
  readonly contingencies?: readonly Contingency[];
  readonly converts?: readonly TableName[];
  readonly rows?: number | undefined;
}

/** @param part tells two steps of one table and action apart */
export function step(
  action: StepAction,
  table: TableName,
  statements: string[],
  described: StepOptions,
  part = '',
): TablesStep {
  const { comment, blocksWrites = false, reversible = false, transaction = true } = described;
  const { contingencies = [], converts = [], rows } = described;
  const name = showTable(table);
  return {
    id: [action, name, ...(part === '' ? [] : [part])].join(':'),
    table: name,
    action,
    sql: statements,
    comment,
    blocksWrites,
    reversible,
    transaction,
    ...(contingencies.length === 0 ? {} : { contingencies }),
    ...(converts.length === 0 ? {} : { converts: converts.map(showTable) }),
    ...(rows === undefined ? {} : { rows }),
  };
}

export function contingency(
  action: StepAction,
  table: TableName,
  statements: string[],
  comment: string,
): Contingency {
  const { id, sql: exactly } = step(action, table, statements, { comment });
  return { id, action, sql: exactly, comment };
}

/** `1 step`, `2 steps`. */
export function stepCount(steps: number): string {
  return `${String(steps)} ${steps === 1 ? 'step' : 'steps'}`;
}

/** A step that a run has done. */
export interface AppliedStep {
  readonly id: string;
  readonly seconds: number;
}

/** Steps that copy rows: their progress is worth showing, and FORCE is off while they run. */
export const COPIES: readonly StepAction[] = [
  'create-reference-table',
  'distribute',
  'undistribute',
  'alter-distribution',
  'distribute-schema',
  'undistribute-schema',
];
