import path from 'node:path';
import { z } from 'zod';
import { environmentRules } from './environment-rules';
import type { EnvironmentSettings } from './environment-schema';
import { environmentSchema } from './environment-schema';
import type { Fault } from './faults';
import { ConfigError } from './faults';
import { configDirectory, listConfigDirectory, readConfigFile, shownPath } from './files';
import { didYouMean, oneOf, show } from './wording';
import { workloadNames } from './workload-names';
import type { Located, Path } from './yaml';
import { locateYaml, rule } from './yaml';

export type { ClusterSettings, EnvironmentSettings, Stage } from './environment-schema';

/**
 * Parses one environment's file: strictly, every fault at once.
 *
 * @param file what messages call the file; its base name is the environment's name
 * @throws ConfigError
 */
export function parseEnvironment(text: string, file: string): EnvironmentSettings {
  return readEnvironment(text, file).value;
}

function readEnvironment(text: string, file: string): Located<EnvironmentSettings> {
  const nameRule = rule(z.object({ name: z.string() }), ({ name }, report) => {
    const expected = path.basename(file, '.yaml');
    if (name !== expected) {
      report(
        ['name'],
        `is ${show(name)} in a file for ${show(expected)}: write ${expected}, or rename the file`,
      );
    }
  });
  return locateYaml(text, file, environmentSchema, [...environmentRules, nameRule]);
}

/**
 * Reads every environment there is, sorted by name.
 *
 * @param directory the directory that holds `environments/` and `workloads/`
 * @throws ConfigError with every fault of every file, also where two environments would get into each other's way
 */
export function loadEnvironments(directory: string = configDirectory()): EnvironmentSettings[] {
  const home = path.join(directory, 'environments');
  const faults: Fault[] = [];
  const read: Located<EnvironmentSettings>[] = [];
  for (const leaf of listConfigDirectory(home)) {
    const file = path.join(home, leaf);
    if (leaf.endsWith('.yml')) {
      faults.push({ file: shownPath(file), path: '', problem: 'is not read: rename it to end in .yaml' });
    }
    if (!leaf.endsWith('.yaml')) continue;
    try {
      read.push(readEnvironment(readConfigFile(file), shownPath(file)));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
    }
  }
  if (read.length === 0 && faults.length === 0) {
    faults.push({
      file: shownPath(home),
      path: '',
      problem: 'holds no environment: write one, as in dev.yaml',
    });
  }
  faults.push(...workloadFaults(read, workloadNames(directory)), ...collisions(read));
  if (faults.length > 0) throw new ConfigError(faults);
  return read.map(({ value }) => value);
}

function workloadFaults(read: readonly Located<EnvironmentSettings>[], known: readonly string[]): Fault[] {
  return read
    .filter(({ value }) => !known.includes(value.workload))
    .map(({ value, fault }) =>
      fault(
        ['workload'],
        `is ${show(value.workload)}${didYouMean(value.workload, known)}: ${known.length === 0 ? 'there is no workload yet' : `choose ${oneOf(known)}`}`,
      ),
    );
}

/** What two environments must not share: the name of a cluster, a resource group, and above all a state. */
function collisions(read: readonly Located<EnvironmentSettings>[]): Fault[] {
  const shared: { at: Path; of: (settings: EnvironmentSettings) => string | undefined; why: string }[] = [
    {
      at: ['cluster', 'name'],
      of: ({ cluster }) => cluster.name,
      why: 'no two clusters on Azure have the same name',
    },
    {
      at: ['resourceGroup'],
      of: ({ resourceGroup: group }) => group.toLowerCase(),
      why: 'each environment creates its own',
    },
    {
      at: ['state', 'key'],
      of: ({ state: kept }) =>
        kept.backend === 'azurerm' ? [kept.storageAccount, kept.container, kept.key].join('/') : undefined,
      why: 'a shared state makes one environment destroy the other',
    },
  ];
  return shared.flatMap(({ at, of, why }) => {
    const first = new Map<string, string>();
    return read.flatMap(({ value, fault }) => {
      const taken = of(value);
      if (taken === undefined) return [];
      const other = first.get(taken);
      first.set(taken, other ?? value.name);
      return other === undefined
        ? []
        : [
            fault(
              at,
              `is ${show(taken)}, as in environment ${show(other)}: ${why}, so change one of the two`,
            ),
          ];
    });
  });
}
