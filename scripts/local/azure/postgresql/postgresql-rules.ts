/**
 * What Azure Cosmos DB for PostgreSQL refuses. The stand-in keeps its own list, apart from the one that guards the
 * project's configuration: a rehearsal is worth something only where the two can disagree.
 */

/** The settings of a cluster that the rules look at, in the service's words. Sizes in MB. */
export interface ClusterSettings {
  readonly nodeCount: number;
  readonly nodeVCores: number;
  readonly nodeStorageQuotaInMb: number;
  readonly coordinatorVCores: number;
  readonly coordinatorStorageQuotaInMb: number;
  readonly postgresqlVersion: string;
  /** `GeneralPurpose`, or `BurstableMemoryOptimized` and `BurstableGeneralPurpose` for a small single node. */
  readonly coordinatorServerEdition: string;
  readonly enableHa: boolean;
}

interface Rule {
  /** Whether going from `before` (absent when the cluster is created) to `after` is refused. */
  readonly refuses: (after: ClusterSettings, before: ClusterSettings | undefined) => boolean;
  readonly message: (after: ClusterSettings, before: ClusterSettings | undefined) => string;
}

const WORKER_MINIMUM = { vCores: 4, storageMb: 524_288 };
const MAXIMUM_WORKERS = 20;

/** The one size that each burstable edition comes in, in vCores. */
const BURSTABLE: Readonly<Record<string, number>> = {
  BurstableMemoryOptimized: 1,
  BurstableGeneralPurpose: 2,
};
/** Storage of a burstable node, in MB; regular nodes begin above the two smaller ones. */
const BURSTABLE_STORAGE_MB = [32_768, 65_536, 131_072];
const REGULAR_MINIMUM_MB = 131_072;

const isBurstable = ({ coordinatorServerEdition }: ClusterSettings): boolean =>
  Object.hasOwn(BURSTABLE, coordinatorServerEdition);

const rules: readonly Rule[] = [
  {
    refuses: ({ nodeCount }) => nodeCount === 1 || nodeCount < 0 || nodeCount > MAXIMUM_WORKERS,
    message: ({ nodeCount }) =>
      `Node count ${nodeCount} is not allowed: a cluster has 0 worker nodes, or from 2 to ${MAXIMUM_WORKERS}.`,
  },
  {
    refuses: ({ nodeCount }, before) => before !== undefined && nodeCount < before.nodeCount,
    message: ({ nodeCount }, before) =>
      `Node count cannot be decreased from ${before?.nodeCount ?? 0} to ${nodeCount}.`,
  },
  {
    refuses: (after, before) =>
      before !== undefined && after.coordinatorStorageQuotaInMb < before.coordinatorStorageQuotaInMb,
    message: (after, before) =>
      `Coordinator storage cannot be decreased from ${before?.coordinatorStorageQuotaInMb ?? 0} MB to ${after.coordinatorStorageQuotaInMb} MB.`,
  },
  {
    refuses: (after, before) =>
      before !== undefined &&
      before.nodeCount > 0 &&
      after.nodeStorageQuotaInMb < before.nodeStorageQuotaInMb,
    message: (after, before) =>
      `Worker node storage cannot be decreased from ${before?.nodeStorageQuotaInMb ?? 0} MB to ${after.nodeStorageQuotaInMb} MB.`,
  },
  {
    refuses: ({ nodeCount, nodeVCores }) => nodeCount > 0 && nodeVCores < WORKER_MINIMUM.vCores,
    message: ({ nodeVCores }) =>
      `Worker nodes need at least ${WORKER_MINIMUM.vCores} vCores, and ${nodeVCores} were asked for.`,
  },
  {
    refuses: ({ nodeCount, nodeStorageQuotaInMb }) =>
      nodeCount > 0 && nodeStorageQuotaInMb < WORKER_MINIMUM.storageMb,
    message: ({ nodeStorageQuotaInMb }) =>
      `Worker nodes need at least ${WORKER_MINIMUM.storageMb} MB of storage, and ${nodeStorageQuotaInMb} MB were asked for.`,
  },
  {
    refuses: ({ nodeCount, coordinatorVCores }) => nodeCount > 0 && coordinatorVCores < 4,
    message: ({ coordinatorVCores }) =>
      `The coordinator of a cluster with worker nodes needs at least 4 vCores, and ${coordinatorVCores} were asked for.`,
  },
  {
    refuses: ({ postgresqlVersion }, before) =>
      before !== undefined && Number(postgresqlVersion) < Number(before.postgresqlVersion),
    message: ({ postgresqlVersion }, before) =>
      `PostgreSQL cannot be downgraded from ${before?.postgresqlVersion ?? ''} to ${postgresqlVersion}.`,
  },
  {
    refuses: (after, before) => before !== undefined && !isBurstable(before) && isBurstable(after),
    message: ({ coordinatorServerEdition }, before) =>
      `Server edition cannot be changed from ${before?.coordinatorServerEdition ?? ''} to ${coordinatorServerEdition}: there is no way back to burstable compute.`,
  },
  {
    refuses: (after) => isBurstable(after) && after.nodeCount > 0,
    message: ({ coordinatorServerEdition }) =>
      `Server edition ${coordinatorServerEdition} is for single node clusters: choose a regular edition to add worker nodes.`,
  },
  {
    refuses: (after) =>
      after.coordinatorVCores !== (BURSTABLE[after.coordinatorServerEdition] ?? after.coordinatorVCores),
    message: noSku,
  },
  { refuses: (after) => !isBurstable(after) && after.coordinatorVCores < 2, message: noSku },
  {
    refuses: (after) =>
      isBurstable(after) && !BURSTABLE_STORAGE_MB.includes(after.coordinatorStorageQuotaInMb),
    message: ({ coordinatorStorageQuotaInMb }) =>
      `A burstable node has ${BURSTABLE_STORAGE_MB.join(', ')} MB of storage, and ${coordinatorStorageQuotaInMb} MB were asked for.`,
  },
  {
    refuses: (after) => !isBurstable(after) && after.coordinatorStorageQuotaInMb < REGULAR_MINIMUM_MB,
    message: ({ coordinatorStorageQuotaInMb }) =>
      `The coordinator needs at least ${REGULAR_MINIMUM_MB} MB of storage, and ${coordinatorStorageQuotaInMb} MB were asked for.`,
  },
  {
    refuses: (after) => isBurstable(after) && after.enableHa,
    message: () => 'High availability is not available on burstable compute.',
  },
  {
    refuses: (after, before) =>
      before !== undefined &&
      isBurstable(before) &&
      isBurstable(after) &&
      after.postgresqlVersion !== before.postgresqlVersion,
    message: () => 'PostgreSQL cannot be upgraded on burstable compute.',
  },
];

