import type { JsonObject } from '../arm/arm';
import { textAt } from '../arm/arm';
import { resourcesOf } from '../arm/checks';
import { CLUSTER_TYPE } from '../arm/postgresql-parts';
import { sameRegion } from '../arm/locations';
import type { Resource, ResourceStore } from '../arm/store';
import { badRequest, same } from '../arm/values';
import type { ClusterSettings } from './postgresql-rules';
import { copyRefusal } from './postgresql-rules';

/**
 * The cluster that a new one is made from.
 *
 * @param location where the new one is to be
 * @throws ArmError where the source is not there, was not there at that time, or takes no copy
 */
export function sourceOf(store: ResourceStore, wanted: JsonObject, location: string): Resource | undefined {
  const id = textAt(wanted, 'sourceResourceId');
  if (id === '') return undefined;
  const source = store.get(id);
  if (source?.type !== CLUSTER_TYPE) throw badRequest(`The source cluster '${id}' was not found.`);
  const pointInTime = textAt(wanted, 'pointInTimeUTC');
  const refused = copyRefusal({
    location,
    sourceLocation: source.location ?? '',
    statedLocation: sameRegion(textAt(wanted, 'sourceLocation')),
    sourceEdition: textAt(source.properties, 'coordinatorServerEdition'),
    sourceIsReplica: originOf(source) === 'source',
    replicas: readReplicasOf(store, source).length,
    earliestRestoreTime: textAt(source.properties, 'earliestRestoreTime'),
    pointInTime: pointInTime === '' ? undefined : pointInTime,
    now: new Date(),
  });
  if (refused !== undefined) throw badRequest(refused);
  return source;
}

/** What a cluster was made from: a replica follows its source, until it is promoted. */
export function originOf({ properties }: Resource): ClusterSettings['madeFrom'] {
  if (textAt(properties, 'sourceResourceId') === '') return 'nothing';
  return textAt(properties, 'pointInTimeUTC') === '' ? 'source' : 'backup';
}

/**
 * A copy has the configuration of its source, whatever a request says of these. A read replica has no standby and is
 * public besides, and the service says nothing to those who ask for another one.
 */
export function copied({ properties }: Resource, stated: JsonObject): JsonObject {
  const isReplica = textAt(stated, 'pointInTimeUTC') === '';
  const dropped = isReplica ? [...INHERITED, ...NOT_OF_REPLICAS] : INHERITED;
  return {
    ...Object.fromEntries(INHERITED.map((name) => [name, properties[name]])),
    ...Object.fromEntries(Object.entries(stated).filter(([name]) => !dropped.includes(name))),
  };
}

const INHERITED = [
  'administratorLogin',
  'citusVersion',
  'coordinatorServerEdition',
  'coordinatorStorageQuotaInMb',
  'coordinatorVCores',
  'enableShardsOnCoordinator',
  'nodeCount',
  'nodeServerEdition',
  'nodeStorageQuotaInMb',
  'nodeVCores',
  'postgresqlVersion',
];
const NOT_OF_REPLICAS = ['enableHa', 'coordinatorEnablePublicIpAccess'];

/** The roles of a source, as they are on a copy with this id: a restore keeps them, and a replica follows them. */
export function copiedRoles(store: ResourceStore, source: Resource, id: string): Resource[] {
  return resourcesOf(store, `${CLUSTER_TYPE}/roles`, source.id).map((role) => ({
    ...role,
    id: `${id}/roles/${role.name}`,
  }));
}

/** The ids of a cluster's read replicas: clusters made from it as it is, not as it was. */
export function readReplicasOf(store: ResourceStore, cluster: Resource): string[] {
  return resourcesOf(store, CLUSTER_TYPE)
    .filter((other) => originOf(other) === 'source')
    .filter(({ properties }) => same(textAt(properties, 'sourceResourceId'), cluster.id))
    .map(({ id }) => id);
}
