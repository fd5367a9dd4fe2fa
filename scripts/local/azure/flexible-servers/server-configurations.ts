import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { ArmError, objectAt, textAt } from '../arm/arm';
import { FLEXIBLE_SERVER_TYPE, flexibleServerPartsIn, flexibleServersIn } from '../arm/flexible-server-parts';
import type { Operations } from '../arm/operations';
import { resourcesOf } from '../arm/checks';
import { ok } from '../arm/resource-type';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { badRequest } from '../arm/values';
import type { ServerParameter } from './server-parameters';
import { allServerParameters, serverParameterNamed } from './server-parameters';
import { serverBusy, startedServer } from './server-states';

const KIND = 'configurations';
const TYPE = `${FLEXIBLE_SERVER_TYPE}/${KIND}`;

/**
 * Server parameters, one list for every node of an elastic cluster. A parameter always exists and has a value; only what
 * differs from its default, or waits for a restart, is stored. There is nothing to delete: a client sets the default.
 */
export function flexibleServerConfigurationRoutes(store: ResourceStore, operations: Operations): Route[] {
  const configurations = flexibleServerPartsIn(store, KIND);
  const change = (request: ArmRequest): ArmResponse => changed(store, operations, request);
  return [
    configurations.listing((request) => {
      const server = flexibleServersIn(store).require(request);
      return ok({
        value: allServerParameters().map(([name, parameter]) => asItIs(store, server, name, parameter)),
      });
    }),
    configurations.route('GET', (request) => {
      const server = flexibleServersIn(store).require(request);
      const { name, parameter } = required(configurations.nameOf(request));
      return ok(asItIs(store, server, name, parameter));
    }),
    configurations.route('PATCH', change),
    configurations.route('PUT', change),
  ];
}

function changed(store: ResourceStore, operations: Operations, request: ArmRequest): ArmResponse {
  const server = startedServer(store, request);
  const { name, parameter } = required(flexibleServerPartsIn(store, KIND).nameOf(request));
  const value = checkedValue(name, parameter, objectAt(request.body, 'properties'));
  const { value: before, pending } = settingOf(store, server, name, parameter);
  const restarts = parameter.requiresRestart && (pending || value !== before);
  const id = idOf(server, name);
  const setting = { value, pending: restarts };
  const isDefault = value === parameter.defaultValue && !restarts;
  const becomes: Resource | null = isDefault ? null : { id, name, type: TYPE, properties: { ...setting } };
  const change = { resourceId: id, becomes, result: described(server, name, parameter, setting) };
  return operations.begin(request, change, 202, {
    whole: server.id,
    shown: null,
    busy: serverBusy(server),
  });
}

/** The stored configurations of a server once it has restarted: none waits for that any longer. */
export function afterRestart(store: ResourceStore, server: Resource): Resource[] {
  return resourcesOf(store, TYPE, server.id).map((configuration) => ({
    ...configuration,
    properties: { ...configuration.properties, pending: false },
  }));
}

/** @throws ArmError 404 for a parameter that the service does not have */
function required(name: string): { readonly name: string; readonly parameter: ServerParameter } {
  const parameter = serverParameterNamed(name);
  if (parameter !== undefined) return { name, parameter };
  throw new ArmError(404, 'ServerParameterNotFound', `The server parameter '${name}' was not found.`);
}

/** The value that a request sets; `system-default` for its source sets the default. @throws ArmError 400 */
function checkedValue(name: string, parameter: ServerParameter, stated: JsonObject): string {
  const { value, source } = stated;
  if (parameter.readOnly) {
    throw badRequest(`The server parameter '${name}' is read-only.`, 'ServerParameterReadOnly');
  }
  if (source !== undefined && source !== 'user-override' && source !== 'system-default') {
    throw badRequest(
      `The source '${textAt(stated, 'source')}' of the server parameter '${name}' is not one of user-override, system-default.`,
      'InvalidParameterValue',
    );
  }
  if (source === 'system-default') return parameter.defaultValue;
  if (typeof value !== 'string') {
    throw badRequest(`The server parameter '${name}' needs a value, which is text.`);
  }
  if (parameter.allows(value)) return value;
  throw badRequest(
    `The value '${value}' of the server parameter '${name}' is not allowed; allowed values are ${parameter.allowedValues}.`,
    'InvalidParameterValue',
  );
}

interface Setting {
  readonly value: string;
  /** Whether the value is that of the next start. */
  readonly pending: boolean;
}

function settingOf(
  store: ResourceStore,
  server: Resource,
  name: string,
  { defaultValue }: ServerParameter,
): Setting {
  const { value, pending } = store.get(idOf(server, name))?.properties ?? {};
  return { value: typeof value === 'string' ? value : defaultValue, pending: pending === true };
}

function idOf({ id }: Resource, name: string): string {
  return `${id}/${KIND}/${name}`;
}

function asItIs(
  store: ResourceStore,
  server: Resource,
  name: string,
  parameter: ServerParameter,
): JsonObject {
  return described(server, name, parameter, settingOf(store, server, name, parameter));
}

/** What the service says of a parameter of a server. */
function described(
  server: Resource,
  name: string,
  parameter: ServerParameter,
  { value, pending }: Setting,
): JsonObject {
  const { dataType, allowedValues, defaultValue, requiresRestart, readOnly } = parameter;
  return {
    id: idOf(server, name),
    name,
    type: TYPE,
    properties: {
      value,
      defaultValue,
      dataType,
      allowedValues,
      source: value === defaultValue ? 'system-default' : 'user-override',
      isDynamicConfig: !requiresRestart,
      isReadOnly: readOnly,
      isConfigPendingRestart: pending,
    },
  };
}
