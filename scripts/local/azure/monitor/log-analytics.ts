import { createHash } from 'node:crypto';
import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { objectAt, param, textAt } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import { locationOf, remove, tagsOf, wholeNumberOf, wordOf } from '../arm/checks';
import { groupId, requireGroup } from '../arm/resources';
import { badRequest, notFound } from '../arm/values';

export const WORKSPACE_TYPE = 'Microsoft.OperationalInsights/workspaces';
const PROVIDER = '/subscriptions/{subscription}/providers/Microsoft.OperationalInsights';
const WORKSPACE = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${WORKSPACE_TYPE}/{workspace}`;
const apiVersions = ['2022-10-01', '2020-08-01'];
const SKUS = ['PerGB2018', 'Free', 'PerNode', 'Standalone', 'CapacityReservation', 'LACluster'];

/** Microsoft.OperationalInsights: Log Analytics workspaces. */
export function logAnalyticsRoutes(store: ResourceStore): Route[] {
  return [
    {
      method: 'GET',
      pattern: WORKSPACE,
      apiVersions,
      handle: (request) => ({ status: 200, body: representation(requireWorkspace(store, request)) }),
    },
    { method: 'PUT', pattern: WORKSPACE, apiVersions, handle: (request) => createOrUpdate(store, request) },
    {
      method: 'DELETE',
      pattern: WORKSPACE,
      apiVersions,
      handle: (request) => {
        const workspace = store.get(workspaceId(request));
        if (workspace === undefined) return { status: 204 };
        remove(store, workspace.id);
        return { status: 200 };
      },
    },
    {
      method: 'POST',
      pattern: `${WORKSPACE}/sharedKeys`,
      apiVersions,
      handle: (request) => {
        const { id } = requireWorkspace(store, request);
        return {
          status: 200,
          body: { primarySharedKey: key(id, 'primary'), secondarySharedKey: key(id, 'secondary') },
        };
      },
    },
    {
      // Azure keeps deleted workspaces for 14 days, which matters to those of a dedicated cluster alone.
      method: 'GET',
      pattern: `${PROVIDER}/deletedWorkspaces`,
      apiVersions: ['2023-09-01'],
      handle: () => ({ status: 200, body: { value: [] } }),
    },
  ];
}

function createOrUpdate(store: ResourceStore, request: ArmRequest): ArmResponse {
  requireGroup(store, request);
  const name = param(request, 'workspace');
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/.test(name)) {
    throw badRequest(
      `The workspace name '${name}' has to have 4 to 63 letters, digits and hyphens, and no hyphen at either end.`,
      'InvalidResourceName',
    );
  }
  const existing = store.get(workspaceId(request));
  const workspace: Resource = {
    id: existing?.id ?? workspaceId(request),
    name,
    type: WORKSPACE_TYPE,
    location: locationOf(request),
    tags: tagsOf(request),
    properties: {
      ...checked(objectAt(request.body, 'properties')),
      ...fixed(existing, workspaceId(request)),
    },
  };
  store.put(workspace);
  return { status: existing === undefined ? 201 : 200, body: representation(workspace) };
}

/** What a client says of a workspace, as far as the service allows it. */
function checked(wanted: JsonObject): JsonObject {
  const sku = wordOf(objectAt(wanted, 'sku'), 'name', SKUS);
  const [least, most] = sku === 'Free' ? [7, 7] : [30, 730];
  wholeNumberOf(wanted, 'retentionInDays', least, most);
  for (const name of ['publicNetworkAccessForIngestion', 'publicNetworkAccessForQuery']) {
    if (wanted[name] !== undefined) wordOf(wanted, name, ['Enabled', 'Disabled']);
  }
  return {
    workspaceCapping: { dailyQuotaGb: -1 },
    publicNetworkAccessForIngestion: 'Enabled',
    publicNetworkAccessForQuery: 'Enabled',
    ...wanted,
  };
}

/** What the service says of a workspace, whatever a client sends. */
function fixed(existing: Resource | undefined, id: string): JsonObject {
  const digest = createHash('sha256').update(id.toLowerCase()).digest('hex');
  const uuid = [0, 8, 12, 16, 20].map((from, index) => digest.slice(from, [8, 12, 16, 20, 32][index]));
  const now = new Date().toISOString();
  return {
    customerId: uuid.join('-'),
    createdDate: existing === undefined ? now : textAt(existing.properties, 'createdDate'),
    modifiedDate: now,
    provisioningState: 'Succeeded',
  };
}

/** A key that stays the same and opens nothing: nobody takes logs here. */
function key(id: string, name: string): string {
  return createHash('sha512').update(`${id.toLowerCase()} ${name}`).digest('base64');
}

function requireWorkspace(store: ResourceStore, request: ArmRequest): Resource {
  const workspace = store.get(workspaceId(request));
  if (workspace !== undefined) return workspace;
  requireGroup(store, request);
  throw notFound(WORKSPACE_TYPE, param(request, 'workspace'));
}

function workspaceId(request: ArmRequest): string {
  return `${groupId(request)}/providers/${WORKSPACE_TYPE}/${param(request, 'workspace')}`;
}
