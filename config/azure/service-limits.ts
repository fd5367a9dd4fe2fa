/**
 * What Azure Cosmos DB for PostgreSQL accepts, as data: the service refuses the rest after minutes or an hour of
 * deploying, and this refuses it at once. The limits change without notice, so they stand together here.
 * Source: Azure's product documentation and what the azurerm provider 4.55.0 lets through.
 */
import { z } from 'zod';
import { choice, intBetween, matching, ruled, strictShape, utcSecond } from '../file/schema-types';
import type { Violation } from '../file/violations';
import { oneOf, show } from '../text/text';

/** Sizes of one kind of node. */
interface NodeLimits {
  /** The kind, as a sentence names it. */
  readonly kind: string;
  readonly vCores: readonly number[];
  readonly storageGiB: readonly number[];
}

// 32 TiB is documented as well, and the provider refuses it.
const MULTI_NODE_STORAGE = [512, 1024, 2048, 4096, 8192, 16_384] as const;

export const NODE_LIMITS = {
  worker: {
    kind: 'a worker',
    vCores: [4, 8, 16, 32, 64, 96, 104],
    storageGiB: MULTI_NODE_STORAGE,
  },
  coordinator: {
    kind: 'the coordinator of a cluster with workers',
    vCores: [4, 8, 16, 32, 64, 96],
    storageGiB: [128, 256, ...MULTI_NODE_STORAGE],
  },
  singleNode: {
    kind: 'a single node',
    vCores: [2, 4, 8, 16, 32, 64],
    storageGiB: [128, 256, 512, 1024, 2048],
  },
  burstable: {
    kind: 'a burstable single node',
    vCores: [1, 2],
    storageGiB: [32, 64, 128],
  },
} as const satisfies Record<string, NodeLimits>;

/** I/O operations a second that the disk of a node takes, by its size in GiB. */
export const STORAGE_IOPS: Readonly<Record<(typeof MULTI_NODE_STORAGE)[number], number>> = {
  512: 2300,
  1024: 5000,
  2048: 7500,
  4096: 7500,
  8192: 16_000,
  16_384: 18_000,
};

/** GiB of memory that a worker has for each vCore. */
export const WORKER_MEMORY_GIB = 8;

/** Storage above this needs vCores from {@link LARGE_STORAGE_VCORES} on a single node. */
const SMALL_SINGLE_NODE_STORAGE_GIB = 512;
const LARGE_STORAGE_VCORES = 8;

/** Below this, sources disagree whether a coordinator can get workers; at it, scaling out restarts nothing. */
export const COMFORTABLE_COORDINATOR_STORAGE_GIB = 512;

export const WORKER_COUNT = { fewest: 2, most: 20 } as const;

/**
 * Server editions by kind of node: wrong pairs pass the provider and fail in the service ("no valid SKU"). Of those that
 * regular nodes can have, each kind has one by default.
 */
export const EDITIONS = {
  coordinator: 'GeneralPurpose',
  worker: 'MemoryOptimized',
  burstable: { 1: 'BurstableMemoryOptimized', 2: 'BurstableGeneralPurpose' },
} as const;

const REGULAR_EDITIONS = ['GeneralPurpose', 'MemoryOptimized'] as const;

/** Memory for each vCore: GeneralPurpose has 4 GiB, MemoryOptimized 8 GiB. */
export type RegularEdition = (typeof REGULAR_EDITIONS)[number];
export const regularEdition = choice(REGULAR_EDITIONS);

export const PASSWORD = {
  shortest: 8,
  longest: 128,
  kindsNeeded: 3,
  kinds: [
    { name: 'small letters', pattern: '[a-z]' },
    { name: 'capitals', pattern: '[A-Z]' },
    { name: 'digits', pattern: '[0-9]' },
    { name: 'symbols', pattern: '[^a-zA-Z0-9]' },
  ],
} as const;

/** The last day of the service, `YYYY-MM-DD`, and the day from which Azure refuses clusters that begin empty. */
export const SERVICE_ENDS = '2029-03-31';
export const NEW_CLUSTERS_END = '2026-03-30';

