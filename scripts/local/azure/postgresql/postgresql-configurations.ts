import type { ArmRequest, JsonObject } from '../arm/arm';
import { ArmError, objectAt, textAt } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import type { Operations } from '../arm/operations';
import type { Parameter } from '../arm/parameter-kinds';
import { allParameters, parameterNamed } from './postgresql-parameters';
import { CLUSTER_TYPE, clusterPartsIn, clustersIn, workerCountOf } from '../arm/postgresql-parts';
import type { ResourceType } from '../arm/resource-type';
import { ok } from '../arm/resource-type';
import { badRequest } from '../arm/values';

/**
 * Server parameters of the coordinator and of the workers. A parameter always exists and has a value; only what
 * differs from its default is stored, and there is nothing to delete: a client sets the default again.
 */
export function postgresqlConfigurationRoutes(store: ResourceStore, operations: Operations): Route[] {
  return [...wholeConfigurationRoutes(store), ...configurationRoutesByKind(store, operations)];
}

/** The kinds of configuration, each with the role of the servers it is for. */
const ROLES = { coordinatorConfigurations: 'Coordinator', nodeConfigurations: 'Worker' } as const;
const KINDS = ['coordinatorConfigurations', 'nodeConfigurations'] as const;

/** Every parameter of a cluster, with its value on the coordinator and on the workers side by side. */
function wholeConfigurationRoutes(store: ResourceStore): Route[] {
  const configurations = clusterPartsIn(store, 'configurations');
  return [
    configurations.listing((request) => {
      const cluster = clustersIn(store).require(request);
      return ok({
        value: allParameters().map(([name, parameter]) => whole(store, cluster, name, parameter)),
      });
    }),
    configurations.route('GET', (request) => {
      const { cluster, name, parameter } = addressed(store, request, configurations);
      return ok(whole(store, cluster, name, parameter));
    }),
  ];
}

function configurationRoutesByKind(store: ResourceStore, operations: Operations): Route[] {
  return KINDS.flatMap((kind): Route[] => {
    const configurations = clusterPartsIn(store, kind);
    const inForce = (request: ArmRequest, { parameter, value, provisioningState = 'Succeeded' }: Setting) =>
      configurations.resource(request, { properties: { ...shown(parameter, value), provisioningState } });
    const unset = (request: ArmRequest, { systemData = {} }: Resource, parameter: Parameter): Resource => ({
      ...inForce(request, { parameter, value: parameter.defaultValue }),
      systemData,
    });
    return [
      configurations.route('GET', (request) => {
        const { cluster, parameter } = addressed(store, request, configurations);
        return ok(representation(configurations.find(request) ?? unset(request, cluster, parameter)));
      }),
      configurations.route('PUT', (request) => {
        const { cluster, name, parameter } = addressed(store, request, configurations);
        if (kind === 'nodeConfigurations' && workerCountOf(cluster) === 0) {
          throw badRequest(
            `The configuration '${name}' cannot be set on worker nodes: the cluster '${cluster.name}' has none.`,
          );
        }
        const value = checkedValue(name, parameter, objectAt(request.body, 'properties'));
        const meanwhile = inForce(request, { parameter, value, provisioningState: 'InProgress' });
        const becomes = value === parameter.defaultValue ? null : inForce(request, { parameter, value });
        const result = representation(becomes ?? unset(request, cluster, parameter));
        const change = { resourceId: meanwhile.id, meanwhile, becomes, result };
        return operations.begin(request, change, 201, { whole: cluster.id });
      }),
    ];
  });
}

/** A parameter as the cluster's own list has it. */
function whole(store: ResourceStore, cluster: Resource, name: string, parameter: Parameter): JsonObject {
  const { dataType, allowedValues, requiresRestart } = parameter;
  return {
    id: `${cluster.id}/configurations/${name}`,
    name,
    type: `${CLUSTER_TYPE}/configurations`,
    ...(cluster.systemData === undefined ? {} : { systemData: cluster.systemData }),
    properties: {
      dataType,
      allowedValues,
      requiresRestart,
      serverRoleGroupConfigurations: KINDS.map((kind) => ({
        role: ROLES[kind],
        ...valued(parameter, valueOf(store, cluster, kind, name, parameter)),
      })),
      provisioningState: 'Succeeded',
    },
  };
}

/** The parameters of one server, each with the value it has there. */
export function configurationsOfServer(
  store: ResourceStore,
  cluster: Resource,
  server: JsonObject,
): JsonObject[] {
  const { role } = objectAt(server, 'properties');
  const kind = role === 'Coordinator' ? 'coordinatorConfigurations' : 'nodeConfigurations';
  return allParameters().map(([name, parameter]) => ({
    id: `${textAt(server, 'id')}/configurations/${name}`,
    name,
    type: `${CLUSTER_TYPE}/servers/configurations`,
    ...(cluster.systemData === undefined ? {} : { systemData: cluster.systemData }),
    properties: {
      ...shown(parameter, valueOf(store, cluster, kind, name, parameter)),
      provisioningState: 'Succeeded',
    },
  }));
}

function valueOf(
  store: ResourceStore,
  cluster: Resource,
  kind: (typeof KINDS)[number],
  name: string,
  { defaultValue }: Parameter,
): string {
  const value = store.get(`${cluster.id}/${kind}/${name}`)?.properties['value'];
  return typeof value === 'string' ? value : defaultValue;
}

interface Setting {
  readonly parameter: Parameter;
  readonly value: string;
  readonly provisioningState?: string;
}

interface Addressed {
  readonly cluster: Resource;
  readonly name: string;
  readonly parameter: Parameter;
}

/** @throws ArmError 404 for a cluster or a parameter that does not exist */
function addressed(store: ResourceStore, request: ArmRequest, configurations: ResourceType): Addressed {
  const cluster = clustersIn(store).require(request);
  const name = configurations.nameOf(request);
  const parameter = parameterNamed(name);
  if (parameter !== undefined) return { cluster, name, parameter };
  throw new ArmError(404, 'not_found', `There is no configuration with name "${name}".`);
}

function checkedValue(name: string, parameter: Parameter, { value }: JsonObject): string {
  if (typeof value !== 'string') {
    throw badRequest(`The configuration '${name}' needs a value, which is text.`);
  }
  if (parameter.allows(value)) return value;
  throw badRequest(
    `The value '${value}' of the configuration '${name}' is not allowed; allowed values are ${parameter.allowedValues}.`,
    'InvalidParameterValue',
  );
}

/** What the service says of a parameter that has a value. */
function shown(parameter: Parameter, value: string): JsonObject {
  const { dataType, allowedValues, requiresRestart } = parameter;
  return { ...valued(parameter, value), dataType, allowedValues, requiresRestart };
}

function valued({ defaultValue }: Parameter, value: string): JsonObject {
  const source = value === defaultValue ? 'system-default' : 'user-override';
  return { value, defaultValue, source };
}
