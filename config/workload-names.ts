import { existsSync } from 'node:fs';
import path from 'node:path';
import { configDirectory, listConfigDirectory } from './files';

/** Names of the workloads there are, sorted. */
export function workloadNames(directory: string = configDirectory()): string[] {
  return listConfigDirectory(path.join(directory, 'workloads')).filter((name) =>
    existsSync(path.join(directory, 'workloads', name, 'distribution.yaml')),
  );
}