/** PostgreSQL majors that a new cluster can have, the Citus each comes with, and the day Azure retires it. */
export const POSTGRES_VERSIONS = [
  { postgres: 15, citus: '12.1', retires: '2027-11-11' },
  { postgres: 16, citus: '12.1', retires: '2028-11-09' },
] as const;

/** Majors that a cluster has that is there, and with it one that is restored from it or follows it. */
export const RETIRED_POSTGRES_VERSIONS: readonly { postgres: number; retired: string; citus?: string }[] = [
  { postgres: 11, retired: '2023-11-09' },
  { postgres: 12, retired: '2024-11-21' },
  { postgres: 13, retired: '2025-11-13' },
  { postgres: 14, retired: '2026-11-12', citus: '12.1' },
];

const CLUSTER_NAME = { shortest: 3, longest: 40 } as const;
const clusterNameError = `the name of a cluster: ${CLUSTER_NAME.shortest} to ${CLUSTER_NAME.longest} lowercase letters, digits and hyphens, not digits alone, with no hyphen at either end; no other cluster on Azure may have it`;
export const clusterName = matching(/^(?!\d+$)[a-z0-9][a-z0-9-]*[a-z0-9]$/, clusterNameError)
  .min(CLUSTER_NAME.shortest, { error: clusterNameError })
  .max(CLUSTER_NAME.longest, { error: clusterNameError });

export interface CoordinatorSize {
  readonly vCores: number;
  readonly storageGiB: number;
  /** Shared vCores with credits, for trying things out: a single node without workers or high availability. */
  readonly burstable: boolean;
  /**
   * A burstable node has the one edition that goes with its vCores, so this is for regular nodes alone.
   *
   * @default GeneralPurpose
   */
  readonly edition?: RegularEdition | undefined;
}

export interface WorkerSize {
  readonly count: number;
  readonly vCores: number;
  readonly storageGiB: number;
  /** @default MemoryOptimized */
  readonly edition?: RegularEdition | undefined;
}

/** What a coordinator cannot be: on its own, or (`withWorkers`) at the head of a cluster. */
export function coordinatorViolations(size: CoordinatorSize, withWorkers: boolean): Violation[] {
  if (withWorkers && size.burstable) {
    return [
      {
        at: ['burstable'],
        problem:
          'is true, and a burstable node cannot have workers: remove it and choose 4 vCores or more, or remove the workers',
      },
    ];
  }
  if (size.burstable) return [...sizeViolations(size, NODE_LIMITS.burstable), ...burstableEditions(size)];
  const limits = withWorkers ? NODE_LIMITS.coordinator : NODE_LIMITS.singleNode;
  const violations = sizeViolations(size, limits);
  if (withWorkers || violations.length > 0) return violations;
  if (size.storageGiB > SMALL_SINGLE_NODE_STORAGE_GIB && size.vCores < LARGE_STORAGE_VCORES) {
    return [
      {
        at: ['storageGiB'],
        problem: `is ${show(size.storageGiB)} beside ${show(size.vCores)} vCores: a single node with more than ${SMALL_SINGLE_NODE_STORAGE_GIB} GiB has ${LARGE_STORAGE_VCORES} vCores or more`,
      },
    ];
  }
  return [];
}

/** What a single node cannot be that is to get workers later: it must fit both stages. One violation a field. */
export function growingCoordinatorViolations(size: CoordinatorSize): Violation[] {
  const both = [...coordinatorViolations(size, false), ...coordinatorViolations(size, true)];
  return [...new Map(both.map((each) => [each.at.join('.'), each])).values()];
}

/** Every pair of vCores and edition of a burstable node is the service's choice: the wrong one has no SKU. */
function burstableEditions({ vCores, edition }: CoordinatorSize): Violation[] {
  if (edition === undefined) return [];
  const implied = Object.entries(EDITIONS.burstable).find(([cores]) => Number(cores) === vCores)?.[1];
  return [
    {
      at: ['edition'],
      problem: `is ${show(edition)}, and a burstable node has ${implied ?? oneOf(Object.values(EDITIONS.burstable))}, which follows from its vCores: remove it`,
    },
  ];
}

/**
 * What the service refuses of the number and the size of workers; sizes in vCores and GiB. Empty where it takes them.
 */
