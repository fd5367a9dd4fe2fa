import {
  CLUSTER_NODES,
  CLUSTER_VERSIONS,
  hasSku,
  REGIONS_WITHOUT_ZONES,
  RESERVED_DATABASES,
  RESERVED_LOGINS,
  STORAGE_GIB,
  tiersOf,
  VERSIONS,
} from './service-facts';

/** What Azure Database for PostgreSQL refuses of a flexible server, and of an elastic cluster in particular. */

/** The settings of a server that the rules look at. */
export interface ServerSettings {
  readonly location: string;
  readonly version: string;
  readonly skuName: string;
  readonly skuTier: string;
  readonly login: string;
  /** Whether somebody can log in by password. */
  readonly byPassword: boolean;
  readonly storageGib: number;
  /** Of performance, such as `P10`. */
  readonly storageTier: string;
  readonly autoGrow: boolean;
  readonly highAvailability: string;
  /** Empty where the service chooses. */
  readonly zone: string;
  readonly standbyZone: string;
  /** Whether it lies in a subnet of its owner's. */
  readonly inOwnNetwork: boolean;
  /** Absent for a server that is no elastic cluster. */
  readonly cluster?: { readonly size: number; readonly database: string };
}

/** Absent when the server is made. */
type Before = ServerSettings | undefined;

interface Rule {
  /** Whether going from `before` to `after` is refused. */
  readonly refuses: (after: ServerSettings, before: Before) => boolean;
  readonly message: (after: ServerSettings, before: Before) => string;
}

/** A rule for a change that is worded by the two values it is about. */
function changeRule(
  refuses: (after: ServerSettings, before: ServerSettings) => boolean,
  message: (after: ServerSettings, before: ServerSettings) => string,
): Rule {
  return {
    refuses: (after, before) => before !== undefined && refuses(after, before),
    message: (after, before) => (before === undefined ? '' : message(after, before)),
  };
}

const isNew = (before: Before): boolean => before === undefined;
const sizeOf = ({ cluster }: ServerSettings): number => cluster?.size ?? 0;
const isBurstable = ({ skuTier }: ServerSettings): boolean => skuTier === 'Burstable';
const isConfidential = ({ skuName }: ServerSettings): boolean => /^Standard_[DE]C/.test(skuName);
const isAvailable = ({ highAvailability }: ServerSettings): boolean => highAvailability !== 'Disabled';

const CLUSTER_RULES: readonly Rule[] = [
  changeRule(
    (after, before) => before.cluster === undefined && after.cluster !== undefined,
    () => 'A server cannot be made an elastic cluster once it exists: create a new one.',
  ),
  {
    refuses: ({ cluster }) =>
      cluster !== undefined &&
      (!Number.isInteger(cluster.size) ||
        cluster.size < CLUSTER_NODES.fewest ||
        cluster.size > CLUSTER_NODES.most),
    message: (after) =>
      `The cluster size ${sizeOf(after)} is not allowed: an elastic cluster has from ${CLUSTER_NODES.fewest} to ${CLUSTER_NODES.most} nodes.`,
  },
  changeRule(
    (after, before) => sizeOf(after) < sizeOf(before),
    (after, before) => `The cluster size cannot be decreased from ${sizeOf(before)} to ${sizeOf(after)}.`,
  ),
  changeRule(
    (after, before) => after.cluster?.database !== before.cluster?.database,
    (after, before) =>
      `The default database of an elastic cluster cannot be changed from '${before.cluster?.database ?? ''}' to '${after.cluster?.database ?? ''}'.`,
  ),
  {
    refuses: ({ cluster }) => cluster !== undefined && databaseNameRefusal(cluster.database) !== undefined,
    message: ({ cluster }) => databaseNameRefusal(cluster?.database ?? '') ?? '',
  },
  {
    refuses: ({ cluster, version }, before) =>
      cluster !== undefined && isNew(before) && !CLUSTER_VERSIONS.includes(version),
    message: ({ version }) =>
      `PostgreSQL version '${version}' is not available to elastic clusters; it is ${CLUSTER_VERSIONS.join(', ')}.`,
  },
  changeRule(
    (after, before) => before.cluster !== undefined && after.version !== before.version,
    () => 'The major version of an elastic cluster cannot be upgraded.',
  ),
  {
    refuses: ({ cluster, autoGrow }) => cluster !== undefined && autoGrow,
    message: () => 'Storage auto-grow is not available to elastic clusters.',
  },
  {
    refuses: ({ cluster, inOwnNetwork }) => cluster !== undefined && inOwnNetwork,
    message: () =>
      'An elastic cluster cannot be injected into a virtual network: it is reached by its public endpoint or by private endpoints.',
  },
];

