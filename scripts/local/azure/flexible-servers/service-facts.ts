/**
 * What Azure Database for PostgreSQL flexible server has to offer, as its documentation says. Like every table of the
 * stand-in it is apart from those that guard the project's configuration: the two have to be able to disagree.
 */

/** Majors of PostgreSQL for a new server, as the service writes them. */
export const VERSIONS = ['15', '16', '17', '18'];
/** Those of an elastic cluster, which has no upgrade to another one. */
export const CLUSTER_VERSIONS = ['17'];

export const CLUSTER_NODES = { fewest: 1, most: 20 };

export const TIERS = ['Burstable', 'GeneralPurpose', 'MemoryOptimized'];

const skus = (before: string, vCores: string, after: string): string[] =>
  vCores.split(' ').map((count) => `Standard_${before}${count}${after}`);

/** Sizes by tier. */
const SKUS: Readonly<Record<string, readonly string[]>> = {
  Burstable: [...skus('B', '1 2 4 8 12 16 20', 'ms'), 'Standard_B2s'],
  GeneralPurpose: [
    ...skus('D', '2 4 8 16 32 48 64', 's_v3'),
    ...skus('D', '2 4 8 16 32 48 64', 'ds_v4'),
    ...skus('D', '2 4 8 16 32 48 64 96', 'ds_v5'),
    ...skus('D', '2 4 8 16 32 48 64 96', 'ads_v5'),
    ...skus('DC', '2 4 8 16 32 48 64 96', 'ads_v5'),
  ],
  MemoryOptimized: [
    ...skus('E', '2 4 8 16 20 32 48 64', 's_v3'),
    ...skus('E', '2 4 8 16 20 32 48 64', 'ds_v4'),
    ...skus('E', '2 4 8 16 20 32 48 64 96', 'ds_v5'),
    ...skus('E', '2 4 8 16 20 32 48 64 96', 'ads_v5'),
    ...skus('EC', '2 4 8 16 20 32 48 64 96', 'ads_v5'),
  ],
};

/** Whether a tier has a size. Pure. */
export function hasSku(tier: string, name: string): boolean {
  return SKUS[tier]?.includes(name) === true;
}

interface Disk {
  /** The smallest tier of performance, which a server gets that asks for none. */
  readonly tier: string;
  readonly iops: number;
}

/** By size in GiB, smallest first. A larger disk is a doubled one. */
const DISKS: ReadonlyMap<number, Disk> = new Map([
  [32, { tier: 'P4', iops: 120 }],
  [64, { tier: 'P6', iops: 240 }],
  [128, { tier: 'P10', iops: 500 }],
  [256, { tier: 'P15', iops: 1100 }],
  [512, { tier: 'P20', iops: 2300 }],
  [1024, { tier: 'P30', iops: 5000 }],
  [2048, { tier: 'P40', iops: 7500 }],
  [4096, { tier: 'P50', iops: 7500 }],
  [8192, { tier: 'P60', iops: 16_000 }],
  [16_384, { tier: 'P70', iops: 18_000 }],
  [32_768, { tier: 'P80', iops: 20_000 }],
]);
/** A disk up to this size takes no tier of a larger one. */
const SMALL_DISK_MOST = 4096;

export const STORAGE_GIB = [...DISKS.keys()];
const ALL_TIERS = [...DISKS.values()].map(({ tier }) => tier);

/** Tiers of performance that a disk of a size can have, the usual one first. Pure. */
export function tiersOf(sizeGib: number): string[] {
  return [...DISKS]
    .filter(([size]) => size >= sizeGib && (sizeGib > SMALL_DISK_MOST || size <= SMALL_DISK_MOST))
    .map(([, { tier }]) => tier);
}

/** I/O operations a second of a tier of performance. Pure. */
export function iopsOf(tier: string): number {
  return [...DISKS.values()][ALL_TIERS.indexOf(tier)]?.iops ?? 0;
}

/** Days that backups are kept. */
export const RETENTION = { fewest: 7, most: 35 };

export const ZONES = ['1', '2', '3'];

/** Logins that an administrator cannot have, in lower case. */
export const RESERVED_LOGINS = [
  'azure_superuser',
  'azure_pg_admin',
  'admin',
  'administrator',
  'root',
  'guest',
  'public',
];

/** Databases that are the service's or PostgreSQL's own. */
export const RESERVED_DATABASES = ['azure_maintenance', 'azure_sys', 'template0', 'template1'];

/** Regions without availability zones among those of {@link REGIONS}. */
export const REGIONS_WITHOUT_ZONES = new Set(
  (
    'australiacentral australiacentral2 australiasoutheast brazilsoutheast canadaeast francesouth germanynorth ' +
    'japanwest jioindiacentral jioindiawest koreasouth northcentralus norwaywest southafricawest switzerlandwest ' +
    'uaecentral ukwest westcentralus westus'
  ).split(' '),
);

/** Where the service runs. */
export const REGIONS = new Set([
  ...REGIONS_WITHOUT_ZONES,
  ...(
    'australiaeast austriaeast brazilsouth canadacentral centralindia centralus chilecentral eastasia eastus eastus2 ' +
    'francecentral germanywestcentral indonesiacentral israelcentral italynorth japaneast koreacentral malaysiawest ' +
    'mexicocentral newzealandnorth northeurope norwayeast polandcentral qatarcentral southafricanorth southcentralus ' +
    'southeastasia southindia spaincentral swedencentral switzerlandnorth uaenorth uksouth westeurope westus2 westus3'
  ).split(' '),
]);
