import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { acrossEnvironments } from './across-environments';
import type { BootstrapSettings } from './bootstrap';
import { BOOTSTRAP, loadBootstrap } from './bootstrap';
import { environmentRules } from './environment-rules';
import type { CosmosEnvironment, EnvironmentSettings } from './environment-schema';
import { environmentSchema } from './environment-schema';
import { misplacedKeyProblem } from './misplaced-keys';
import type { ConfigIssue } from '../file/config-error';
import { ConfigError } from '../file/config-error';
import { configDirectory, listConfigDirectory, readConfigFile, shownPath } from '../file/files';
import { show } from '../text/text';
import { workloadNames } from '../workload/workload-names';
import type { Rule } from '../file/yaml';
import { parseYaml, rule } from '../file/yaml';

export type { CosmosEnvironment, ElasticEnvironment, EnvironmentSettings, Stage } from './environment-schema';

/**
 * Parses one environment's file: strictly, every issue at once.
 *
 * @param file what messages call the file; its base name is the environment's name
 * @throws ConfigError
 */
export function parseEnvironment(text: string, file: string): EnvironmentSettings {
  return readEnvironment(text, file, []);
}

/**
 * The same for a file that is about a cluster of Azure Cosmos DB for PostgreSQL.
 *
 * @throws ConfigError also where it is about another one
 */
export function parseCosmosEnvironment(text: string, file: string): CosmosEnvironment {
  const settings = parseEnvironment(text, file);
  if (settings.service === 'cosmosdb-postgresql') return settings;
  throw new ConfigError([
    {
      code: 'config.wrong-value',
      file,
      path: 'service',
      problem: `is ${show(settings.service)}, and this is for cosmosdb-postgresql: choose another environment`,
    },
  ]);
}

function readEnvironment(text: string, file: string, rulesBetween: readonly Rule[]): EnvironmentSettings {
  const nameRule = rule(z.object({ name: z.string() }), ({ name }, report) => {
    const expected = path.basename(file, '.yaml');
    if (name !== expected) {
      report(
        ['name'],
        `is ${show(name)} in a file for ${show(expected)}: write ${expected}, or rename the file`,
      );
    }
    if (name === BOOTSTRAP) {
      report(['name'], `is ${show(name)}, the stack of bootstrap.yaml: choose another name`);
    }
  });
  const rules = [...environmentRules, nameRule, ...rulesBetween];
  return parseYaml(text, file, environmentSchema, rules, misplacedKeyProblem);
}

/** Everything that is deployed, as the files say it. */
export interface Config {
  /** Where the remote state lives; absent where somebody else looks after it. */
  readonly bootstrap?: BootstrapSettings;
  /** Sorted by name. */
  readonly environments: readonly EnvironmentSettings[];
}

/**
 * Reads every environment there is, sorted by name.
 *
 * @param directory the directory that holds `environments/` and `workloads/`
 * @throws ConfigError as {@link loadConfig} does
 */
export function loadEnvironments(directory: string = configDirectory()): EnvironmentSettings[] {
  return [...loadConfig(directory).environments];
}

/** The file of an environment that is about to be written. */
export interface PendingEnvironment {
  readonly name: string;
  readonly text: string;
}

/** What the files say, as far as they are finished. */
export interface ConfigDraft extends Config {
  /** What is wrong in the files that are left out, and between files. */
  readonly issues: readonly ConfigIssue[];
}

/**
 * Reads every environment there is, and `bootstrap.yaml`.
 *
 * @param directory the directory that holds `environments/` and `workloads/`
 * @param pending takes the place of that environment's file, or is read beside the others
 * @throws ConfigError with every issue of every file, also where two files would get into each other's way
 */
export function loadConfig(directory: string = configDirectory(), pending?: PendingEnvironment): Config {
  const { issues, ...config } = draftConfig(directory, pending);
  if (issues.length > 0) throw new ConfigError(issues);
  return config;
}

/**
 * The same, without the files that have issues: one that nobody has finished keeps nobody from judging the others.
 *
 * @throws ConfigError where the directory of the environments cannot be read
 */
export function draftConfig(
  directory: string = configDirectory(),
  pending?: PendingEnvironment,
): ConfigDraft {
  const home = path.join(directory, 'environments');
  const issues: ConfigIssue[] = [];
  const environments: EnvironmentSettings[] = [];
  const bootstrap = collecting(issues, () => loadBootstrap(directory));
  const rulesFor = acrossEnvironments(workloadNames(directory), bootstrap);
  const written = pending === undefined ? [] : [`${pending.name}.yaml`];
  // The first environment makes the folder.
  const there = pending !== undefined && !existsSync(home) ? [] : listConfigDirectory(home);
  for (const leaf of [...new Set([...there, ...written])].sort()) {
    const file = path.join(home, leaf);
    if (leaf.endsWith('.yml')) {
      issues.push({
        code: 'config.unreadable',
        file: shownPath(file),
        path: '',
        problem: 'is not read: rename it to end in .yaml',
      });
    }
    if (!leaf.endsWith('.yaml')) continue;
    const text = (): string =>
      pending !== undefined && written.includes(leaf) ? pending.text : readConfigFile(file);
    const read = collecting(issues, () =>
      readEnvironment(text(), shownPath(file), rulesFor(path.basename(leaf, '.yaml'))),
    );
    if (read !== undefined) environments.push(read);
  }
  if (environments.length === 0 && issues.length === 0) {
    issues.push({
      code: 'config.missing-key',
      file: shownPath(home),
      path: '',
      problem: 'holds no environment: write one, as in dev.yaml',
    });
  }
  return { ...(bootstrap === undefined ? {} : { bootstrap }), environments, issues };
}

/** What `read` answers; undefined, and its issues collected, where it finds some. */
function collecting<T>(issues: ConfigIssue[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    issues.push(...error.issues);
    return undefined;
  }
}
