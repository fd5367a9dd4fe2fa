import type { LiveDatabase } from '../../database/model/live';
import { showTable } from '../../database/model/names';
import type { TablesStep } from '../../database/model/step';
import { isOnlineCopy } from '../../database/model/step';
import type { StepAction } from '../../database/model/step-kinds';

/** How large the table of a step is. */
export interface StepSize {
  /** Null where nobody counted. */
  readonly rows: number | null;
  readonly bytes: number;
}

/** Seconds of a step, as measured on a small cluster: what it takes however few the rows are, and for each million of them. */
interface Rate {
  readonly fixed: number;
  readonly aMillionRows: number;
}

/** Bytes that stand for a row where nobody counted. */
const ROW_BYTES = 100;

const COPIED_ONLINE: Rate = { fixed: 7, aMillionRows: 15 };
const OTHERS: Rate = { fixed: 0.05, aMillionRows: 0 };
const RATES: Partial<Readonly<Record<StepAction, Rate>>> = {
  distribute: { fixed: 0.1, aMillionRows: 6 },
  'distribute-schema': { fixed: 0.3, aMillionRows: 6 },
  'create-reference-table': { fixed: 0.2, aMillionRows: 8 },
  'alter-distribution': { fixed: 0.5, aMillionRows: 6 },
  undistribute: { fixed: 0.5, aMillionRows: 6 },
  'undistribute-schema': { fixed: 0.5, aMillionRows: 6 },
  'convert-to-citus-local': { fixed: 0.1, aMillionRows: 0 },
  'build-key-index': { fixed: 0.1, aMillionRows: 1.5 },
  'validate-not-null-check': { fixed: 0.05, aMillionRows: 0.2 },
  'drop-foreign-key': { fixed: 0.015, aMillionRows: 0 },
  'restore-foreign-key': { fixed: 0.07, aMillionRows: 0 },
  'validate-foreign-key': { fixed: 0.06, aMillionRows: 1 },
};

/**
 * How long a step takes by the rows of its table, as measured on a small cluster: another one is faster or slower by a factor that a run
 * finds out. Pure.
 *
 * @returns seconds
 */
export function stepSeconds(
  step: Pick<TablesStep, 'action' | 'transaction' | 'rows'>,
  size: StepSize | undefined,
): number {
  const rows = step.rows ?? size?.rows ?? (size === undefined ? 0 : size.bytes / ROW_BYTES);
  const { fixed, aMillionRows } = isOnlineCopy(step) ? COPIED_ONLINE : (RATES[step.action] ?? OTHERS);
  return fixed + (rows / 1e6) * aMillionRows;
}

/** How large the tables of a database were when it was looked at, by their names as messages show them. Pure. */
export function liveSizes({ tables }: Pick<LiveDatabase, 'tables'>): Record<string, StepSize> {
  return Object.fromEntries(
    tables.map(({ table, rowEstimate, bytes }) => [showTable(table), { rows: rowEstimate ?? null, bytes }]),
  );
}

/** The size of a step's table, or of all tables of its schema; undefined where no size is known. Pure. */
export function sizeOfStep(
  { target, table }: Pick<TablesStep, 'target' | 'table'>,
  sizes: Readonly<Record<string, StepSize>>,
): StepSize | undefined {
  if (target.kind === 'table') return sizes[table];
  const within = Object.entries(sizes).flatMap(([name, size]) =>
    name.startsWith(`${target.schema}.`) ? [size] : [],
  );
  if (within.length === 0) return undefined;
  const rows = within.map((size) => size.rows);
  return {
    rows: rows.includes(null) ? null : rows.reduce<number>((all, each) => all + (each ?? 0), 0),
    bytes: within.reduce((all, size) => all + size.bytes, 0),
  };
}
