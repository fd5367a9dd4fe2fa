import type { Case, DrawnTable } from './case';
import { featureOf } from './features';

/**
 * Cases with less in them, the boldest steps first. Pure.
 */
export function* smallerCases(drawn: Case): Generator<Case> {
  for (const { id } of [...drawn.tables].reverse()) {
    const rest = withoutTable(drawn, id);
    if (rest.tables.some(({ placement }) => placement !== 'local')) yield rest;
  }
  for (const table of drawn.tables) {
    if (table.uses.length > 1) {
      const half = Math.ceil(table.uses.length / 2);
      yield withTable(drawn, { ...table, uses: table.uses.slice(0, half) });
      yield withTable(drawn, { ...table, uses: table.uses.slice(half) });
    }
  }
  for (const table of drawn.tables) {
    for (const use of table.uses) {
      yield withTable(drawn, { ...table, uses: table.uses.filter((each) => each !== use) });
    }
  }
  for (const table of drawn.tables) yield* simplerTables(drawn, table);
  if (drawn.tenantType !== 'integer') yield { ...drawn, tenantType: 'integer' };
  if (drawn.online) yield { ...drawn, online: false };
}

function* simplerTables(drawn: Case, table: DrawnTable): Generator<Case> {
  const plain = { schema: 'public', name: `t${String(table.id)}` };
  if (table.table.name !== plain.name) yield withTable(drawn, { ...table, table: plain });
  if (table.key !== 'primary') yield withTable(drawn, { ...table, key: 'primary' });
  // Some features are of partitioned tables alone.
  const whole: DrawnTable = { ...table, partitions: 'none' };
  if (
    table.partitions !== 'none' &&
    whole.uses.every(({ feature }) => featureOf(feature).fits?.(whole) !== false)
  ) {
    yield withTable(drawn, whole);
  }
}

function withTable(drawn: Case, table: DrawnTable): Case {
  return { ...drawn, tables: drawn.tables.map((each) => (each.id === table.id ? table : each)) };
}

/** Without what involves it, either. */
function withoutTable(drawn: Case, id: number): Case {
  const tables = drawn.tables
    .filter((table) => table.id !== id)
    .map((table) => ({ ...table, uses: table.uses.filter(({ other }) => other !== id) }));
  return { ...drawn, tables };
}

/**
 * The smallest case found that still fails, by trying smaller ones.
 *
 * @param most cases to try
 */
export async function reduceCase(
  drawn: Case,
  stillFails: (smaller: Case) => Promise<boolean>,
  most: number,
): Promise<Case> {
  let smallest = drawn;
  let left = most;
  for (let found = true; found && left > 0;) {
    found = false;
    for (const smaller of smallerCases(smallest)) {
      if (left <= 0) break;
      left -= 1;
      if (!(await stillFails(smaller))) continue;
      smallest = smaller;
      found = true;
      break;
    }
  }
  return smallest;
}
