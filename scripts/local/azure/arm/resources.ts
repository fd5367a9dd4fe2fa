import type { ArmRequest, ArmResponse, JsonObject } from './arm';
import { ArmError, objectAt, param } from './arm';
import type { Route } from './router';
import type { Resource, ResourceStore } from './store';
import { representation } from './store';
import type { Operations } from './operations';

const GROUP = '/subscriptions/{subscription}/resourceGroups/{group}';
const API_VERSIONS = ['2023-07-01', '2022-09-01'];

/** Microsoft.Resources: resource groups, and what is in them. */
export function resourceGroupRoutes(store: ResourceStore, operations: Operations): Route[] {
  const apiVersions = API_VERSIONS;
  return [
    { method: 'PUT', pattern: GROUP, apiVersions, handle: (request) => createOrUpdate(store, request) },
    {
      method: 'PATCH',
      pattern: GROUP,
      apiVersions,
      handle: (request) => {
        const group = requireGroup(store, request);
        store.put({ ...group, tags: objectAt(request.body, 'tags') });
        return answer(200, requireGroup(store, request));
      },
    },
    {
      method: 'GET',
      pattern: GROUP,
      apiVersions,
      handle: (request) => answer(200, requireGroup(store, request)),
    },
    {
      method: 'HEAD',
      pattern: GROUP,
      apiVersions,
      handle: (request) => ({ status: store.get(groupId(request)) === undefined ? 404 : 204 }),
    },
    {
      method: 'GET',
      pattern: `${GROUP}/resources`,
      apiVersions,
      handle: (request) => ({ status: 200, body: { value: topLevel(store, requireGroup(store, request)) } }),
    },
    {
      method: 'GET',
      pattern: '/subscriptions/{subscription}/resources',
      apiVersions: ['2015-11-01'],
      handle: (request) => ({ status: 200, body: { value: ofType(store, request) } }),
    },
    {
      method: 'DELETE',
      pattern: GROUP,
      apiVersions,
      handle: (request) => {
        const { id } = requireGroup(store, request);
        return operations.begin(request, { resourceId: id, becomes: null }, 202);
      },
    },
  ];
}

/** The resource group an address lies in. @throws ArmError 404 where there is none */
export function requireGroup(store: ResourceStore, request: ArmRequest): Resource {
  const group = store.get(groupId(request));
  if (group === undefined) {
    throw new ArmError(
      404,
      'ResourceGroupNotFound',
      `Resource group '${param(request, 'group')}' could not be found.`,
    );
  }
  return group;
}

export function groupId(request: ArmRequest): string {
  return `/subscriptions/${param(request, 'subscription')}/resourceGroups/${param(request, 'group')}`;
}

function createOrUpdate(store: ResourceStore, request: ArmRequest): ArmResponse {
  const location = request.body?.['location'];
  if (typeof location !== 'string' || location === '') {
    throw new ArmError(400, 'LocationRequired', 'The location property is required for this definition.');
  }
  const existing = store.get(groupId(request));
  if (existing !== undefined && existing.location !== location) {
    throw new ArmError(
      409,
      'InvalidResourceGroupLocation',
      `the resource group '${existing.name}' exists in ${existing.location ?? '?'} and cannot be moved to ${location}`,
    );
  }
  const group: Resource = {
    id: groupId(request),
    name: param(request, 'group'),
    type: 'Microsoft.Resources/resourceGroups',
    location,
    tags: objectAt(request.body, 'tags'),
    properties: { provisioningState: 'Succeeded' },
  };
  store.put(group);
  return answer(existing === undefined ? 201 : 200, group);
}

/** The resources of one type in a subscription. @throws ArmError 400 for another way to choose them */
function ofType(store: ResourceStore, request: ArmRequest): JsonObject[] {
  const filter = request.query.get('$filter') ?? '';
  const [, wanted = ''] = /^resourceType eq '([^']+)'$/.exec(filter) ?? [];
  if (wanted === '') {
    throw new ArmError(
      400,
      'InvalidFilterInQueryString',
      `the filter "${filter}" is not answered here: it is resourceType eq 'TYPE'`,
    );
  }
  return store
    .below(`/subscriptions/${param(request, 'subscription')}`)
    .filter(({ type }) => type.toLowerCase() === wanted.toLowerCase())
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

function answer(status: number, resource: Resource): ArmResponse {
  return { status, body: representation(resource) };
}
