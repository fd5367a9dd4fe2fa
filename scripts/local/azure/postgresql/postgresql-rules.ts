import type { Sizes } from './service-facts';
import {
  BURSTABLE_EDITIONS,
  LARGE_SINGLE_NODE,
  REPLICAS_MOST,
  SIZES,
  VERSIONS,
  WORKERS,
} from './service-facts';

/** What Azure Cosmos DB for PostgreSQL refuses of a cluster, by what it has to offer. */

/** The settings of a cluster that the rules look at, in the service's words. Sizes in MB. */
export interface ClusterSettings {
  readonly nodeCount: number;
  readonly nodeVCores: number;
  readonly nodeStorageQuotaInMb: number;
  readonly nodeServerEdition: string;
  readonly coordinatorVCores: number;
  readonly coordinatorStorageQuotaInMb: number;
  /** `GeneralPurpose` and its like, or `BurstableMemoryOptimized` and `BurstableGeneralPurpose` for a small single node. */
  readonly coordinatorServerEdition: string;
  readonly postgresqlVersion: string;
  readonly citusVersion: string;
  readonly enableHa: boolean;
  /** Made from another cluster: of now, which it follows, or of a moment before. */
  readonly madeFrom: 'nothing' | 'source' | 'backup';
}

/** What a change starts from; absent when the cluster is made. */
type Before = ClusterSettings | undefined;

interface Rule {
  /** Whether going from `before` to `after` is refused. */
  readonly refuses: (after: ClusterSettings, before: Before) => boolean;
  readonly message: (after: ClusterSettings, before: Before) => string;
}

/** A rule for a change that is worded by the two values it is about. */
function changeRule(
  refuses: (after: ClusterSettings, before: ClusterSettings) => boolean,
  message: (after: ClusterSettings, before: ClusterSettings) => string,
): Rule {
  return {
    refuses: (after, before) => before !== undefined && refuses(after, before),
    message: (after, before) => (before === undefined ? '' : message(after, before)),
  };
}

const isBurstable = ({ coordinatorServerEdition }: ClusterSettings): boolean =>
  Object.hasOwn(BURSTABLE_EDITIONS, coordinatorServerEdition);
const isReplica = ({ madeFrom }: ClusterSettings): boolean => madeFrom === 'source';

const VERSION_RULES: readonly Rule[] = [
  {
    refuses: ({ postgresqlVersion }) => !Object.hasOwn(VERSIONS, postgresqlVersion),
    message: ({ postgresqlVersion }) =>
      `PostgreSQL version '${postgresqlVersion}' is not supported; it is one of ${offered().join(', ')}.`,
  },
  {
    refuses: ({ postgresqlVersion, madeFrom }, before) =>
      VERSIONS[postgresqlVersion]?.retired === true &&
      (before === undefined ? madeFrom === 'nothing' : postgresqlVersion !== before.postgresqlVersion),
    message: ({ postgresqlVersion }) =>
      `PostgreSQL version '${postgresqlVersion}' is retired: new clusters and upgrades have one of ${offered().join(', ')}.`,
  },
  changeRule(
    (after, before) => Number(after.postgresqlVersion) < Number(before.postgresqlVersion),
    (after, before) =>
      `PostgreSQL cannot be downgraded from ${before.postgresqlVersion} to ${after.postgresqlVersion}.`,
  ),
  {
    refuses: ({ postgresqlVersion, citusVersion }) =>
      VERSIONS[postgresqlVersion]?.citus.includes(citusVersion) === false,
    message: ({ postgresqlVersion, citusVersion }) =>
      `Citus version '${citusVersion}' is not available with PostgreSQL ${postgresqlVersion}; it is one of ${VERSIONS[postgresqlVersion]?.citus.join(', ') ?? ''}.`,
  },
  changeRule(
    (after, before) => Number(after.citusVersion) < Number(before.citusVersion),
    (after, before) => `Citus cannot be downgraded from ${before.citusVersion} to ${after.citusVersion}.`,
  ),
  changeRule(
    (after, before) =>
      isBurstable(before) && isBurstable(after) && after.postgresqlVersion !== before.postgresqlVersion,
    () => 'PostgreSQL cannot be upgraded on burstable compute.',
  ),
];

