/**
 * What Azure Cosmos DB for PostgreSQL has to offer, as its documentation says. The stand-in keeps its own tables, apart
 * from those that guard the project's configuration: a rehearsal is worth something only where the two can disagree.
 */

interface Version {
  /** The Citus that it can have, the newest last: a new cluster and an upgrade get that one. */
  readonly citus: readonly string[];
  /** A retired major comes with a restore or a replica alone. */
  readonly retired: boolean;
}

/** Majors of PostgreSQL, as the service writes them. */
export const VERSIONS: Readonly<Record<string, Version>> = {
  '11': { citus: ['8.3', '9.0', '9.1', '9.2', '9.3', '9.4', '9.5'], retired: true },
  '12': { citus: ['9.2', '9.3', '9.4', '9.5', '10.0', '10.1', '10.2'], retired: true },
  '13': { citus: ['10.0', '10.1', '10.2', '11.0', '11.1', '11.2', '11.3'], retired: true },
  '14': { citus: ['10.2', '11.0', '11.1', '11.2', '11.3', '12.0', '12.1'], retired: true },
  '15': { citus: ['11.1', '11.2', '11.3', '12.0', '12.1'], retired: false },
  '16': { citus: ['12.1'], retired: false },
};

/** The Citus that a new cluster or an upgrade gets; undefined for a PostgreSQL that there is not. */
export function newestCitus(postgres: string): string | undefined {
  return VERSIONS[postgres]?.citus.at(-1);
}

const TIB = 1_048_576;
const MULTI_NODE_STORAGE = [TIB / 2, TIB, 2 * TIB, 4 * TIB, 8 * TIB, 16 * TIB, 32 * TIB];

/** Sizes of one kind of node. */
export interface Sizes {
  /** The kind, as a sentence names it. */
  readonly kind: string;
  readonly vCores: readonly number[];
  readonly storageMb: readonly number[];
}

export const SIZES = {
  worker: { kind: 'A worker node', vCores: [4, 8, 16, 32, 64, 96, 104], storageMb: MULTI_NODE_STORAGE },
  coordinator: {
    kind: 'The coordinator of a cluster with worker nodes',
    vCores: [4, 8, 16, 32, 64, 96],
    storageMb: [TIB / 8, TIB / 4, ...MULTI_NODE_STORAGE],
  },
  singleNode: {
    kind: 'A single node',
    vCores: [2, 4, 8, 16, 32, 64],
    storageMb: [TIB / 8, TIB / 4, TIB / 2, TIB, 2 * TIB],
  },
  burstable: { kind: 'A burstable node', vCores: [1, 2], storageMb: [TIB / 32, TIB / 16, TIB / 8] },
} as const satisfies Record<string, Sizes>;

/** A single node with more storage than this needs that many vCores. */
export const LARGE_SINGLE_NODE = { aboveMb: TIB / 2, vCores: 8 };

export const REGULAR_EDITIONS = ['GeneralPurpose', 'MemoryOptimized'];

/** The one size that each burstable edition comes in, in vCores. */
export const BURSTABLE_EDITIONS: Readonly<Record<string, number>> = {
  BurstableMemoryOptimized: 1,
  BurstableGeneralPurpose: 2,
};

export const WORKERS = { fewest: 2, most: 20 };
export const REPLICAS_MOST = 5;
export const ZONES = ['1', '2', '3'];

/** Regions without availability zones among those of {@link REGIONS}. */
export const REGIONS_WITHOUT_ZONES = new Set(
  'australiacentral canadaeast northcentralus southindia switzerlandwest westcentralus'.split(' '),
);

/** Where the service runs. */
export const REGIONS = new Set([
  ...REGIONS_WITHOUT_ZONES,
  ...(
    'australiaeast brazilsouth canadacentral centralindia centralus eastasia eastus eastus2 francecentral ' +
    'germanywestcentral japaneast japanwest koreacentral northeurope polandcentral qatarcentral southcentralus ' +
    'southeastasia swedencentral switzerlandnorth uksouth westeurope westus westus2 westus3'
  ).split(' '),
]);
