import type { ArmRequest, JsonObject } from '../arm/arm';
import { ArmError, objectAt, param } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import type { Operations } from '../arm/operations';
import type { Parameter } from './postgresql-parameters';
import { parameterNamed } from './postgresql-parameters';
import {
  CLUSTER_API_VERSIONS,
  CLUSTER_PATTERN,
  CLUSTER_TYPE,
  clusterOf,
  workerCountOf,
} from '../arm/postgresql-parts';

/** Whose parameters: the coordinator's, or those of all workers at once. */
type Kind = 'coordinatorConfigurations' | 'nodeConfigurations';

/**
 * Server parameters of the coordinator and of the workers. A parameter always exists and has a value; only what
 * differs from its default is stored, and there is nothing to delete: a client sets the default again.
 */
export function postgresqlConfigurationRoutes(store: ResourceStore, operations: Operations): Route[] {
  return (['coordinatorConfigurations', 'nodeConfigurations'] as const).flatMap((kind): Route[] => {
    const pattern = `${CLUSTER_PATTERN}/${kind}/{configuration}`;
    const apiVersions = CLUSTER_API_VERSIONS;
    return [
      {
        method: 'GET',
        pattern,
        apiVersions,
        handle: (request) => {
          const { id, name, parameter } = addressed(store, request, kind);
          const found = store.get(id) ?? configuration(kind, id, name, parameter, parameter.defaultValue);
          return { status: 200, body: representation(found) };
        },
      },
      {
        method: 'PUT',
        pattern,
        apiVersions,
        handle: (request) => {
          const { cluster, id, name, parameter } = addressed(store, request, kind);
          if (kind === 'nodeConfigurations' && workerCountOf(cluster) === 0) {
            throw new ArmError(
              400,
              'BadRequest',
              `The configuration '${name}' cannot be set on worker nodes: the cluster '${cluster.name}' has none.`,
            );
          }
          const value = checkedValue(name, parameter, objectAt(request.body, 'properties'));
          const change = {
            resourceId: id,
            meanwhile: configuration(kind, id, name, parameter, value, 'InProgress'),
            becomes:
              value === parameter.defaultValue ? null : configuration(kind, id, name, parameter, value),
          };
          return operations.begin(request, change, 201, cluster.id);
        },
      },
    ];
  });
}

interface Addressed {
  readonly cluster: Resource;
  readonly id: string;
  readonly name: string;
  readonly parameter: Parameter;
}

/** @throws ArmError 404 for a cluster or a parameter that does not exist */
function addressed(store: ResourceStore, request: ArmRequest, kind: Kind): Addressed {
  const cluster = clusterOf(store, request);
  const name = param(request, 'configuration');
  const parameter = parameterNamed(name);
  if (parameter === undefined) {
    throw new ArmError(404, 'not_found', `There is no configuration with name "${name}".`);
  }
  return { cluster, id: `${cluster.id}/${kind}/${name}`, name, parameter };
}

function checkedValue(name: string, parameter: Parameter, { value }: JsonObject): string {
  if (typeof value !== 'string') {
    throw new ArmError(400, 'BadRequest', `The configuration '${name}' needs a value, which is text.`);
  }
  if (parameter.allows(value)) return value;
  throw new ArmError(
    400,
    'InvalidParameterValue',
    `The value '${value}' of the configuration '${name}' is not allowed; allowed values are ${parameter.allowedValues}.`,
  );
}

function configuration(
  kind: Kind,
  id: string,
  name: string,
  { dataType, allowedValues, defaultValue, requiresRestart }: Parameter,
  value: string,
  provisioningState = 'Succeeded',
): Resource {
  const source = value === defaultValue ? 'system-default' : 'user-override';
  return {
    id,
    name,
    type: `${CLUSTER_TYPE}/${kind}`,
    properties: { value, defaultValue, source, dataType, allowedValues, requiresRestart, provisioningState },
  };
}
