import type { ArmRequest, JsonObject } from '../arm/arm';
import { ArmError, objectAt } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import type { Operations } from '../arm/operations';
import type { Parameter } from './postgresql-parameters';
import { parameterNamed } from './postgresql-parameters';
import { clusterPartsIn, clustersIn, workerCountOf } from '../arm/postgresql-parts';
import type { ResourceType } from '../arm/resource-type';
import { ok } from '../arm/resource-type';
import { badRequest } from '../arm/values';

/**
 * Server parameters of the coordinator and of the workers. A parameter always exists and has a value; only what
 * differs from its default is stored, and there is nothing to delete: a client sets the default again.
 */
export function postgresqlConfigurationRoutes(store: ResourceStore, operations: Operations): Route[] {
  return (['coordinatorConfigurations', 'nodeConfigurations'] as const).flatMap((kind): Route[] => {
    const configurations = clusterPartsIn(store, kind);
    const inForce = (request: ArmRequest, { parameter, value, provisioningState = 'Succeeded' }: Setting) =>
      configurations.resource(request, { properties: { ...shown(parameter, value), provisioningState } });
    return [
      configurations.route('GET', (request) => {
        const { parameter } = addressed(store, request, configurations);
        const found = configurations.find(request);
        return ok(representation(found ?? inForce(request, { parameter, value: parameter.defaultValue })));
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
        return operations.begin(request, { resourceId: meanwhile.id, meanwhile, becomes }, 201, cluster.id);
      }),
    ];
  });
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
function shown(
  { dataType, allowedValues, defaultValue, requiresRestart }: Parameter,
  value: string,
): JsonObject {
  const source = value === defaultValue ? 'system-default' : 'user-override';
  return { value, defaultValue, source, dataType, allowedValues, requiresRestart };
}
