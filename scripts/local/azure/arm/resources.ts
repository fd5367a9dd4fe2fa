import type { ArmRequest, JsonObject } from './arm';
import { ArmError, param } from './arm';
import type { Route } from './router';
import type { Resource, ResourceStore } from './store';
import { badRequest, same } from './values';
import type { Operations } from './operations';
import { ok, ResourceType } from './resource-type';
import { locationOf } from './locations';
import { tagsOf } from './tags';

const GROUP = '/subscriptions/{subscription}/resourceGroups/{group}';

/** Microsoft.Resources: resource groups, and what is in them. */
export function resourceGroupRoutes(store: ResourceStore, operations: Operations): Route[] {
  const groups = groupsIn(store);
  return [
    groups.route('PUT', (request) => groups.put(described(groups, request))),
    groups.route('PATCH', (request) => groups.put({ ...groups.require(request), tags: tagsOf(request) })),
    groups.reading(),
    groups.listingBelow((request) => `/subscriptions/${param(request, 'subscription')}`),
    groups.route('HEAD', (request) => ({ status: groups.find(request) === undefined ? 404 : 204 })),
    groups.route('GET', (request) => ok({ value: topLevel(store, groups.require(request)) }), '/resources'),
    {
      method: 'GET',
      pattern: '/subscriptions/{subscription}/resources',
      apiVersions: ['2015-11-01'],
      handle: (request) => ok({ value: ofType(store, request) }),
    },
    groups.route('DELETE', (request) => {
      const group = groups.require(request);
      const properties = { ...group.properties, provisioningState: 'Deleting' };
      const change = { resourceId: group.id, meanwhile: { ...group, properties }, becomes: null };
      return operations.begin(request, change, 202);
    }),
  ];
}

/** The same routes, which make and change nothing in a resource group that is being deleted. */
export function refusingDeletedGroups(store: ResourceStore, routes: readonly Route[]): Route[] {
  return routes.map((route) => ({
    ...route,
    handle: (request) => {
      const [group, name = ''] = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)/i.exec(request.path) ?? [];
      const writes = ['PUT', 'PATCH', 'POST'].includes(request.method);
      if (group !== undefined && writes && store.isBeingDeleted(decodeURIComponent(group))) {
        throw new ArmError(
          409,
          'ResourceGroupBeingDeleted',
          `The resource group '${name}' is in deprovisioning state and cannot perform this operation.`,
        );
      }
      return route.handle(request);
    },
  }));
}

function groupsIn(store: ResourceStore): ResourceType {
  return new ResourceType(store, {
    type: 'Microsoft.Resources/resourceGroups',
    pattern: GROUP,
    apiVersions: ['2023-07-01', '2022-09-01'],
    missing: (name) =>
      new ArmError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`),
  });
}

/** The resource group an address lies in. @throws ArmError 404 where there is none */
export function requireGroup(store: ResourceStore, request: ArmRequest): Resource {
  return groupsIn(store).require(request);
}

/** What a resource that extends another one extends, which can be the subscription. @throws ArmError 404 where it is missing */
export function requireScope(store: ResourceStore, request: ArmRequest): string {
  const scope = param(request, 'scope');
  if (/^\/subscriptions\/[^/]+$/i.test(scope) || store.get(scope) !== undefined) return scope;
  throw new ArmError(404, 'ResourceNotFound', `The scope '${scope}' was not found.`);
}

/** The group that a request describes. @throws ArmError 400, or 409 where the group is in another region */
function described(groups: ResourceType, request: ArmRequest): Resource {
  const name = groups.nameOf(request);
  if (!/^[-\w.()]{0,89}[-\w()]$/.test(name)) {
    throw badRequest(
      `The provided resource group name '${name}' is not valid: it has 1 to 90 letters, digits, underscores, hyphens, parentheses and dots, and no dot at its end.`,
      'InvalidResourceGroup',
    );
  }
  const location = locationOf(request);
  const existing = groups.find(request);
  if (existing !== undefined && existing.location !== location) {
    throw new ArmError(
      409,
      'InvalidResourceGroupLocation',
      `the resource group '${existing.name}' exists in ${existing.location ?? '?'} and cannot be moved to ${location}`,
    );
  }
  const tags = tagsOf(request);
  return groups.resource(request, { location, tags, properties: { provisioningState: 'Succeeded' } });
}

/** The resources of one type in a subscription. @throws ArmError 400 for another way to choose them */
function ofType(store: ResourceStore, request: ArmRequest): JsonObject[] {
  const filter = request.query.get('$filter') ?? '';
  const [, wanted = ''] = /^resourceType eq '([^']+)'$/.exec(filter) ?? [];
  if (wanted === '') {
    throw badRequest(
      `the filter "${filter}" is not answered here: it is resourceType eq 'TYPE'`,
      'InvalidFilterInQueryString',
    );
  }
  return store
    .below(`/subscriptions/${param(request, 'subscription')}`)
    .filter(({ type }) => same(type, wanted))
    .map(summary);
}

/** Resources of the group itself; what is inside a resource (firewall rules) or extends one (locks) is not listed. */
function topLevel(store: ResourceStore, group: Resource): JsonObject[] {
  const depth = group.id.split('/').length + '/providers/NAMESPACE/TYPE/NAME'.split('/').length - 1;
  return store
    .below(group.id)
    .filter(({ id, type }) => id.split('/').length === depth && !type.startsWith('Microsoft.Authorization/'))
    .map(summary);
}

function summary({ id, name, type, location }: Resource): JsonObject {
  return { id, name, type, ...(location === undefined ? {} : { location }) };
}