function noSku({ coordinatorServerEdition, coordinatorVCores }: ClusterSettings): string {
  return `There is no valid SKU with given coordinator server edition (${coordinatorServerEdition}) and vCores (${coordinatorVCores}).`;
}

/** A cluster that is made from another one: of now, or of a moment before. */
export interface CopySettings {
  readonly sourceLocation: string;
  /** Where the request says that the source is. */
  readonly statedLocation: string;
  readonly sourceEdition: string;
  /** ISO 8601, as the source tells it. */
  readonly earliestRestoreTime: string;
  /** ISO 8601; absent for a read replica. */
  readonly pointInTime: string | undefined;
  readonly now: Date;
}

/** Why the service refuses to make a cluster from another one; undefined where it allows it. Pure. */
export function copyRefusal(copy: CopySettings): string | undefined {
  const { sourceLocation, statedLocation, sourceEdition, earliestRestoreTime, pointInTime, now } = copy;
  if (statedLocation !== '' && statedLocation !== sourceLocation) {
    return `The source cluster is in ${sourceLocation}, and not in ${statedLocation}.`;
  }
  if (pointInTime === undefined) {
    return Object.hasOwn(BURSTABLE, sourceEdition)
      ? 'Read replicas are not available on burstable compute.'
      : undefined;
  }
  const moment = Date.parse(pointInTime);
  // Clients cut the fraction of a second off.
  const earliest = Math.floor(Date.parse(earliestRestoreTime) / 1000) * 1000;
  if (moment >= earliest && moment <= now.getTime()) return undefined;
  return `The point in time ${pointInTime} cannot be restored: it has to lie between ${earliestRestoreTime} and now.`;
}

/** Why the service refuses a change, in a sentence; undefined where it allows it. Pure. */
export function refusal(after: ClusterSettings, before: ClusterSettings | undefined): string | undefined {
  return rules.find(({ refuses }) => refuses(after, before))?.message(after, before);
}

/** Why the service refuses a name for a cluster; undefined where it allows it. Pure. */
export function clusterNameRefusal(name: string): string | undefined {
  if (/^(?!-)[a-z0-9-]{1,40}(?<!-)$/.test(name)) return undefined;
  return `The cluster name '${name}' is not allowed: it has up to 40 lowercase letters, digits and hyphens, and no hyphen at either end.`;
}

/** Why the service refuses a password, without repeating it; undefined where it allows it. Pure. */
export function passwordRefusal(password: unknown): string | undefined {
  if (typeof password !== 'string') return 'The administrator login password is required.';
  const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((one) => one.test(password)).length;
  if (password.length >= 8 && password.length <= 128 && classes >= 3) return undefined;
  return 'The administrator login password does not meet the requirements: 8 to 128 characters, of three of the four kinds upper case, lower case, digit and symbol.';
}
