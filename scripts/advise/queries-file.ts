import { readConfigFile, shownPath } from '../../config/file/files';
import type { WorkloadQuery } from '../../config/workload/workload-queries';
import { parseQueries } from '../../config/workload/workload-queries';

/** Reads the queries that people run, in the format of a workload's queries.sql. @throws ConfigError with every fault */
export function loadQueries(file: string): Promise<WorkloadQuery[]> {
  return parseQueries(readConfigFile(file), shownPath(file));
}
