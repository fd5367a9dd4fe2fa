import type { ExpectedFact, GeneratedData } from './generate';
import { FIRST_PAYMENT_MS, MS_BETWEEN_PAYMENTS, paymentsData } from './payments';
import type { TimePartition } from './time-partitions';
import { timePartitions } from './time-partitions';

const PAYMENTS = 'payment_events';

/**
 * The very rows of {@link paymentsData}, with payments partitioned by when they were made: by day where they are of
 * three days and more, by shorter times where they are fewer.
 */
export function partitionedPaymentsData(rows: number, seed?: number): GeneratedData {
  const data = paymentsData(rows, seed);
  const lastPayment = FIRST_PAYMENT_MS + (rows - 1) * MS_BETWEEN_PAYMENTS;
  const partitions = timePartitions(PAYMENTS, FIRST_PAYMENT_MS, lastPayment + 1);
  return {
    ...data,
    tables: data.tables.map((table) => (table.table === PAYMENTS ? { ...table, partitions } : table)),
    facts: [...data.facts, ...newest(partitions, rows)],
  };
}

/** What the last partition holds, asked for by its own name: rows that are where their time says they are. */
function newest(partitions: readonly TimePartition[], rows: number): ExpectedFact[] {
  const last = partitions.at(-1);
  if (last === undefined) return [];
  const earlier = Math.ceil((Date.parse(`${last.from}Z`) - FIRST_PAYMENT_MS) / MS_BETWEEN_PAYMENTS);
  return [
    {
      name: 'payments-of-the-newest-partition',
      sql: `SELECT count(*) FROM ${last.name}`,
      value: rows - earlier,
    },
  ];
}
