import { statSync } from 'node:fs';
import path from 'node:path';
import { configDirectory, listConfigDirectory } from '../file/files';

/** Where a workload's files are: in a directory of its own, or as a variant beside those of another. */
export interface WorkloadHome {
  readonly name: string;
  readonly directory: string;
  /** `partitioned` for what `distribution.partitioned.yaml` declares. */
  readonly variant?: string;
}

const DECLARATION = /^distribution(?:\.([a-z][a-z0-9-]*))?\.yaml$/;

/**
 * Every workload there is, by name: `payments` for `payments/distribution.yaml`, and `payments-partitioned` for
 * `payments/distribution.partitioned.yaml`.
 */
export function workloadHomes(directory: string = configDirectory()): WorkloadHome[] {
  const workloads = path.join(directory, 'workloads');
  return listConfigDirectory(workloads)
    .map((entry) => ({ entry, home: path.join(workloads, entry) }))
    .filter(({ home }) => statSync(home, { throwIfNoEntry: false })?.isDirectory() === true)
    .flatMap(({ entry, home }) =>
      listConfigDirectory(home).flatMap((file): WorkloadHome[] => {
        const declaration = DECLARATION.exec(file);
        if (declaration === null) return [];
        const [, variant] = declaration;
        return [
          variant === undefined
            ? { name: entry, directory: home }
            : { name: `${entry}-${variant}`, directory: home, variant },
        ];
      }),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names of the workloads there are, sorted. */
export function workloadNames(directory: string = configDirectory()): string[] {
  return [...new Set(workloadHomes(directory).map(({ name }) => name))];
}
