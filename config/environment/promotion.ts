import type { EnvironmentSettings } from './environment-schema';

/**
 * What an environment may set otherwise than the one before it on the way to production, and why; a key stands for all that is
 * below it. A closed list: what is not on it is what was verified there, and has to be the same here.
 */
export const MAY_DIFFER: Readonly<Record<string, string>> = {
  name: 'its name',
  location: 'where it lies',
  resourceGroup: 'where it lies',
  production: 'whether it is production',
  'cluster.name': 'its name',
  'cluster.origin': 'where its cluster comes from',
  'cluster.allowNew': 'where its cluster comes from',
  'cluster.stage': 'its size',
  'cluster.coordinator': 'its size',
  'cluster.workers': 'its size',
  'cluster.nodes': 'its size',
  'cluster.login': 'its names',
  'cluster.passwordVersion': 'its passwords',
  'cluster.backupRetentionDays': 'its protection',
  'cluster.highAvailability': 'its protection',
  'cluster.preferredPrimaryZone': 'where it lies',
  'cluster.maintenanceWindow': 'its hours',
  'cluster.protectFromDestroy': 'its protection',
  'cluster.lockAgainstDeletion': 'its protection',
  network: 'who reaches it',
  roles: 'who logs in',
  parameters: 'its size',
  keyVault: 'where its secrets lie',
  monitoring: 'who watches it',
  state: 'where its state lies',
  tags: 'its tags',
};

/** One setting that is not the same in two environments. */
export interface SettingDifference {
  /** As in `cluster.workers.count`. */
  readonly path: string;
  /** Null where that one does not set it. */
  readonly from: unknown;
  readonly to: unknown;
  /** Why it may be another one; null where it may not. */
  readonly reason: string | null;
}

/** Everything that two environments set otherwise, value by value, in the order of the paths. Pure. */
export function settingDifferences(
  from: EnvironmentSettings,
  to: EnvironmentSettings,
): readonly SettingDifference[] {
  const [was, is] = [from, to].map((settings) => new Map(valuesOf(settings, '')));
  const paths = [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])].sort();
  return paths.flatMap((path) => {
    const [a, b] = [was?.get(path) ?? null, is?.get(path) ?? null];
    return a === b ? [] : [{ path, from: a, to: b, reason: reasonFor(path) }];
  });
}

function reasonFor(path: string): string | null {
  const key = Object.keys(MAY_DIFFER).find((each) => path === each || path.startsWith(`${each}.`));
  return key === undefined ? null : (MAY_DIFFER[key] ?? null);
}

function valuesOf(value: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null) return value === undefined ? [] : [[path, value]];
  return Object.entries(value).flatMap(([key, each]) => valuesOf(each, path === '' ? key : `${path}.${key}`));
}
