import type { JsonObject } from '../arm/arm';
import { textAt } from '../arm/arm';
import { resourcesOf } from '../arm/checks';
import { badRequest, same } from '../arm/values';
import type { Resource, ResourceStore } from '../arm/store';
import { CLUSTER_TYPE } from '../arm/postgresql-parts';
import { copyRefusal } from './postgresql-rules';

/** The cluster that a new one is made from. @throws ArmError where it is not there or was not there at that time */
export function sourceOf(store: ResourceStore, wanted: JsonObject): Resource | undefined {
  const id = wanted['sourceResourceId'];
  if (typeof id !== 'string' || id === '') return undefined;
  const source = store.get(id);
  if (source?.type !== CLUSTER_TYPE) throw badRequest(`The source cluster '${id}' was not found.`);
  const pointInTime = wanted['pointInTimeUTC'];
  const refused = copyRefusal({
    sourceLocation: source.location ?? '',
    statedLocation: textAt(wanted, 'sourceLocation'),
    sourceEdition: textAt(source.properties, 'coordinatorServerEdition'),
    earliestRestoreTime: textAt(source.properties, 'earliestRestoreTime'),
    pointInTime: typeof pointInTime === 'string' ? pointInTime : undefined,
    now: new Date(),
  });
  if (refused !== undefined) throw badRequest(refused);
  return source;
}

/** What a copy takes from its source where its own description is silent. */
export function inherited({ properties }: Resource): JsonObject {
  return Object.fromEntries(INHERITED.map((name) => [name, properties[name]]));
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

/** What the provider sends of a copy without the zeroes and empty texts that stand for what nobody set. */
export function withoutZeroes(properties: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== 0 && value !== ''));
}

/** The ids of a cluster's read replicas: clusters made from it as it is, not as it was. */
export function readReplicasOf(store: ResourceStore, cluster: Resource): string[] {
  return resourcesOf(store, CLUSTER_TYPE)
    .filter(({ properties }) => properties['pointInTimeUTC'] === undefined)
    .filter(({ properties }) => same(textAt(properties, 'sourceResourceId'), cluster.id))
    .map(({ id }) => id);
}