/** Of a change by a replica: it follows its source in these. */
const REPLICA_RULES: readonly Rule[] = (
  [
    ['nodeCount', 'number of worker nodes'],
    ['nodeStorageQuotaInMb', 'storage of its worker nodes'],
    ['coordinatorStorageQuotaInMb', 'storage of its coordinator'],
    ['enableHa', 'high availability'],
    ['postgresqlVersion', 'version of PostgreSQL'],
  ] as const
).map(([name, words]) =>
  changeRule(
    (after, before) => isReplica(before) && after[name] !== before[name],
    () => `The ${words} of a read replica cannot be changed: it follows its source.`,
  ),
);

const SIZE_RULES: readonly Rule[] = [
  {
    refuses: ({ nodeCount }) => nodeCount !== 0 && (nodeCount < WORKERS.fewest || nodeCount > WORKERS.most),
    message: ({ nodeCount }) =>
      `Node count ${nodeCount} is not allowed: a cluster has 0 worker nodes, or from ${WORKERS.fewest} to ${WORKERS.most}.`,
  },
  changeRule(
    (after, before) => after.nodeCount < before.nodeCount,
    (after, before) => `Node count cannot be decreased from ${before.nodeCount} to ${after.nodeCount}.`,
  ),
  changeRule(
    (after, before) => after.coordinatorStorageQuotaInMb < before.coordinatorStorageQuotaInMb,
    (after, before) =>
      `Coordinator storage cannot be decreased from ${before.coordinatorStorageQuotaInMb} MB to ${after.coordinatorStorageQuotaInMb} MB.`,
  ),
  changeRule(
    (after, before) => before.nodeCount > 0 && after.nodeStorageQuotaInMb < before.nodeStorageQuotaInMb,
    (after, before) =>
      `Worker node storage cannot be decreased from ${before.nodeStorageQuotaInMb} MB to ${after.nodeStorageQuotaInMb} MB.`,
  ),
  changeRule(
    (after, before) => !isBurstable(before) && isBurstable(after),
    (after, before) =>
      `Server edition cannot be changed from ${before.coordinatorServerEdition} to ${after.coordinatorServerEdition}: there is no way back to burstable compute.`,
  ),
  {
    refuses: (after) => isBurstable(after) && after.nodeCount > 0,
    message: ({ coordinatorServerEdition }) =>
      `Server edition ${coordinatorServerEdition} is available to single node clusters only.`,
  },
  {
    refuses: (after) => isBurstable(after) && after.enableHa,
    message: () => 'High availability is not available on burstable compute.',
  },
  {
    refuses: (after) => coordinatorRefusal(after) !== undefined,
    message: (after) => coordinatorRefusal(after) ?? '',
  },
  {
    refuses: (after) => workerRefusal(after) !== undefined,
    message: (after) => workerRefusal(after) ?? '',
  },
];

const RULES = [...VERSION_RULES, ...REPLICA_RULES, ...SIZE_RULES];

function coordinatorRefusal(after: ClusterSettings): string | undefined {
  const { coordinatorServerEdition: edition, coordinatorVCores: vCores } = after;
  const storageMb = after.coordinatorStorageQuotaInMb;
  const refused = sizeRefusal(coordinatorSizes(after), vCores, storageMb);
  const only = BURSTABLE_EDITIONS[edition];
  if (refused === 'vCores' || (only !== undefined && only !== vCores)) {
    return `There is no valid SKU with given coordinator server edition (${edition}) and vCores (${vCores}).`;
  }
  if (refused !== undefined) return refused;
  const large = after.nodeCount === 0 && storageMb > LARGE_SINGLE_NODE.aboveMb;
  return large && vCores < LARGE_SINGLE_NODE.vCores
    ? `A single node with more than ${LARGE_SINGLE_NODE.aboveMb} MB of storage has at least ${LARGE_SINGLE_NODE.vCores} vCores, and ${vCores} were asked for.`
    : undefined;
}

/** Sizes of workers that are not there yet are nobody's concern. */
function workerRefusal(after: ClusterSettings): string | undefined {
  if (after.nodeCount === 0) return undefined;
  const { nodeServerEdition, nodeVCores } = after;
  const refused = sizeRefusal(SIZES.worker, nodeVCores, after.nodeStorageQuotaInMb);
  return refused === 'vCores'
    ? `There is no valid SKU with given node server edition (${nodeServerEdition}) and vCores (${nodeVCores}).`
    : refused;
}

