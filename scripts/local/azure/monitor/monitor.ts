import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { ArmError, objectAt, param } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import { locationOf, remove, tagsOf } from '../arm/checks';
import { categoriesOf, diagnosticSettingRefusal } from './diagnostic-rules';
import { actionGroupRefusal, metricAlertRefusal } from './monitor-rules';
import { groupId, requireGroup } from '../arm/resources';
import { badRequest, notFound } from '../arm/values';

const GROUP = '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Insights';
const SETTING_TYPE = 'Microsoft.Insights/diagnosticSettings';
const SETTING = `{scope...}/providers/${SETTING_TYPE}/{setting}`;
const CATEGORIES = '{scope...}/providers/Microsoft.Insights/diagnosticSettingsCategories';

/** Why a resource is refused; undefined where it is allowed. */
type Refusal = (properties: JsonObject, exists: (id: string) => boolean) => string | undefined;

/** Microsoft.Insights: action groups, metric alerts and diagnostic settings. */
export function monitorRoutes(store: ResourceStore): Route[] {
  return [
    ...globalRoutes(store, 'actionGroups', ['2023-01-01'], actionGroupRefusal),
    ...globalRoutes(store, 'metricAlerts', ['2018-03-01'], metricAlertRefusal),
    ...diagnosticSettingRoutes(store),
  ];
}

/** What is made in one go, in no region, and read back as it was described. */
function globalRoutes(
  store: ResourceStore,
  kind: string,
  apiVersions: readonly string[],
  refusal: Refusal,
): Route[] {
  const type = `Microsoft.Insights/${kind}`;
  const pattern = `${GROUP}/${kind}/{name}`;
  const idOf = (request: ArmRequest): string =>
    `${groupId(request)}/providers/${type}/${param(request, 'name')}`;
  return [
    {
      method: 'GET',
      pattern,
      apiVersions,
      handle: (request) => {
        const resource = store.get(idOf(request));
        if (resource !== undefined) return { status: 200, body: representation(resource) };
        requireGroup(store, request);
        throw notFound(type, param(request, 'name'));
      },
    },
    {
      method: 'PUT',
      pattern,
      apiVersions,
      handle: (request) => {
        requireGroup(store, request);
        const location = locationOf(request);
        if (location.toLowerCase() !== 'global') {
          throw badRequest(`The location of ${type} is global, and not ${location}.`, 'LocationNotAvailable');
        }
        const properties = objectAt(request.body, 'properties');
        const refused = refusal(properties, (id) => store.get(id) !== undefined);
        if (refused !== undefined) throw badRequest(refused);
        const name = param(request, 'name');
        const existing = store.get(idOf(request));
        const id = existing?.id ?? idOf(request);
        const resource: Resource = { id, name, type, location, tags: tagsOf(request), properties };
        store.put(resource);
        // A metric alert answers 200 to its creation too.
        const status = existing === undefined && kind === 'actionGroups' ? 201 : 200;
        return { status, body: representation(resource) };
      },
    },
    { method: 'DELETE', pattern, apiVersions, handle: (request) => removed(store, idOf(request)) },
  ];
}

function diagnosticSettingRoutes(store: ResourceStore): Route[] {
  const apiVersions = ['2021-05-01-preview'];
  const idOf = (request: ArmRequest): string =>
    `${param(request, 'scope')}/providers/${SETTING_TYPE}/${param(request, 'setting')}`;
  return [
    {
      method: 'GET',
      pattern: SETTING,
      apiVersions,
      handle: (request) => {
        const setting = store.get(idOf(request));
        if (setting !== undefined) return { status: 200, body: representation(setting) };
        requireTarget(store, request);
        throw notFound(SETTING_TYPE, param(request, 'setting'));
      },
    },
    {
      method: 'PUT',
      pattern: SETTING,
      apiVersions,
      handle: (request) => {
        const target = requireTarget(store, request);
        const properties = objectAt(request.body, 'properties');
        const id = idOf(request);
        const refused = diagnosticSettingRefusal({
          properties,
          targetType: target.type,
          others: store
            .below(target.id)
            .filter((it) => it.type === SETTING_TYPE && it.id.toLowerCase() !== id.toLowerCase())
            .map((it) => it.properties),
          exists: (other) => store.get(other) !== undefined,
        });
        if (refused !== undefined) throw new ArmError(refused.status, refused.code, refused.message);
        const setting: Resource = { id, name: param(request, 'setting'), type: SETTING_TYPE, properties };
        store.put(setting);
        return { status: 200, body: representation(setting) };
      },
    },
    { method: 'DELETE', pattern: SETTING, apiVersions, handle: (request) => removed(store, idOf(request)) },
    {
      method: 'GET',
      pattern: CATEGORIES,
      apiVersions,
      handle: (request) => {
        const target = requireTarget(store, request);
        const { logs, groups, metrics } = categoriesOf(target.type);
        const category = (name: string, properties: JsonObject): JsonObject => ({
          id: `${target.id}/providers/Microsoft.Insights/diagnosticSettingsCategories/${name}`,
          name,
          type: 'Microsoft.Insights/diagnosticSettingsCategories',
          properties,
        });
        const value = [
          ...logs.map((name) => category(name, { categoryType: 'Logs', categoryGroups: [...groups] })),
          ...metrics.map((name) => category(name, { categoryType: 'Metrics' })),
        ];
        return { status: 200, body: { value } };
      },
    },
  ];
}

function requireTarget(store: ResourceStore, request: ArmRequest): Resource {
  const target = store.get(param(request, 'scope'));
  if (target !== undefined) return target;
  throw new ArmError(404, 'ResourceNotFound', `The Resource '${param(request, 'scope')}' was not found.`);
}

function removed(store: ResourceStore, id: string): ArmResponse {
  if (store.get(id) === undefined) return { status: 204 };
  remove(store, id);
  return { status: 200 };
}
