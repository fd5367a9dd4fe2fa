import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import type { EnvironmentSettings, Stage } from '../../../config/environment/environment';
import { loadEnvironments } from '../../../config/environment/environment';
import { configDirectory } from '../../../config/file/files';
import { ScaleoutError } from '../../lib/errors';

/** Workers of a rehearsal: the smallest cluster that a single node is scaled out to. */
export const REHEARSED_WORKERS = 2;

/** A configuration directory for one environment that is rehearsed. */
export interface RehearsalConfig {
  /** What SCALEOUT_CONFIG_DIR names. */
  readonly directory: string;
  readonly environment: string;
  setStage(stage: Stage): void;
}

/**
 * Copies the environment that comes nearest to a workload into `directory`, changed where a rehearsal has to differ.
 *
 * @throws ScaleoutError where there is no environment to rehearse, ConfigError where the files are wrong
 */
export function writeRehearsalConfig(
  directory: string,
  workload: string,
  environment: Readonly<Record<string, string | undefined>>,
): RehearsalConfig {
  const source = configDirectory(environment);
  const { name } = rehearsedEnvironment(loadEnvironments(source), workload);
  const text = readFileSync(path.join(source, 'environments', `${name}.yaml`), 'utf8');
  const file = path.join(directory, 'environments', `${name}.yaml`);
  const setStage = (stage: Stage): void => {
    writeFileSync(file, rehearsalText(text, { workload, stage }));
  };
  mkdirSync(path.dirname(file), { recursive: true });
  cpSync(path.join(source, 'workloads'), path.join(directory, 'workloads'), { recursive: true });
  setStage('single-node');
  return { directory, environment: name, setStage };
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
  const candidates = environments.filter(({ production }) => !production);
  const found = candidates.find((one) => one.workload === workload) ?? candidates[0];
  if (found !== undefined) return found;
  throw new ScaleoutError(
    'local.unsupported',
    'config/environments holds no environment with production: false, and a rehearsal takes its settings from one: add a file for dev',
  );
}

/**
 * An environment's file as it is rehearsed: everything in it stays, but for the stage, the state, which is local, and
 * the origin, as there is nothing to copy from here. Pure.
 */
export function rehearsalText(
  text: string,
  options: { readonly workload: string; readonly stage: Stage },
): string {
  const document = parseDocument(text);
  document.setIn(['workload'], options.workload);
  document.setIn(['cluster', 'stage'], options.stage);
  document.deleteIn(['cluster', 'origin']);
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
