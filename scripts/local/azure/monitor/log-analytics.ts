import { createHash } from 'node:crypto';
import type { ArmRequest, JsonObject } from '../arm/arm';
import { objectAt, textAt } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { wholeNumberOf, wordOf } from '../arm/checks';
import { requireGroup } from '../arm/resources';
import { ok, ResourceType } from '../arm/resource-type';
import { badRequest } from '../arm/values';
import { placeOf } from '../arm/locations';
import { tagsOf } from '../arm/tags';

export const WORKSPACE_TYPE = 'Microsoft.OperationalInsights/workspaces';
const PROVIDER = '/subscriptions/{subscription}/providers/Microsoft.OperationalInsights';
const WORKSPACE = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${WORKSPACE_TYPE}/{workspace}`;
const SKUS = ['PerGB2018', 'Free', 'PerNode', 'Standalone', 'CapacityReservation', 'LACluster'];

/** Microsoft.OperationalInsights: Log Analytics workspaces. */
export function logAnalyticsRoutes(store: ResourceStore): Route[] {
  const workspaces = new ResourceType(store, {
    type: WORKSPACE_TYPE,
    pattern: WORKSPACE,
    apiVersions: ['2022-10-01', '2020-08-01'],
    parent: (request) => requireGroup(store, request),
  });
  return [
    workspaces.reading(),
    workspaces.route('PUT', (request) => {
      requireGroup(store, request);
      return workspaces.put(described(workspaces, request));
    }),
    workspaces.deleting(),
    workspaces.route(
      'POST',
      (request) => {
        const { id } = workspaces.require(request);
        return ok({ primarySharedKey: key(id, 'primary'), secondarySharedKey: key(id, 'secondary') });
      },
      '/sharedKeys',
    ),
    {
      // Azure keeps deleted workspaces for 14 days, which matters to those of a dedicated cluster alone.
      method: 'GET',
      pattern: `${PROVIDER}/deletedWorkspaces`,
      apiVersions: ['2023-09-01'],
      handle: () => ok({ value: [] }),
    },
  ];
}

/** The workspace that a request describes. @throws ArmError 400 */
function described(workspaces: ResourceType, request: ArmRequest): Resource {
  const name = workspaces.nameOf(request);
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/.test(name)) {
    throw badRequest(
      `The workspace name '${name}' has to have 4 to 63 letters, digits and hyphens, and no hyphen at either end.`,
      'InvalidResourceName',
    );
  }
  return workspaces.resource(request, {
    location: placeOf(request, workspaces.find(request)),
    tags: tagsOf(request),
    properties: {
      ...checked(objectAt(request.body, 'properties')),
      ...fixed(workspaces.find(request), workspaces.idOf(request)),
    },
  });
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
