import { AZURE_SERVICES_ADDRESS, AZURE_SERVICES_RULE } from '../../config/azure/firewall-rules';
import type { CosmosEnvironment } from '../../config/environment/environment';

/** Something that a file and the cluster it adopts say differently. */
export interface Difference {
  /** A key of the file, or a rule, role, parameter or tag by its name. */
  readonly what: string;
  /** Absent where the file does not have it. */
  readonly file?: string;
  /** Absent where the cluster does not have it. */
  readonly cluster?: string;
}

/**
 * What differs between a file that adopts a cluster and the cluster, both as settings. What the project alone adds, such as a
 * lock, is left to the plan. Pure.
 */
export function differencesOf(file: CosmosEnvironment, cluster: CosmosEnvironment): Difference[] {
  const said = factsOf(file);
  const found = factsOf(cluster);
  return [...new Set([...said.keys(), ...found.keys()])].flatMap((what): Difference[] => {
    const inFile = said.get(what);
    const onCluster = found.get(what);
    if (inFile === onCluster) return [];
    return [
      {
        what,
        ...(inFile === undefined ? {} : { file: inFile }),
        ...(onCluster === undefined ? {} : { cluster: onCluster }),
      },
    ];
  });
}

/** One difference as a part of a sentence. Pure. */
export function differenceWords({ what, file, cluster }: Difference): string {
  if (file === undefined) return `the cluster has ${what} (${cluster ?? ''}), which the file does not name`;
  if (cluster === undefined) return `the file names ${what} (${file}), which the cluster does not have`;
  return `${what} is ${file} in the file and ${cluster} on the cluster`;
}

/** Everything that an environment says of its cluster, by what a sentence calls it. */
function factsOf({ location, cluster, network, roles, parameters, tags }: CosmosEnvironment) {
  const isScaledOut = cluster.stage === 'scaled-out';
  const { coordinator, workers, maintenanceWindow: window } = cluster;
  const node = (size: typeof coordinator | NonNullable<typeof workers>): string =>
    `${String(size.vCores)} vCores, ${String(size.storageGiB)} GiB${size.edition === undefined ? '' : `, ${size.edition}`}`;
  const entries: (readonly [string, string | undefined])[] = [
    ['location', location],
    ['cluster.postgresVersion', String(cluster.postgresVersion)],
    ['cluster.citusVersion', cluster.citusVersion],
    ['cluster.stage', cluster.stage],
    ['cluster.coordinator', `${node(coordinator)}${coordinator.burstable ? ', burstable' : ''}`],
    // What a single node is to get later is the file's alone.
    [
      'cluster.workers',
      workers === undefined || !isScaledOut ? undefined : `${String(workers.count)} of ${node(workers)}`,
    ],
    ['cluster.coordinatorHoldsShards', isScaledOut ? String(cluster.coordinatorHoldsShards) : undefined],
    ['cluster.highAvailability', String(cluster.highAvailability)],
    ['cluster.preferredPrimaryZone', cluster.preferredPrimaryZone],
    [
      'cluster.maintenanceWindow',
      window === undefined
        ? undefined
        : `${window.day} ${String(window.startHour)}:${String(window.startMinute).padStart(2, '0')}`,
    ],
    ['network.access', network.access],
    ['network.workerPublicAccess', network.workerPublicAccess === undefined ? undefined : 'public'],
    ...rulesOf(network).map(
      ({ name, from, to }) => [`the firewall rule ${name}`, `${from} to ${to}`] as const,
    ),
    ...(roles ?? []).map(({ name }) => [`the role ${name}`, 'a login'] as const),
    ...(['coordinator', 'workers'] as const)
      .filter((kind) => kind === 'coordinator' || isScaledOut)
      .flatMap((kind) =>
        Object.entries(parameters?.[kind] ?? {}).map(
          ([name, value]) => [`the parameter ${name} of the ${kind}`, value] as const,
        ),
      ),
    ...Object.entries(tags).map(([name, value]) => [`the tag ${name}`, value] as const),
  ];
  return new Map(entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}

function rulesOf(network: CosmosEnvironment['network']) {
  if (network.access === 'private') return [];
  const azure = { name: AZURE_SERVICES_RULE, from: AZURE_SERVICES_ADDRESS, to: AZURE_SERVICES_ADDRESS };
  return [...network.allow, ...(network.allowAzureServices === undefined ? [] : [azure])];
}