const SERVER_RULES: readonly Rule[] = [
  {
    refuses: ({ version }, before) => !VERSIONS.includes(version) && version !== before?.version,
    message: ({ version }) =>
      `PostgreSQL version '${version}' is not supported; it is one of ${VERSIONS.join(', ')}.`,
  },
  changeRule(
    (after, before) => Number(after.version) < Number(before.version),
    (after, before) => `PostgreSQL cannot be downgraded from ${before.version} to ${after.version}.`,
  ),
  {
    refuses: ({ skuTier, skuName }) => !hasSku(skuTier, skuName),
    message: ({ skuTier, skuName }) => `The SKU '${skuName}' is not available in the tier '${skuTier}'.`,
  },
  changeRule(
    (after, before) => isConfidential(after) !== isConfidential(before),
    (after, before) =>
      `The SKU cannot be changed from '${before.skuName}' to '${after.skuName}': confidential compute is for the whole life of a server.`,
  ),
  {
    refuses: ({ storageGib }) => !STORAGE_GIB.includes(storageGib),
    message: ({ storageGib }) =>
      `The storage size ${storageGib} GB is not allowed; it is one of ${STORAGE_GIB.join(', ')}.`,
  },
  changeRule(
    (after, before) => after.storageGib < before.storageGib,
    (after, before) =>
      `The storage size cannot be decreased from ${before.storageGib} GB to ${after.storageGib} GB.`,
  ),
  {
    refuses: ({ storageGib, storageTier }) => !tiersOf(storageGib).includes(storageTier),
    message: ({ storageGib, storageTier }) =>
      `The storage tier '${storageTier}' is not available to ${storageGib} GB; it is one of ${tiersOf(storageGib).join(', ')}.`,
  },
  {
    refuses: (after) => isBurstable(after) && isAvailable(after),
    message: () => 'High availability is not available on burstable compute.',
  },
  {
    refuses: (after) =>
      after.highAvailability === 'ZoneRedundant' && REGIONS_WITHOUT_ZONES.has(after.location),
    message: ({ location }) =>
      `Zone-redundant high availability is not available in ${location}, which has no availability zones.`,
  },
  {
    refuses: ({ zone, location }) => zone !== '' && REGIONS_WITHOUT_ZONES.has(location),
    message: ({ location }) => `The region ${location} has no availability zones to choose one of.`,
  },
  {
    refuses: ({ highAvailability, zone, standbyZone }) =>
      highAvailability === 'ZoneRedundant' && zone !== '' && zone === standbyZone,
    message: ({ zone }) => `The standby of a server in zone ${zone} lies in another zone.`,
  },
  {
    refuses: ({ login, byPassword }, before) =>
      isNew(before) && byPassword && loginRefusal(login) !== undefined,
    message: ({ login }) => loginRefusal(login) ?? '',
  },
  changeRule(
    (after, before) => after.login !== before.login,
    (after, before) =>
      `The administrator login cannot be changed from '${before.login}' to '${after.login}'.`,
  ),
];

const RULES = [...CLUSTER_RULES, ...SERVER_RULES];

/** Why the service refuses a change, in a sentence; undefined where it allows it. Pure. */
export function refusal(after: ServerSettings, before: Before): string | undefined {
  return RULES.find(({ refuses }) => refuses(after, before))?.message(after, before);
}

/** Why the service refuses a name for a server; undefined where it allows it. Pure. */
export function serverNameRefusal(name: string): string | undefined {
  if (/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(name)) return undefined;
  return `The server name '${name}' is not allowed: it has 3 to 63 lowercase letters, digits and hyphens, and no hyphen at either end.`;
}

function loginRefusal(login: string): string | undefined {
  if (login === '') return 'The administrator login is required.';
  if (RESERVED_LOGINS.includes(login.toLowerCase()) || /^pg_/i.test(login)) {
    return `The administrator login '${login}' is reserved.`;
  }
  if (/^[a-z_][\w$-]{0,62}$/i.test(login)) return undefined;
  return `The administrator login '${login}' is not allowed: it has 1 to 63 letters, digits, underscores and hyphens, and begins with a letter.`;
}

function databaseNameRefusal(database: string): string | undefined {
  if (RESERVED_DATABASES.includes(database)) return `The database name '${database}' is reserved.`;
  if (/^[a-z_][\w-]{0,62}$/i.test(database)) return undefined;
  return `The database name '${database}' is not allowed: it has 1 to 63 letters, digits, hyphens and underscores, and begins with a letter or an underscore.`;
}
