import { ScaleoutError } from '../../lib/errors';
import type { GeneratedData } from './generate';
import { paymentsData } from './payments';
import { partitionedPaymentsData } from './payments-partitioned';
import { sensorsData } from './sensors';

export type { ExpectedFact, GeneratedData, GeneratedTable } from './generate';

/** Who makes the data of a workload in config/workloads. */
const GENERATORS: Readonly<Record<string, (rows: number) => GeneratedData>> = {
  sensors: sensorsData,
  payments: (rows) => paymentsData(rows),
  'payments-partitioned': (rows) => partitionedPaymentsData(rows),
};

/** @throws ScaleoutError for a workload nobody generates data for */
export function generateData(workload: string, rows: number): GeneratedData {
  const generator = GENERATORS[workload];
  if (generator === undefined) {
    throw new ScaleoutError(
      'local.unsupported',
      `nobody generates data for the workload "${workload}": there is data for ${Object.keys(GENERATORS).join(', ')} (scripts/local/workloads). \`local up --empty --workload ${workload}\` makes its tables, \`local up --sql FILE\` loads a dump of yours; nothing was started`,
    );
  }
  return generator(rows);
}
