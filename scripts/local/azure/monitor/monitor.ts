import type { ArmRequest, JsonObject } from '../arm/arm';
import { ArmError, objectAt } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { categoriesOf, diagnosticSettingRefusal } from './diagnostic-rules';
import { actionGroupRefusal, metricAlertRefusal } from './monitor-rules';
import { requireGroup, requireScope } from '../arm/resources';
import { ok, ResourceType } from '../arm/resource-type';
import { badRequest, notFound, same } from '../arm/values';
import { GLOBAL, GLOBAL_OR_REGION, locationOf } from '../arm/locations';
import { tagsOf } from '../arm/tags';

const GROUP = '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Insights';
const SETTING_TYPE = 'Microsoft.Insights/diagnosticSettings';
const CATEGORY_TYPE = 'Microsoft.Insights/diagnosticSettingsCategories';

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

/** What is made in one go, in no region or (an action group) in one that keeps its data, and read back as it was described. */
function globalRoutes(
  store: ResourceStore,
  kind: string,
  apiVersions: readonly string[],
  refusal: Refusal,
): Route[] {
  const type = `Microsoft.Insights/${kind}`;
  const isActionGroup = kind === 'actionGroups';
  const resources = new ResourceType(store, {
    type,
    pattern: `${GROUP}/${kind}/{name}`,
    apiVersions,
    parent: (request) => requireGroup(store, request),
  });
  return [
    resources.reading(),
    resources.listingBelow((request) => requireGroup(store, request)),
    resources.listingInSubscription(),
    resources.route('PUT', (request) => {
      requireGroup(store, request);
      const location = locationOf(request, isActionGroup ? GLOBAL_OR_REGION : GLOBAL);
      const properties = objectAt(request.body, 'properties');
      const refused = refusal(properties, (id) => store.get(id) !== undefined);
      if (refused !== undefined) throw badRequest(refused);
      const resource = resources.resource(request, { location, tags: tagsOf(request), properties });
      // A metric alert answers 200 to its creation too.
      return resources.put(resource, isActionGroup ? 201 : 200);
    }),
    resources.deleting(),
  ];
}

function diagnosticSettingRoutes(store: ResourceStore): Route[] {
  const apiVersions = ['2021-05-01-preview'];
  const settings = new ResourceType(store, {
    type: SETTING_TYPE,
    pattern: `{scope...}/providers/${SETTING_TYPE}/{setting}`,
    apiVersions,
    parent: (request) => requireScope(store, request),
  });
  return [
    settings.reading(),
    settings.listingBelow((request) => `${requireTarget(store, request).id}/providers/${SETTING_TYPE}`),
    settings.route('PUT', (request) => {
      const target = requireTarget(store, request);
      const setting = settings.resource(request, { properties: objectAt(request.body, 'properties') });
      const refused = diagnosticSettingRefusal({
        properties: setting.properties,
        targetType: target.type,
        others: settings
          .all(`${target.id}/providers/${SETTING_TYPE}`)
          .filter(({ id }) => !same(id, setting.id))
          .map(({ properties }) => properties),
        exists: (id) => store.get(id) !== undefined,
      });
      if (refused !== undefined) throw new ArmError(refused.status, refused.code, refused.message);
      return settings.put(setting, 200);
    }),
    settings.deleting(),
    {
      method: 'GET',
      pattern: `{scope...}/providers/${CATEGORY_TYPE}`,
      apiVersions,
      handle: (request) => ok({ value: categories(requireTarget(store, request)) }),
    },
  ];
}

/** What a resource has to say for itself, as its diagnostic settings can choose. */
function categories({ id, type }: Resource): JsonObject[] {
  const { logs, groups, metrics } = categoriesOf(type);
  const category = (name: string, properties: JsonObject): JsonObject => ({
    id: `${id}/providers/${CATEGORY_TYPE}/${name}`,
    name,
    type: CATEGORY_TYPE,
    properties,
  });
  return [
    ...logs.map((name) => category(name, { categoryType: 'Logs', categoryGroups: [...groups] })),
    ...metrics.map((name) => category(name, { categoryType: 'Metrics' })),
  ];
}

function requireTarget(store: ResourceStore, request: ArmRequest): Resource {
  const scope = requireScope(store, request);
  const target = store.get(scope);
  if (target !== undefined) return target;
  throw notFound('Microsoft.Resources/subscriptions', scope);
}
