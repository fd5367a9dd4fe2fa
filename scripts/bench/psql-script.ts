import type { TablesStep } from '../database/model/step';

/**
 * The statements of a plan as somebody would type them into psql: in the plan's order, a transaction around the steps
 * that are one. Pure.
 */
export function psqlScript(steps: readonly Pick<TablesStep, 'sql' | 'transaction'>[]): string {
  return steps
    .flatMap(({ sql, transaction }) => (transaction ? ['BEGIN', ...sql, 'COMMIT'] : sql))
    .map((statement) => `${statement};\n`)
    .join('');
}