function coordinatorSizes(after: ClusterSettings): Sizes {
  if (isBurstable(after)) return SIZES.burstable;
  return after.nodeCount > 0 ? SIZES.coordinator : SIZES.singleNode;
}

/** `vCores` where it is those that there are not. */
function sizeRefusal(sizes: Sizes, vCores: number, storageMb: number): string | undefined {
  if (!sizes.vCores.includes(vCores)) return 'vCores';
  if (sizes.storageMb.includes(storageMb)) return undefined;
  return `${sizes.kind} has ${sizes.storageMb.join(', ')} MB of storage, and ${storageMb} MB were asked for.`;
}

function offered(): string[] {
  return Object.keys(VERSIONS).filter((version) => VERSIONS[version]?.retired === false);
}

/** Why the service refuses a change, in a sentence; undefined where it allows it. Pure. */
export function refusal(after: ClusterSettings, before: ClusterSettings | undefined): string | undefined {
  return RULES.find(({ refuses }) => refuses(after, before))?.message(after, before);
}

/** A cluster that is made from another one: of now, or of a moment before. */
export interface CopySettings {
  /** Where the copy is to be. */
  readonly location: string;
  readonly sourceLocation: string;
  /** Where the request says that the source is. */
  readonly statedLocation: string;
  readonly sourceEdition: string;
  /** ISO 8601, as the source tells it. */
  readonly earliestRestoreTime: string;
  /** The source follows another cluster itself. */
  readonly sourceIsReplica: boolean;
  /** Read replicas that the source has. */
  readonly replicas: number;
  /** ISO 8601; absent for a read replica. */
  readonly pointInTime: string | undefined;
  readonly now: Date;
}

/** Why the service refuses to make a cluster from another one; undefined where it allows it. Pure. */
export function copyRefusal(copy: CopySettings): string | undefined {
  const { sourceLocation, statedLocation, earliestRestoreTime, pointInTime, now } = copy;
  if (statedLocation !== '' && statedLocation !== sourceLocation) {
    return `The source cluster is in ${sourceLocation}, and not in ${statedLocation}.`;
  }
  if (pointInTime === undefined) return replicaRefusal(copy);
  if (copy.location !== sourceLocation) {
    return `A restore to ${copy.location} needs a geo-redundant backup, and the source cluster in ${sourceLocation} has none.`;
  }
  const moment = Date.parse(pointInTime);
  // Clients cut the fraction of a second off.
  const earliest = Math.floor(Date.parse(earliestRestoreTime) / 1000) * 1000;
  if (moment >= earliest && moment <= now.getTime()) return undefined;
  return `The point in time ${pointInTime} cannot be restored: it has to lie between ${earliestRestoreTime} and now.`;
}

function replicaRefusal({ sourceEdition, sourceIsReplica, replicas }: CopySettings): string | undefined {
  if (Object.hasOwn(BURSTABLE_EDITIONS, sourceEdition)) {
    return 'Read replicas are not available on burstable compute.';
  }
  if (sourceIsReplica) return 'A read replica cannot have read replicas of its own.';
  if (replicas < REPLICAS_MOST) return undefined;
  return `The source cluster has ${replicas} read replicas already, and can have ${REPLICAS_MOST}.`;
}

/** Why the service refuses a name for a cluster; undefined where it allows it. Pure. */
export function clusterNameRefusal(name: string): string | undefined {
  if (/^(?![0-9]+$)(?!-)[a-z0-9-]{3,40}(?<!-)$/.test(name)) return undefined;
  return `The cluster name '${name}' is not allowed: it has 3 to 40 lowercase letters, digits and hyphens, not digits alone, and no hyphen at either end.`;
}

/** Why the service refuses a password, without repeating it; undefined where it allows it. Pure. */
export function passwordRefusal(password: unknown): string | undefined {
  if (typeof password !== 'string') return 'The administrator login password is required.';
  const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((one) => one.test(password)).length;
  if (password.length >= 8 && password.length <= 128 && classes >= 3) return undefined;
  return 'The administrator login password does not meet the requirements: 8 to 128 characters, of three of the four kinds upper case, lower case, digit and symbol.';
}
