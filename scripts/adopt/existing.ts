import { z } from 'zod';
import type { EnvironmentSettings } from '../../config/environment/environment';
import { state as stateType } from '../../config/environment/state-schema';
import { parseYaml } from '../../config/file/yaml';
import { refused } from '../lib/errors';
import type { ClusterId } from './cluster-id';
import { isPlaceholder, isSameCluster, parseClusterId } from './cluster-id';
import { orUndefined } from '../lib/or-undefined';

/** The file of an environment, as far as adopting looks at it: it may break rules. */
export interface ExistingFile {
  /** As a person would type it. */
  readonly file: string;
  /** Its base name. */
  readonly environment: string;
  readonly cluster?: string;
  readonly adopts?: ClusterId;
  readonly imported: boolean;
  readonly workload?: string;
  readonly production?: boolean;
  readonly state?: EnvironmentSettings['state'];
}

const existingSchema = z.object({
  workload: z.string().optional().catch(undefined),
  production: z.boolean().optional().catch(undefined),
  state: stateType.optional().catch(undefined),
  cluster: z
    .object({
      name: z.string().optional().catch(undefined),
      origin: z
        .object({ adopt: z.string().optional(), imported: z.boolean().optional() })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** Reads a file, whatever else may be wrong with it. @throws ConfigError where it is no YAML */
export function readExisting(text: string, file: string, environment: string): ExistingFile {
  const { workload, production, state, cluster } = parseYaml(text, file, existingSchema);
  const adopt = cluster?.origin?.adopt;
  const adopts = adopt === undefined ? undefined : orUndefined(() => parseClusterId(adopt));
  return {
    file,
    environment,
    imported: cluster?.origin?.imported === true,
    ...(cluster?.name === undefined ? {} : { cluster: cluster.name }),
    ...(adopts === undefined ? {} : { adopts }),
    ...(workload === undefined ? {} : { workload }),
    ...(production === undefined ? {} : { production }),
    ...(state === undefined ? {} : { state }),
  };
}

/**
 * What is to become of the file of an environment: `write` where there is none, or that of a shipped sample, and `compare`
 * where it adopts this very cluster, imported or not.
 *
 * @throws ScaleoutError (refused) for a file that describes something else
 */
export function fateOf(existing: ExistingFile | undefined, id: ClusterId): 'write' | 'compare' {
  if (existing === undefined) return 'write';
  const { file, adopts, cluster } = existing;
  if (adopts !== undefined && isSameCluster(adopts, id)) return 'compare';
  if (adopts !== undefined && isPlaceholder(adopts)) return 'write';
  const about =
    adopts !== undefined
      ? `adopts ${adopts.id}`
      : cluster !== undefined
        ? `describes the cluster ${cluster}`
        : 'names no cluster that it adopts';
  throw refused(
    'adopt.other-cluster',
    `${file} is there and ${about}, not ${id.id}. It is not replaced: choose another name with --env, or, if nobody needs it, remove the file and run the command again. Nothing was written`,
  );
}

/**
 * Holds the other environments against the cluster that is to be adopted.
 *
 * @throws ScaleoutError (refused) where one of them describes it already
 */
export function requireAdoptedOnce(others: readonly ExistingFile[], id: ClusterId, name: string): void {
  const other = others.find(
    ({ adopts, cluster }) =>
      (adopts !== undefined && isSameCluster(adopts, id)) || cluster?.toLowerCase() === id.name.toLowerCase(),
  );
  if (other === undefined) return;
  const how =
    other.adopts !== undefined && isSameCluster(other.adopts, id)
      ? 'adopts it already'
      : 'describes a cluster of that name, which no two clusters on Azure have';
  throw refused(
    'adopt.adopted-twice',
    `${id.name} cannot become the environment ${name}, since ${other.file} ${how}: two states of one cluster would undo each other's changes. Use the environment ${other.environment} (npx scaleout adopt --id ${id.id} --env ${other.environment}), or remove that file if nobody needs it. Nothing was written`,
  );
}
