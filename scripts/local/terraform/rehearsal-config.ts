import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import type { CosmosEnvironment, EnvironmentSettings, Stage } from '../../../config/environment/environment';
import { loadEnvironments, parseCosmosEnvironment } from '../../../config/environment/environment';
import { configDirectory } from '../../../config/file/files';
import { ScaleoutError } from '../../lib/errors';
import type { AzureYear } from './azure-year';
import { clusterIdOf } from './hand-made';

/** Workers of a rehearsal: the smallest cluster that a single node is scaled out to. */
export const REHEARSED_WORKERS = 2;

/** A configuration directory for one environment that is rehearsed. */
export interface RehearsalConfig {
  /** What SCALEOUT_CONFIG_DIR names. */
  readonly directory: string;
  readonly settings: CosmosEnvironment;
  /** Removes the environment's file, for the one that is written from the cluster. */
  forget(): void;
  /** Changes the stage in the environment's file, and nothing else. */
  setStage(stage: Stage): void;
}

/**
 * Copies the environment that comes nearest to a workload into `directory`, changed where a rehearsal has to differ.
 *
 * @throws ScaleoutError where there is no environment to rehearse, ConfigError where the files are wrong
 */
export function writeRehearsalConfig(
  directory: string,
  { workload, azure, environment }: RehearsalConfigOptions,
): RehearsalConfig {
  const source = configDirectory(environment);
  const { name } = rehearsedEnvironment(loadEnvironments(source), workload);
  const leaf = path.join('environments', `${name}.yaml`);
  const file = path.join(directory, leaf);
  mkdirSync(path.dirname(file), { recursive: true });
  cpSync(path.join(source, 'workloads'), path.join(directory, 'workloads'), { recursive: true });
  const text = rehearsalText(readFileSync(path.join(source, leaf), 'utf8'), { workload, azure });
  writeFileSync(file, text);
  return {
    directory,
    settings: parseCosmosEnvironment(text, file),
    forget: () => rmSync(file),
    setStage: (stage) => {
      const document = parseDocument(readFileSync(file, 'utf8'));
      document.setIn(['cluster', 'stage'], stage);
      writeFileSync(file, document.toString());
    },
  };
}

export interface RehearsalConfigOptions {
  readonly workload: string;
  readonly azure: AzureYear;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The environment to rehearse: one of the workload that is not production, else any that is not. Pure.
 *
 * @throws ScaleoutError where every environment is production
 */
export function rehearsedEnvironment(
  environments: readonly EnvironmentSettings[],
  workload: string,
): EnvironmentSettings {
  const candidates = environments.filter(
    ({ production, service }) => !production && service === 'cosmosdb-postgresql',
  );
  const found = candidates.find((one) => one.workload === workload) ?? candidates[0];
  if (found !== undefined) return found;
  throw new ScaleoutError(
    'local.unsupported',
    'config/environments holds no environment with production: false, and a rehearsal takes its settings from one: add a file for dev',
  );
}

/**
 * An environment's file as it is rehearsed, on a single node: everything in it stays, but for the state, which is local,
 * and the origin: a cluster of its name is there, or is created empty. Pure.
 */
export function rehearsalText(
  text: string,
  { workload, azure }: { readonly workload: string; readonly azure: AzureYear },
): string {
  const document = parseDocument(text);
  document.setIn(['workload'], workload);
  document.setIn(['cluster', 'stage'], 'single-node');
  document.deleteIn(['cluster', 'origin']);
  document.deleteIn(['cluster', 'allowNew']);
  if (azure === '2025') {
    document.setIn(['cluster', 'allowNew'], 'the stand-in of this rehearsal takes new clusters');
  } else {
    const id = clusterIdOf(
      String(document.get('resourceGroup')),
      String(document.getIn(['cluster', 'name'])),
    );
    document.setIn(['cluster', 'origin'], document.createNode({ adopt: id }));
  }
  if (document.hasIn(['cluster', 'workers'])) {
    document.setIn(['cluster', 'workers', 'count'], REHEARSED_WORKERS);
  } else {
    document.setIn(
      ['cluster', 'workers'],
      document.createNode({ count: REHEARSED_WORKERS, vCores: 4, storageGiB: 512 }),
    );
  }
  document.set('state', document.createNode({ backend: 'local' }));
  return document.toString();
}
