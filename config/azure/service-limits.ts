/**
 * What Azure Cosmos DB for PostgreSQL accepts, as data: the service refuses the rest after minutes or an hour of
 * deploying, and this refuses it at once. The limits change without notice, so they stand together here.
 * Source: Azure's product documentation and what the azurerm provider 4.55.0 lets through.
 */
import { oneOf, show } from '../text/text';

/** Something the service would refuse: where in the value it is, and why, with the value and what is allowed. */
export interface Violation {
  readonly at: readonly string[];
  readonly problem: string;
}

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

export const REGULAR_EDITIONS = ['GeneralPurpose', 'MemoryOptimized'] as const;

/** Memory for each vCore: GeneralPurpose has 4 GiB, MemoryOptimized 8 GiB. */
export type RegularEdition = (typeof REGULAR_EDITIONS)[number];

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

/** PostgreSQL majors, the Citus each comes with, and the day Azure retires it: a retired major cannot be created. */
export const POSTGRES_VERSIONS = [
  { postgres: 14, citus: '12.1', retires: '2026-11-12' },
  { postgres: 15, citus: '12.1', retires: '2027-11-11' },
  { postgres: 16, citus: '12.1', retires: '2028-11-09' },
] as const;

export const RETIRED_POSTGRES_VERSIONS: readonly { postgres: number; retired: string }[] = [
  { postgres: 11, retired: '2023-11-09' },
  { postgres: 12, retired: '2024-11-14' },
  { postgres: 13, retired: '2025-11-13' },
];

export const CLUSTER_NAME_LONGEST = 40;
const CLUSTER_NAME = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

export const DAYS_OF_WEEK = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;

export type DayOfWeek = (typeof DAYS_OF_WEEK)[number];

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
  if (typeof size.burstable !== 'boolean') {
    return [{ at: ['burstable'], problem: `is ${show(size.burstable)}: it is true or false` }];
  }
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
  const violations = [...sizeViolations(size, limits), ...editionViolations(size.edition, limits)];
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

function editionViolations(edition: RegularEdition | undefined, { kind }: NodeLimits): Violation[] {
  if (edition === undefined || REGULAR_EDITIONS.includes(edition)) return [];
  return [
    { at: ['edition'], problem: `is ${show(edition)}: the edition of ${kind} is ${oneOf(REGULAR_EDITIONS)}` },
  ];
}

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
  return [
    ...violations,
    ...sizeViolations(workers, NODE_LIMITS.worker),
    ...editionViolations(workers.edition, NODE_LIMITS.worker),
  ];
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

/** A standby for every node is something burstable nodes do not have. */
export function availabilityViolations(highAvailability: boolean, burstable: boolean): Violation[] {
  if (!highAvailability || !burstable) return [];
  return [
    {
      at: ['highAvailability'],
      problem: 'is true, and a burstable node cannot have a standby: set it to false, or use a regular node',
    },
  ];
}

export function clusterNameViolations(name: string): Violation[] {
  if (typeof name === 'string' && CLUSTER_NAME.test(name) && name.length <= CLUSTER_NAME_LONGEST) return [];
  return [
    {
      at: ['name'],
      problem: `is ${show(name)}: the name of a cluster has at most ${CLUSTER_NAME_LONGEST} small letters, digits and hyphens, with no hyphen at either end, and no other cluster on Azure may have it`,
    },
  ];
}

/** Only majors that Azure has not retired can be created. */
export function postgresVersionViolations(postgres: number): Violation[] {
  if (POSTGRES_VERSIONS.some((version) => version.postgres === postgres)) return [];
  const retired = RETIRED_POSTGRES_VERSIONS.find((version) => version.postgres === postgres);
  const why = retired === undefined ? '' : `, which Azure retired on ${retired.retired}`;
  return [
    {
      at: ['postgresVersion'],
      problem: `is ${show(postgres)}${why}: choose ${oneOf(POSTGRES_VERSIONS.map((version) => version.postgres))}`,
    },
  ];
}

/** Each PostgreSQL comes with one Citus. */
export function citusVersionViolations(postgres: number, citus: string): Violation[] {
  const pair = POSTGRES_VERSIONS.find((version) => version.postgres === postgres);
  if (pair === undefined || pair.citus === citus) return [];
  return [
    {
      at: ['citusVersion'],
      problem: `is ${show(citus)}: PostgreSQL ${postgres} comes with Citus "${pair.citus}"`,
    },
  ];
}

export interface MaintenanceWindow {
  readonly day: DayOfWeek;
  /** 0 to 23, in the time zone of the region. */
  readonly startHour: number;
  /** 0 to 59. */
  readonly startMinute: number;
}

export function maintenanceViolations(window: MaintenanceWindow): Violation[] {
  const given: unknown = window;
  if (typeof given !== 'object' || given === null) {
    const example = '{ day: "sunday", startHour: 3, startMinute: 0 }';
    return [{ at: [], problem: `is ${show(given)}: pass a day and time, as in ${example}` }];
  }
  const day: Violation[] = DAYS_OF_WEEK.includes(window.day)
    ? []
    : [{ at: ['day'], problem: `is ${show(window.day)}: choose ${oneOf(DAYS_OF_WEEK)}` }];
  const within = (field: 'startHour' | 'startMinute', most: number): Violation[] =>
    Number.isInteger(window[field]) && window[field] >= 0 && window[field] <= most
      ? []
      : [{ at: [field], problem: `is ${show(window[field])}: it is a whole number from 0 to ${most}` }];
  return [...day, ...within('startHour', 23), ...within('startMinute', 59)];
}

export const AVAILABILITY_ZONES = ['1', '2', '3'] as const;

/** A zone as Azure names it to one subscription; another subscription may know the same building by another number. */
export type AvailabilityZone = (typeof AVAILABILITY_ZONES)[number];

export function zoneViolations(zone: AvailabilityZone): Violation[] {
  if (AVAILABILITY_ZONES.includes(zone)) return [];
  return [{ at: [], problem: `is ${show(zone)}: choose ${oneOf(AVAILABILITY_ZONES.map(show))}` }];
}

const UTC_MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/** Whether the moment is still within the backups is known to the service alone: nothing here reads the clock. */
export function pointInTimeViolations(moment: string): Violation[] {
  // A day that the month does not have reads as one of the next month, and so comes out as another text.
  const exists = (): boolean => {
    const read = new Date(moment);
    return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(moment.slice(0, 19));
  };
  if (typeof moment === 'string' && UTC_MOMENT.test(moment) && exists()) return [];
  return [{ at: [], problem: `is ${show(moment)}: it is a moment in UTC, as in "2026-01-31T12:00:00Z"` }];
}
