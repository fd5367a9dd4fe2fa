import { generateData } from '../../../scripts/local/workloads';
import type { GeneratedTable } from '../../../scripts/local/workloads';
import { paymentsData } from '../../../scripts/local/workloads/payments';
import { partitionedPaymentsData } from '../../../scripts/local/workloads/payments-partitioned';

function events(rows: number): GeneratedTable {
  const table = generateData('payments-partitioned', rows).tables.find(
    (each) => each.partitions !== undefined,
  );
  if (table === undefined) throw new Error('no table is partitioned');
  return table;
}

describe('the data of the partitioned payments', () => {
  test('are the payments, and payment_events alone is partitioned', () => {
    const [plain, partitioned] = [paymentsData(3000, 5), partitionedPaymentsData(3000, 5)];
    expect(partitioned.tables.map(({ table, partitions }) => [table, partitions?.length])).toEqual([
      ['event_types', undefined],
      ['payment_merchants', undefined],
      ['payment_users', undefined],
      ['payment_events', 4],
    ]);
    expect(partitioned.tables.map((table) => [...table.lines()])).toEqual(
      plain.tables.map((table) => [...table.lines()]),
    );
    expect(partitioned.facts).toEqual(expect.arrayContaining([...plain.facts]));
    expect(partitioned.sequences).toEqual(plain.sequences);
  });

  test.each([
    [1, 1],
    [833, 1],
    [834, 1],
    [835, 2],
    [2000, 3],
    [200_000, 4],
    [500_000, 3],
  ])('of %d payments have one of %d partitions for each, and none is empty', (rows, expected) => {
    const table = events(rows);
    const partitions = table.partitions ?? [];
    const held = partitions.map(() => 0);
    for (const line of table.lines()) {
      const at = line.slice(line.lastIndexOf('\t') + 1, -1);
      let into = 0;
      for (const [index, { from, to }] of partitions.entries()) {
        if (at < from || at >= to) continue;
        into += 1;
        held[index]! += 1;
      }
      if (into !== 1) throw new Error(`${at} is in ${String(into)} partitions`);
    }
    expect(partitions).toHaveLength(expected);
    expect(held.filter((count) => count === 0)).toEqual([]);
    const fact = generateData('payments-partitioned', rows).facts.at(-1);
    expect(fact).toEqual({
      name: 'payments-of-the-newest-partition',
      sql: `SELECT count(*) FROM ${partitions.at(-1)?.name ?? ''}`,
      value: held.at(-1),
    });
  });
});
