import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import type { Service } from '../../../config/azure/service-names';
import { DEFAULT_SERVICE } from '../../../config/azure/service-names';
import type { EnvironmentSettings, Stage } from '../../../config/environment/environment';
import { loadEnvironments, parseEnvironment } from '../../../config/environment/environment';
import { configDirectory, shownConfigPath } from '../../../config/file/files';
import { ScaleoutError } from '../../lib/errors';
import type { AzureYear } from './azure-year';
import { clusterIdOf } from './hand-made';

/** Workers of a rehearsal: the smallest cluster that a single node is scaled out to. */
export const REHEARSED_WORKERS = 2;

/** A configuration directory for one environment that is rehearsed. */
export interface RehearsalConfig {
  /** What SCALEOUT_CONFIG_DIR names. */
  readonly directory: string;
  readonly settings: EnvironmentSettings;
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
  { workload, service, azure, environment }: RehearsalConfigOptions,
): RehearsalConfig {
  const source = configDirectory(environment);
  const { name } = rehearsedEnvironment(loadEnvironments(source), workload, service);
  const leaf = path.join('environments', `${name}.yaml`);
  const file = path.join(directory, leaf);
  mkdirSync(path.dirname(file), { recursive: true });
  cpSync(path.join(source, 'workloads'), path.join(directory, 'workloads'), { recursive: true });
  const written = readFileSync(path.join(source, leaf), 'utf8');
  const text =
    service === 'elastic-cluster'
      ? elasticRehearsalText(written, workload)
      : rehearsalText(written, { workload, azure });
  writeFileSync(file, text);
  return {
    directory,
    settings: parseEnvironment(text, file),
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
  readonly service: Service;
  readonly azure: AzureYear;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The environment to rehearse, of those that are not production: one of the workload and the service, else of the
 * service, else, for an elastic cluster, one that a file for it can be made of. Pure.
 *
 * @throws ScaleoutError where there is none
 */
export function rehearsedEnvironment(
  environments: readonly EnvironmentSettings[],
  workload: string,
  service: Service = DEFAULT_SERVICE,
): EnvironmentSettings {
  const candidates = environments.filter(({ production }) => !production);
  const ofService = candidates.filter((one) => one.service === service);
  const usable = service === 'elastic-cluster' && ofService.length === 0 ? candidates : ofService;
  const found = usable.find((one) => one.workload === workload) ?? usable[0];
  if (found !== undefined) return found;
  throw new ScaleoutError(
    'local.unsupported',
    `${shownConfigPath('environments')} holds no environment with production: false${candidates.length > 0 ? ` and service: ${service}` : ''}, and a rehearsal takes its settings from one: add a file for dev`,
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

/** Of the cluster of another service: what an elastic cluster has as well. */
const SHARED_BY_CLUSTERS = [
  'name',
  'maintenanceWindow',
  'preferredPrimaryZone',
  'protectFromDestroy',
  'lockAgainstDeletion',
];

/** An elastic cluster as small as it is rehearsed. Its login and its database have names of their own. */
const REHEARSED_ELASTIC_CLUSTER = {
  postgresVersion: 17,
  nodes: { sku: 'GP_Standard_D4ds_v5', storageGiB: 128 },
  database: 'rehearsal',
  login: 'cluster_admin',
  highAvailability: false,
};

/**
 * An environment's file as it is rehearsed with an elastic cluster of one node. Of an environment of another service
 * stays what both have: the place, the network, who watches and what it costs. Pure.
 */
export function elasticRehearsalText(text: string, workload: string): string {
  const document = parseDocument(text);
  if (document.get('service') !== 'elastic-cluster') {
    const cluster =
      (document.toJS() as { readonly cluster?: Readonly<Record<string, unknown>> }).cluster ?? {};
    const kept = Object.entries(cluster).filter(([name]) => SHARED_BY_CLUSTERS.includes(name));
    document.set('service', 'elastic-cluster');
    document.set(
      'cluster',
      document.createNode({ ...Object.fromEntries(kept), ...REHEARSED_ELASTIC_CLUSTER }),
    );
    for (const path of [
      ['network', 'workerPublicAccess'],
      ['keyVault', 'passwordVersion'],
    ]) {
      if (document.hasIn(path)) document.deleteIn(path);
    }
    // Two lists there, one here, and each service has parameters of its own.
    document.delete('parameters');
  }
  document.set('workload', workload);
  document.setIn(['cluster', 'stage'], 'single-node');
  document.setIn(['cluster', 'nodes', 'count'], REHEARSED_WORKERS + 1);
  document.set('state', document.createNode({ backend: 'local' }));
  return document.toString();
}
