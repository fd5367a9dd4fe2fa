import path from 'node:path';
import { loadDistribution } from './distribution';
import type { Distribution } from './distribution-types';
import { ConfigError } from './faults';
import { configDirectory, readConfigFile, shownPath } from './files';
import { workloadNames } from './workload-names';
import { parseQueries } from './workload-queries';
import type { WorkloadQuery } from './workload-queries';
import { didYouMean, oneOf, show } from './wording';

export type { WorkloadQuery } from './workload-queries';
export { workloadNames } from './workload-names';

/** A database that people run: its tables, how they are distributed, and the queries that matter. */
export interface Workload {
  readonly name: string;
  /** Where its files are. */
  readonly directory: string;
  /** Creates the tables in an empty database, as they are before anything is distributed. */
  readonly schemaSql: string;
  readonly distribution: Distribution;
  readonly queries: readonly WorkloadQuery[];
}

/**
 * Reads `workloads/<name>/`: schema.sql, distribution.yaml and queries.sql.
 *
 * @param directory the directory that holds `workloads/`
 * @throws ConfigError with every fault of the files, or when there is no such workload
 */
export function loadWorkload(name: string, directory: string = configDirectory()): Workload {
  const names = workloadNames(directory);
  if (!names.includes(name)) {
    const choice = names.length === 0 ? 'there is none' : `choose ${oneOf(names)}`;
    throw new ConfigError([
      {
        file: shownPath(path.join(directory, 'workloads')),
        path: '',
        problem: `there is no workload ${show(name)}${didYouMean(name, names)}: ${choice}`,
      },
    ]);
  }
  const home = path.join(directory, 'workloads', name);
  const file = (leaf: string): string => path.join(home, leaf);
  const [schemaSql, distribution, queries] = allFaults([
    () => readConfigFile(file('schema.sql')),
    () => loadDistribution(file('distribution.yaml')),
    () => parseQueries(readConfigFile(file('queries.sql')), shownPath(file('queries.sql'))),
  ]);
  return { name, directory: home, schemaSql, distribution, queries };
}

/** Runs every reader and throws one ConfigError with the faults of all of them. */
export function allFaults<T extends readonly unknown[]>(readers: { [K in keyof T]: () => T[K] }): T {
  const faults: ConfigError[] = [];
  const values = readers.map((read) => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(error);
      return undefined;
    }
  });
  if (faults.length > 0) throw new ConfigError(faults.flatMap((error) => error.faults));
  return values as unknown as T;
}
