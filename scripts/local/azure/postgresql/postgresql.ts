import { randomInt } from 'node:crypto';
import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { ArmError, objectAt, param, textAt, without } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import type { Operations } from '../arm/operations';
import type { ClusterSettings } from './postgresql-rules';
import { inherited, readReplicasOf, sameId, sourceOf, withoutZeroes } from './postgresql-copies';
import { clusterNameRefusal, passwordRefusal, refusal } from './postgresql-rules';
import { privateEndpointConnections } from '../network/private-endpoints';
import { groupId, requireGroup } from '../arm/resources';

const TYPE = 'Microsoft.DBforPostgreSQL/serverGroupsv2';
const CLUSTER = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${TYPE}/{cluster}`;
const RULE = `${CLUSTER}/firewallRules/{rule}`;
const apiVersions = ['2022-11-08'];
/** Written once and never given back, by the service as by the stand-in: it is not even stored. */
const PASSWORD = 'administratorLoginPassword';

export interface PostgresqlOptions {
  /** Cluster names that somebody else has. @default - none */
  readonly takenNames?: readonly string[];
}

/** Microsoft.DBforPostgreSQL: Azure Cosmos DB for PostgreSQL clusters, their servers and firewall rules. */
export function postgresqlRoutes(
  store: ResourceStore,
  operations: Operations,
  options: PostgresqlOptions = {},
): Route[] {
  return [
    ...clusterRoutes(store, operations, options),
    ...firewallRuleRoutes(store, operations),
    {
      method: 'GET',
      pattern: `${CLUSTER}/servers`,
      apiVersions,
      handle: (request) => {
        const cluster = requireCluster(store, request);
        return { status: 200, body: { value: servers(cluster) } };
      },
    },
  ];
}

function clusterRoutes(store: ResourceStore, operations: Operations, options: PostgresqlOptions): Route[] {
  return [
    {
      method: 'GET',
      pattern: CLUSTER,
      apiVersions,
      handle: (request) => answer(withRelations(store, requireCluster(store, request))),
    },
    {
      method: 'PUT',
      pattern: CLUSTER,
      apiVersions,
      handle: (request) => {
        requireGroup(store, request);
        const existing = store.get(clusterId(request));
        const becomes =
          existing === undefined ? created(store, request, options) : changed(existing, request);
        const meanwhile = underWay(existing ?? becomes, existing === undefined ? 'Provisioning' : 'Updating');
        const status = existing === undefined ? 201 : 200;
        return operations.begin(request, { resourceId: becomes.id, meanwhile, becomes }, status);
      },
    },
    {
      method: 'PATCH',
      pattern: CLUSTER,
      apiVersions,
      handle: (request) => {
        const existing = requireCluster(store, request);
        const becomes = changed(existing, request);
        const meanwhile = underWay(existing, 'Updating');
        return operations.begin(request, { resourceId: existing.id, meanwhile, becomes }, 202);
      },
    },
    {
      method: 'DELETE',
      pattern: CLUSTER,
      apiVersions,
      handle: (request) => {
        const cluster = store.get(clusterId(request));
        if (cluster === undefined) return { status: 204 };
        return operations.begin(request, { resourceId: cluster.id, becomes: null }, 202);
      },
    },
  ];
}

function firewallRuleRoutes(store: ResourceStore, operations: Operations): Route[] {
  const ruleId = (request: ArmRequest): string =>
    `${clusterId(request)}/firewallRules/${param(request, 'rule')}`;
  return [
    {
      method: 'GET',
      pattern: RULE,
      apiVersions,
      handle: (request) => {
        const rule = store.get(ruleId(request));
        if (rule === undefined) throw notFound(`${TYPE}/firewallRules`, param(request, 'rule'));
        return answer(rule);
      },
    },
    {
      method: 'GET',
      pattern: `${CLUSTER}/firewallRules`,
      apiVersions,
      handle: (request) => {
        const { id } = requireCluster(store, request);
        const rules = store.below(id).filter(({ type }) => type === `${TYPE}/firewallRules`);
        return { status: 200, body: { value: rules.map(representation) } };
      },
    },
    {
      method: 'PUT',
      pattern: RULE,
      apiVersions,
      handle: (request) => {
        requireCluster(store, request);
        const { startIpAddress, endIpAddress } = objectAt(request.body, 'properties');
        if (typeof startIpAddress !== 'string' || typeof endIpAddress !== 'string') {
          throw badRequest('A firewall rule needs a startIpAddress and an endIpAddress.');
        }
        const rule: Resource = {
          id: ruleId(request),
          name: param(request, 'rule'),
          type: `${TYPE}/firewallRules`,
          properties: { startIpAddress, endIpAddress, provisioningState: 'Succeeded' },
        };
        const status = store.get(rule.id) === undefined ? 201 : 200;
        const meanwhile = { ...rule, properties: { ...rule.properties, provisioningState: 'InProgress' } };
        return operations.begin(
          request,
          { resourceId: rule.id, meanwhile, becomes: rule },
          status,
          clusterId(request),
        );
      },
    },
    {
      method: 'DELETE',
      pattern: RULE,
      apiVersions,
      handle: (request) => {
        const rule = store.get(ruleId(request));
        if (rule === undefined) return { status: 204 };
        return operations.begin(request, { resourceId: rule.id, becomes: null }, 202, clusterId(request));
      },
    },
  ];
}

/** What the service fills in where a new cluster's description is silent. */
function defaults(properties: JsonObject): JsonObject {
  return {
    administratorLogin: 'citus',
    citusVersion: '12.1',
    coordinatorEnablePublicIpAccess: true,
    coordinatorServerEdition: 'GeneralPurpose',
    enableHa: false,
    // A lone node has to hold the shards; beside workers the coordinator holds none unless asked to.
    enableShardsOnCoordinator: properties['nodeCount'] === 0,
    maintenanceWindow: { customWindow: 'Disabled', dayOfWeek: 0, startHour: 0, startMinute: 0 },
    nodeEnablePublicIpAccess: false,
    nodeServerEdition: 'MemoryOptimized',
    nodeStorageQuotaInMb: 524_288,
    nodeVCores: 4,
    postgresqlVersion: '16',
    privateEndpointConnections: [],
  };
}

function created(store: ResourceStore, request: ArmRequest, options: PostgresqlOptions): Resource {
  const name = param(request, 'cluster');
  const location = request.body?.['location'];
  if (typeof location !== 'string' || location === '') {
    throw new ArmError(400, 'LocationRequired', 'The location property is required for this definition.');
  }
  const asked = objectAt(request.body, 'properties');
  const source = sourceOf(store, asked);
  // A copy brings its login along, and the provider sends zeroes for the sizes that nobody set.
  const wanted = source === undefined ? asked : withoutZeroes(asked);
  const refused =
    clusterNameRefusal(name) ?? (source === undefined ? passwordRefusal(wanted[PASSWORD]) : undefined);
  if (refused !== undefined) throw badRequest(refused);
  if (options.takenNames?.includes(name) === true || isTaken(store, request, name)) {
    throw new ArmError(
      409,
      'ServerGroupNameNotAvailable',
      `The cluster name '${name}' is already in use: names are unique in all of Azure.`,
    );
  }
  return checked(undefined, {
    id: clusterId(request),
    name,
    type: TYPE,
    location,
    tags: objectAt(request.body, 'tags'),
    properties: {
      ...defaults(wanted),
      ...(source === undefined ? {} : inherited(source)),
      ...without(wanted, PASSWORD),
      earliestRestoreTime: new Date().toISOString(),
    },
    // Fixed when the cluster is made, known to nobody before.
    hidden: { domainLabel: Array.from({ length: 14 }, () => randomInt(36).toString(36)).join('') },
  });
}

/** Whether a cluster elsewhere in this Azure has the name. */
function isTaken(store: ResourceStore, request: ArmRequest, name: string): boolean {
  return store
    .below('/subscriptions')
    .some((other) => other.type === TYPE && other.name === name && !sameId(other.id, clusterId(request)));
}

/** The cluster with what others are to it, which is known from them. */
function withRelations(store: ResourceStore, cluster: Resource): Resource {
  return {
    ...cluster,
    properties: {
      ...cluster.properties,
      readReplicas: readReplicasOf(store, cluster),
      privateEndpointConnections: privateEndpointConnections(store, cluster.id),
    },
  };
}

/** The cluster that a server's name belongs to, and which of its nodes that is: `c`, `w0`, `w1`, ... */
export function clusterOfServer(
  store: ResourceStore,
  fullyQualifiedDomainName: string,
): { readonly clusterId: string; readonly node: string } | undefined {
  for (const cluster of store.below('/subscriptions')) {
    if (cluster.type !== TYPE) continue;
    const found = serverNames(cluster).find(
      (server) => server['fullyQualifiedDomainName'] === fullyQualifiedDomainName.toLowerCase(),
    );
    if (found === undefined) continue;
    return { clusterId: cluster.id, node: textAt(found, 'name').slice(cluster.name.length + 1) };
  }
  return undefined;
}

function changed(existing: Resource, request: ArmRequest): Resource {
  const wanted = objectAt(request.body, 'properties');
  const location = request.body?.['location'];
  if (typeof location === 'string' && location !== existing.location) {
    throw new ArmError(
      409,
      'InvalidResourceLocation',
      `The cluster '${existing.name}' exists in ${existing.location ?? '?'} and cannot be moved to ${location}.`,
    );
  }
  const refused = wanted[PASSWORD] === undefined ? undefined : passwordRefusal(wanted[PASSWORD]);
  if (refused !== undefined) throw badRequest(refused);
  return checked(existing, {
    ...existing,
    ...(request.body?.['tags'] === undefined ? {} : { tags: objectAt(request.body, 'tags') }),
    properties: { ...existing.properties, ...without(wanted, PASSWORD) },
  });
}

/** The cluster with everything the service derives, if the service allows it. */
function checked(before: Resource | undefined, after: Resource): Resource {
  const refused = refusal(settings(after), before && settings(before));
  if (refused !== undefined) throw badRequest(refused);
  return {
    ...after,
    properties: {
      ...after.properties,
      serverNames: serverNames(after),
      provisioningState: 'Succeeded',
      state: 'Ready',
    },
  };
}

function serverNames(cluster: Resource): JsonObject[] {
  const domainLabel = textAt(cluster.hidden ?? {}, 'domainLabel');
  const workers = Array.from({ length: settings(cluster).nodeCount }, (_, index) => `w${String(index)}`);
  return ['c', ...workers].map((node) => ({
    name: `${cluster.name}-${node}`,
    fullyQualifiedDomainName: `${node}-${cluster.name}.${domainLabel}.postgres.cosmos.azure.com`,
  }));
}

function servers(cluster: Resource): JsonObject[] {
  const { properties } = cluster;
  return serverNames(cluster).map((server, index) => ({
    id: `${cluster.id}/servers/${textAt(server, 'name')}`,
    name: server['name'],
    type: `${TYPE}/servers`,
    properties: {
      role: index === 0 ? 'Coordinator' : 'Worker',
      fullyQualifiedDomainName: server['fullyQualifiedDomainName'],
      serverEdition: properties[index === 0 ? 'coordinatorServerEdition' : 'nodeServerEdition'],
      storageQuotaInMb: properties[index === 0 ? 'coordinatorStorageQuotaInMb' : 'nodeStorageQuotaInMb'],
      vCores: properties[index === 0 ? 'coordinatorVCores' : 'nodeVCores'],
      postgresqlVersion: properties['postgresqlVersion'],
      citusVersion: properties['citusVersion'],
      state: 'Ready',
    },
  }));
}

/** The numbers of a cluster that the rules judge. @throws ArmError 400 where one is not a number */
function settings({ properties }: Resource): ClusterSettings {
  const number = (name: string): number => {
    const value = properties[name];
    if (typeof value !== 'number') throw badRequest(`The property '${name}' is required and is a number.`);
    return value;
  };
  return {
    nodeCount: number('nodeCount'),
    nodeVCores: number('nodeVCores'),
    nodeStorageQuotaInMb: number('nodeStorageQuotaInMb'),
    coordinatorVCores: number('coordinatorVCores'),
    coordinatorStorageQuotaInMb: number('coordinatorStorageQuotaInMb'),
    postgresqlVersion: textAt(properties, 'postgresqlVersion'),
    coordinatorServerEdition: textAt(properties, 'coordinatorServerEdition'),
    enableHa: properties['enableHa'] === true,
  };
}

function underWay(cluster: Resource, state: 'Provisioning' | 'Updating'): Resource {
  return { ...cluster, properties: { ...cluster.properties, provisioningState: 'InProgress', state } };
}

function requireCluster(store: ResourceStore, request: ArmRequest): Resource {
  const cluster = store.get(clusterId(request));
  if (cluster !== undefined) return cluster;
  requireGroup(store, request);
  throw notFound(TYPE, param(request, 'cluster'));
}

function clusterId(request: ArmRequest): string {
  return `${groupId(request)}/providers/${TYPE}/${param(request, 'cluster')}`;
}

function answer(resource: Resource): ArmResponse {
  return { status: 200, body: representation(resource) };
}

function notFound(type: string, name: string): ArmError {
  return new ArmError(404, 'ResourceNotFound', `The Resource '${type}/${name}' was not found.`);
}

function badRequest(message: string): ArmError {
  return new ArmError(400, 'BadRequest', message);
}