export function workerViolations(workers: WorkerSize): Violation[] {
  const { fewest, most } = WORKER_COUNT;
  const countFits = Number.isInteger(workers.count) && workers.count >= fewest && workers.count <= most;
  const violations: Violation[] = countFits
    ? []
    : [
        {
          at: ['count'],
          problem: `is ${show(workers.count)}: a cluster has no worker or ${fewest} to ${most} of them, never one`,
        },
      ];
  return [...violations, ...sizeViolations(workers, NODE_LIMITS.worker)];
}

function sizeViolations(
  size: { readonly vCores: number; readonly storageGiB: number },
  limits: NodeLimits,
): Violation[] {
  const check = (field: 'vCores' | 'storageGiB', unit: string): Violation[] =>
    limits[field].includes(size[field])
      ? []
      : [
          {
            at: [field],
            problem: `is ${show(size[field])}: ${limits.kind} has ${oneOf(limits[field])} ${unit}`,
          },
        ];
  return [...check('vCores', 'vCores'), ...check('storageGiB', 'GiB of storage')];
}

/** A standby for every node is something that burstable nodes and replicas do not have. */
export function availabilityViolations(
  highAvailability: boolean,
  { burstable, follows }: { readonly burstable?: boolean; readonly follows?: boolean },
): Violation[] {
  if (!highAvailability) return [];
  if (follows === true) {
    return [{ at: [], problem: 'is true, and a replica cannot have a standby: set it to false' }];
  }
  const problem =
    'is true, and a burstable node cannot have a standby: set it to false, or use a regular node';
  return burstable === true ? [{ at: [], problem }] : [];
}

const MAJORS = [...RETIRED_POSTGRES_VERSIONS, ...POSTGRES_VERSIONS];

/** A major that the service has or had. */
export const postgresVersion = ruled(z.int({ error: 'a major version of PostgreSQL, as in 16' }), (major) =>
  MAJORS.some(({ postgres }) => postgres === major) ? undefined : `: ${chooseVersion()}`,
).meta({
  description: 'Major version of PostgreSQL. A retired one comes from the origin alone.',
  enum: MAJORS.map(({ postgres }) => postgres),
});

/** A retired major cannot be created: a cluster has it from its origin. */
export function newVersionViolations(major: number): Violation[] {
  const version = RETIRED_POSTGRES_VERSIONS.find(({ postgres }) => postgres === major);
  if (version === undefined) return [];
  return [
    { at: [], problem: `is ${show(major)}, which Azure retired on ${version.retired}: ${chooseVersion()}` },
  ];
}

function chooseVersion(): string {
  return `choose ${oneOf(POSTGRES_VERSIONS.map(({ postgres }) => postgres))}`;
}

/** Each PostgreSQL comes with one Citus; a retired one has what it came to. */
export function citusVersionViolations(postgres: number, citus: string): Violation[] {
  const pair = MAJORS.find((version) => version.postgres === postgres);
  if (pair?.citus === undefined || pair.citus === citus) return [];
  return [
    {
      at: [],
      problem: `is ${show(citus)}: PostgreSQL ${postgres} comes with Citus "${pair.citus}"`,
    },
  ];
}

export const DAYS_OF_WEEK = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;

export const maintenanceWindow = strictShape(
  {
    day: choice(DAYS_OF_WEEK).describe('Day of the week.'),
    startHour: intBetween(0, 23).describe('0 to 23, in the time zone of the region.'),
    startMinute: intBetween(0, 59).describe('0 to 59.'),
  },
  'a day and time, as in { day: sunday, startHour: 3, startMinute: 0 }',
);
export type MaintenanceWindow = Readonly<z.output<typeof maintenanceWindow>>;

const AVAILABILITY_ZONES = ['1', '2', '3'] as const;

/** A zone as Azure names it to one subscription; another subscription may know the same building by another number. */
export type AvailabilityZone = (typeof AVAILABILITY_ZONES)[number];
export const availabilityZone = z.enum(AVAILABILITY_ZONES, {
  error: `${oneOf(AVAILABILITY_ZONES.map(show))}, in quotes`,
});

/** Whether the moment is still within the backups is known to the service alone: nothing here reads the clock. */
export const pointInTime = utcSecond('a moment in UTC, to the second, as in 2026-01-31T12:00:00Z');
