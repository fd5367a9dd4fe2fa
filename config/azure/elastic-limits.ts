/**
 * What Azure Database for PostgreSQL accepts of an elastic cluster, as data: a flexible server whose nodes run Citus.
 * Source: Azure's product documentation, and what the azurerm provider 4.73.0 lets through.
 */
import { z } from 'zod';
import { int, intBetween, matching, ruled } from '../file/schema-types';
import type { Violation } from '../file/violations';
import { oneOf, show } from '../text/text';
import { hasZoneStandbys } from './regions';

const NAME = { shortest: 3, longest: 63 } as const;
const nameError = `the name of an elastic cluster: ${NAME.shortest} to ${NAME.longest} lowercase letters, digits and hyphens, with no hyphen at either end; no other flexible server on Azure may have it`;
export const elasticClusterName = matching(/^[a-z0-9][a-z0-9-]*[a-z0-9]$/, nameError)
  .min(NAME.shortest, { error: nameError })
  .max(NAME.longest, { error: nameError });

/** The one major that elastic clusters have: there is no upgrade from it, and none to it. */
export const ELASTIC_POSTGRES_VERSION = 17;
/** The same, and the day its support ends, `YYYY-MM-DD`. */
export const ELASTIC_POSTGRES_SUPPORT = {
  postgres: ELASTIC_POSTGRES_VERSION,
  retires: '2029-11-08',
} as const;
export const elasticPostgresVersion = z.literal(ELASTIC_POSTGRES_VERSION, {
  error: `${ELASTIC_POSTGRES_VERSION}, the one major version of PostgreSQL that elastic clusters have`,
});

/** Nodes of a cluster, its first node included. More than these take a support request. */
export const ELASTIC_NODES = { singleNode: 1, fewestScaledOut: 2, most: 20 } as const;
const countError = `a whole number of nodes from ${ELASTIC_NODES.fewestScaledOut} to ${ELASTIC_NODES.most}, all of a scaled-out cluster`;
export const elasticNodeCount = int(countError)
  .min(ELASTIC_NODES.fewestScaledOut, { error: countError })
  .max(ELASTIC_NODES.most, { error: countError });
/** The same for a cluster that may have one node. */
export const elasticSize = intBetween(ELASTIC_NODES.singleNode, ELASTIC_NODES.most);

/** How the storage of a node grows: it doubles. */
export const ELASTIC_STORAGE_GIB = [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768] as const;
export const elasticStorageGiB = ruled(int('a whole number of GiB, a power of two'), (size) =>
  ELASTIC_STORAGE_GIB.some((each) => each === size)
    ? undefined
    : `: the storage of a node is ${oneOf(ELASTIC_STORAGE_GIB)} GiB`,
).meta({ enum: ELASTIC_STORAGE_GIB });

const MIB_PER_GIB = 1024;
/** The largest disk is a GiB short of 32 TiB. */
const LARGEST_DISK_GIB = 32_767;

/** Storage of a node as azurerm states it. */
export function elasticStorageMb(storageGiB: number): number {
  return Math.min(storageGiB, LARGEST_DISK_GIB) * MIB_PER_GIB;
}

/** Machines a node can be, as azurerm names them: the tier, then the size. */
const SKUS = [
  ...[1, 2, 4, 8, 12, 16, 20].map((vCores) => `B_Standard_B${vCores}ms`),
  'B_Standard_B2s',
  ...series('GP_Standard_D', [2, 4, 8, 16, 32, 48, 64], ['s_v3', 'ds_v4']),
  ...series('GP_Standard_D', [2, 4, 8, 16, 32, 48, 64, 96], ['ds_v5', 'ads_v5']),
  ...series('GP_Standard_DC', [2, 4, 8, 16, 32, 48, 64, 96], ['ads_v5']),
  ...series('MO_Standard_E', [2, 4, 8, 16, 20, 32, 48, 64], ['s_v3', 'ds_v4']),
  'MO_Standard_E6ds_v4',
  ...series('MO_Standard_E', [2, 4, 8, 16, 20, 32, 48, 64, 96], ['ds_v5']),
  ...series('MO_Standard_E', [2, 4, 8, 16, 32, 48, 64, 96], ['ads_v5']),
  ...series('MO_Standard_EC', [2, 4, 8, 16, 20, 32, 48, 64, 96], ['ads_v5', 'as_v5']),
];
const KNOWN_SKUS: ReadonlySet<string> = new Set(SKUS);

