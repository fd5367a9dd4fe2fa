import { existsSync } from 'node:fs';
import path from 'node:path';
import { loadDistribution } from './distribution';
import type { Distribution } from './distribution-types';
import { ConfigError } from '../file/config-error';
import { configDirectory, readConfigFile, shownPath } from '../file/files';
import type { WorkloadHome } from './workload-names';
import { workloadHomes, workloadNames } from './workload-names';
import { parseQueries } from './workload-queries';
import type { WorkloadQuery } from './workload-queries';
import { didYouMean, oneOf, show } from '../text/text';

export type { WorkloadQuery } from './workload-queries';
export { workloadNames } from './workload-names';

/** A database that people run: its tables, how they are distributed, and the queries that matter. */
export interface Workload {
  readonly name: string;
  /** Where its files are. */
  readonly directory: string;
  /** The name of the file in it that has {@link schemaSql}. */
  readonly schemaFile: string;
  /** Creates the tables in an empty database, as they are before anything is distributed. */
  readonly schemaSql: string;
  readonly distribution: Distribution;
  readonly queries: readonly WorkloadQuery[];
}

/**
 * Reads `workloads/<name>/`: schema.sql, distribution.yaml and queries.sql. A variant, as in `payments-partitioned`,
 * has its own `distribution.partitioned.yaml` there, the like of any other file that differs, and shares the rest.
 *
 * @param directory the directory that holds `workloads/`
 * @throws ConfigError with every issue of the files, or when there is no such workload
 */
export async function loadWorkload(name: string, directory: string = configDirectory()): Promise<Workload> {
  const [home, ...others] = workloadHomes(directory).filter((each) => each.name === name);
  if (home === undefined) {
    const names = workloadNames(directory);
    const choice = names.length === 0 ? 'there is none' : `choose ${oneOf(names)}`;
    throw issue(directory, `there is no workload ${show(name)}${didYouMean(name, names)}: ${choice}`);
  }
  if (others.length > 0) {
    const both = [home, ...others].map((each) => shownPath(declarationOf(each))).join(' and ');
    throw issue(directory, `the name ${show(name)} stands for ${both}: rename one of them`);
  }
  const file = (stem: string, ending: string): string => {
    const shared = path.join(home.directory, `${stem}.${ending}`);
    if (home.variant === undefined) return shared;
    const own = path.join(home.directory, `${stem}.${home.variant}.${ending}`);
    return existsSync(own) ? own : shared;
  };
  const queriesFile = file('queries', 'sql');
  const [schemaSql, distribution, queries] = await allFaults([
    () => readConfigFile(file('schema', 'sql')),
    () => loadDistribution(declarationOf(home)),
    () => parseQueries(readConfigFile(queriesFile), shownPath(queriesFile)),
  ]);
  const schemaFile = path.basename(file('schema', 'sql'));
  return { name, directory: home.directory, schemaFile, schemaSql, distribution, queries };
}

function declarationOf({ directory, variant }: WorkloadHome): string {
  return path.join(directory, variant === undefined ? 'distribution.yaml' : `distribution.${variant}.yaml`);
}

function issue(directory: string, problem: string): ConfigError {
  return new ConfigError([
    { code: 'config.unreadable', file: shownPath(path.join(directory, 'workloads')), path: '', problem },
  ]);
}

/** Runs every reader and throws one ConfigError with the issues of all of them. */
async function allFaults<T extends readonly unknown[]>(readers: {
  [K in keyof T]: () => T[K] | Promise<T[K]>;
}): Promise<T> {
  const issues: ConfigError[] = [];
  const read = async (reader: () => unknown): Promise<unknown> => {
    try {
      return await reader();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      issues.push(error);
      return undefined;
    }
  };
  const values = await Promise.all(readers.map(read));
  if (issues.length > 0) throw new ConfigError(issues.flatMap((error) => error.issues));
  return values as unknown as T;
}
