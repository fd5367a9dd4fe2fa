import type { TableName } from '../../../config/workload/distribution-types';
import { showTable } from './names';
import type { StepAction } from './step-kinds';

/** What a step acts on, for programs. */
export type StepTarget = TableTarget | { readonly kind: 'schema'; readonly schema: string };

export interface TableTarget extends TableName {
  readonly kind: 'table';
  /** The column or the foreign key of it that the step is about. */
  readonly column?: string;
  readonly foreignKey?: string;
  /** Other tables that Citus converts to Citus local tables in the step. */
  readonly converts?: readonly TableName[];
}

export interface TablesStep {
  /** The same step has the same id in every plan. */
  readonly id: string;
  /** The target as messages name it: the table, or the schema where the step converts one as a whole. */
  readonly table: string;
  readonly target: StepTarget;
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
  /** The other tables that the step converts, as messages name them; absent where there are none. */
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

/** A table, with the column or foreign key of it that a step is about, or a schema as a whole. */
export type StepSubject = Omit<TableTarget, 'kind' | 'converts'> | { readonly schema: string };

/** The id tells a step from all others of a plan, by its action and all that `subject` names. */
export function step(
  action: StepAction,
  subject: StepSubject,
  statements: readonly string[],
  options: StepOptions,
): TablesStep {
  const { comment, blocksWrites = false, reversible = false, transaction = true } = options;
  const { contingencies = [], converts = [], rows } = options;
  return {
    ...identityOf(action, subject),
    target: targetOf(subject, converts),
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

function identityOf(action: StepAction, subject: StepSubject): Pick<TablesStep, 'id' | 'table' | 'action'> {
  if (!('name' in subject)) return { id: `${action}:${subject.schema}`, table: subject.schema, action };
  const table = showTable(subject);
  const part = subject.column ?? subject.foreignKey;
  return { id: [action, table, ...(part === undefined ? [] : [part])].join(':'), table, action };
}

function targetOf(subject: StepSubject, converts: readonly TableName[]): StepTarget {
  if (!('name' in subject)) return { kind: 'schema', schema: subject.schema };
  const { schema, name, column, foreignKey } = subject;
  return {
    kind: 'table',
    schema,
    name,
    ...(column === undefined ? {} : { column }),
    ...(foreignKey === undefined ? {} : { foreignKey }),
    ...(converts.length === 0 ? {} : { converts }),
  };
}

export function contingency(
  action: StepAction,
  table: TableName,
  statements: readonly string[],
  comment: string,
): Contingency {
  const { id } = identityOf(action, table);
  return { id, action, sql: statements, comment };
}

/** Whether the step acts on the table itself, alone or with all of its schema. */
export function actsOn({ target }: Pick<TablesStep, 'target'>, table: TableName): boolean {
  return target.schema === table.schema && (target.kind === 'schema' || target.name === table.name);
}

/** Whether the step copies a table while writes to it continue. */
export function isOnlineCopy({ action, transaction }: Pick<TablesStep, 'action' | 'transaction'>): boolean {
  return action === 'distribute' && !transaction;
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