function series(prefix: string, vCores: readonly number[], generations: readonly string[]): string[] {
  return generations.flatMap((generation) => vCores.map((each) => `${prefix}${each}${generation}`));
}

const skuError =
  'a machine as azurerm names it, as in GP_Standard_D4ds_v5: B (burstable), GP (general purpose) or MO (memory optimized), then the size';
export const elasticSku = z
  .string({ error: skuError })
  .refine((sku) => KNOWN_SKUS.has(sku), { error: skuError });

/** Shared vCores with credits, for trying things out. */
export function isBurstable(sku: string): boolean {
  return sku.startsWith('B_');
}

/** Logins that the service keeps for itself, whatever their capitals. */
const RESERVED_LOGINS = [
  'azure_superuser',
  'azure_pg_admin',
  'admin',
  'administrator',
  'root',
  'guest',
  'public',
];
export const elasticLogin = ruled(
  matching(
    /^[a-z_][a-z0-9_]{0,62}$/,
    'the login of the administrator: 1 to 63 lowercase letters, digits and underscores, a letter or underscore first',
  ),
  (login) => {
    if (RESERVED_LOGINS.includes(login)) return ', which the service keeps for itself: choose another name';
    return login.startsWith('pg_')
      ? ', and PostgreSQL keeps names that start with pg_ for itself: choose another name'
      : undefined;
  },
);

/** Databases that every flexible server has beside the one that is named. */
const SYSTEM_DATABASES = ['azure_maintenance', 'azure_sys', 'template0', 'template1'];
export const ELASTIC_DATABASE_DEFAULT = 'postgres';
export const elasticDatabase = ruled(
  matching(
    /^[a-z_][a-z0-9_]{0,62}$/,
    'the name of a database: 1 to 63 lowercase letters, digits and underscores, a letter or underscore first',
  ),
  (name) =>
    SYSTEM_DATABASES.includes(name) ? ', a database of the service itself: choose another name' : undefined,
);

export const BACKUP_RETENTION_DAYS = { fewest: 7, most: 35 } as const;
export const backupRetentionDays = intBetween(BACKUP_RETENTION_DAYS.fewest, BACKUP_RETENTION_DAYS.most);

/** A standby for every node is something that burstable nodes do not have, and some regions. What is unknown is left out. */
export function elasticAvailabilityViolations(
  highAvailability: boolean,
  { sku, location }: { readonly sku?: string; readonly location?: string },
): Violation[] {
  if (!highAvailability) return [];
  const problems = [
    ...(sku !== undefined && isBurstable(sku)
      ? [
          `is true, and ${show(sku)} is burstable, which has no standby: set it to false, or choose a GP or MO machine`,
        ]
      : []),
    ...(location !== undefined && !hasZoneStandbys(location)
      ? [
          `is true, and a standby lies in another zone, which Azure Database for PostgreSQL does not have in ${show(location)}: set it to false, or choose a region with zones, as westus2; where Azure has added zones since, take the region off the list in config/azure/regions.ts`,
        ]
      : []),
  ];
  return problems.map((problem) => ({ at: [], problem }));
}

/** What a node allows where its machine is unknown: as many as the smallest does. */
const FEWEST_CONNECTIONS = 50;
const MOST_CONNECTIONS = 5000;
const CONNECTIONS_PER_GIB = 107.4;

/**
 * Connections that a node allows (max_connections), by its memory. Of them, Azure reserves a part for the nodes among
 * themselves, so that applications get fewer.
 */
export function elasticConnectionLimit(sku: string): number {
  if (!KNOWN_SKUS.has(sku) || sku === 'B_Standard_B1ms') return FEWEST_CONNECTIONS;
  return Math.min(Math.floor(memoryGiB(sku) * CONNECTIONS_PER_GIB), MOST_CONNECTIONS);
}

function memoryGiB(sku: string): number {
  if (sku === 'B_Standard_B2s') return 4;
  const vCores = Number(/_[A-Z]+(\d+)[a-z]/.exec(sku)?.[1] ?? 0);
  return vCores * (sku.startsWith('MO_') ? 8 : 4);
}
