import type { ArmRequest, ArmResponse, JsonObject } from './arm';
import { ArmError, objectAt, param, textAt } from './arm';
import type { Route } from './router';
import type { ResourceStore } from './store';
import { representation } from './store';
import { PRINCIPAL_ID } from './authentication';
import { resourcesOf } from './checks';
import { requireScope } from './resources';
import { ok, ResourceType } from './resource-type';
import type { Surroundings } from './surroundings';
import { requirePrincipal } from './surroundings';
import { badRequest, isGuid, isWithin, same } from './values';

const TYPE = 'Microsoft.Authorization/roleAssignments';
const DEFINITIONS = '{scope...}/providers/Microsoft.Authorization/roleDefinitions';
const PRINCIPAL_TYPES = ['User', 'Group', 'ServicePrincipal', 'ForeignGroup', 'Device'];

/** Built-in roles by the id they have in every tenant. */
export const ROLES = {
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  keyVaultAdministrator: '00482a5a-887f-4fb3-b363-3b7fe8e74483',
  keyVaultCertificatesOfficer: 'a4417e6f-fecd-4de8-b567-7b0420556985',
  keyVaultSecretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6',
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
  storageBlobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1',
} as const;

const NAMES: Readonly<Record<string, string>> = {
  [ROLES.owner]: 'Owner',
  [ROLES.contributor]: 'Contributor',
  [ROLES.reader]: 'Reader',
  [ROLES.keyVaultAdministrator]: 'Key Vault Administrator',
  [ROLES.keyVaultCertificatesOfficer]: 'Key Vault Certificates Officer',
  [ROLES.keyVaultSecretsOfficer]: 'Key Vault Secrets Officer',
  [ROLES.keyVaultSecretsUser]: 'Key Vault Secrets User',
  [ROLES.storageBlobDataOwner]: 'Storage Blob Data Owner',
  [ROLES.storageBlobDataContributor]: 'Storage Blob Data Contributor',
  [ROLES.storageBlobDataReader]: 'Storage Blob Data Reader',
};

/** Microsoft.Authorization: who may do what where. Data planes ask; Resource Manager itself lets everybody in. */
export function authorizationRoutes(store: ResourceStore, surroundings: Surroundings): Route[] {
  const assignments = new ResourceType(store, {
    type: TYPE,
    pattern: `{scope...}/providers/${TYPE}/{assignment}`,
    apiVersions: ['2022-04-01'],
    missing: (name) =>
      new ArmError(404, 'RoleAssignmentNotFound', `The role assignment '${name}' is not found.`),
  });
  const definitions = ['2022-05-01-preview', '2022-04-01'];
  return [
    assignments.reading(),
    assignments.route('PUT', (request) => create(store, surroundings, assignments, request)),
    assignments.deleting((assignment) => ok(representation(assignment))),
    { method: 'GET', pattern: DEFINITIONS, apiVersions: definitions, handle: listDefinitions },
    {
      method: 'GET',
      pattern: `${DEFINITIONS}/{role}`,
      apiVersions: definitions,
      handle: (request) => ok(definition(request, param(request, 'role'))),
    },
  ];
}

/** Whether a principal has one of some roles on a resource, granted there or on anything it lies in. */
export function isGranted(
  store: ResourceStore,
  principal: string | undefined,
  resourceId: string,
  roles: readonly string[],
): boolean {
  return resourcesOf(store, TYPE).some(
    ({ properties }) =>
      same(textAt(properties, 'principalId'), principal ?? '') &&
      roles.includes(roleIdOf(textAt(properties, 'roleDefinitionId'))) &&
      isWithin(resourceId, textAt(properties, 'scope')),
  );
}

function create(
  store: ResourceStore,
  surroundings: Surroundings,
  assignments: ResourceType,
  request: ArmRequest,
): ArmResponse {
  const name = assignments.nameOf(request);
  if (!isGuid(name)) {
    throw badRequest(
      `The role assignment ID '${name}' is not valid: it is a GUID.`,
      'InvalidRoleAssignmentId',
    );
  }
  const scope = requireScope(store, request);
  const assignment = assignments.resource(request, { properties: granted(surroundings, request, scope) });
  const equal = assignments.all().find(({ properties }) => isSame(properties, assignment.properties));
  if (equal !== undefined && equal.name !== name) {
    throw new ArmError(
      409,
      'RoleAssignmentExists',
      `The role assignment already exists. The ID of the existing role assignment is ${equal.name}.`,
    );
  }
  if (equal === undefined && assignments.find(request) !== undefined) {
    throw badRequest(
      'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
      'RoleAssignmentUpdateNotPermitted',
    );
  }
  return assignments.put(assignment);
}

function granted(surroundings: Surroundings, request: ArmRequest, scope: string): JsonObject {
  const properties = objectAt(request.body, 'properties');
  const principalId = textAt(properties, 'principalId');
  if (!isGuid(principalId)) {
    throw badRequest(`The principal ID '${principalId}' is not valid: it is a GUID.`, 'InvalidPrincipalId');
  }
  const given = properties['principalType'];
  if (given !== undefined && (typeof given !== 'string' || !PRINCIPAL_TYPES.includes(given))) {
    throw badRequest(
      `The principal type ${JSON.stringify(given)} is not one of ${PRINCIPAL_TYPES.join(', ')}.`,
    );
  }
  // The directory is asked of which type a principal is, and nothing else: whoever says it is believed.
  if (given === undefined) requirePrincipal(surroundings, principalId);
  return {
    roleDefinitionId: definitionId(request, roleIdOf(textAt(properties, 'roleDefinitionId'))),
    principalId,
    principalType: given ?? (principalId === PRINCIPAL_ID ? 'ServicePrincipal' : 'User'),
    scope,
    description: properties['description'] ?? null,
    condition: properties['condition'] ?? null,
    conditionVersion: properties['conditionVersion'] ?? null,
  };
}

/** What a principal cannot be granted twice. */
function isSame(one: JsonObject, other: JsonObject): boolean {
  return ['roleDefinitionId', 'principalId', 'scope'].every((name) =>
    same(textAt(one, name), textAt(other, name)),
  );
}

/** The last segment, in lower case: what tells roles apart. */
function roleIdOf(roleDefinitionId: string): string {
  return (roleDefinitionId.split('/').at(-1) ?? '').toLowerCase();
}

/**
 * The id as Azure gives it back: with the subscription, however it was asked for. A client that asked without it sees a
 * difference forever, here as there.
 */
function definitionId(request: ArmRequest, role: string): string {
  if (NAMES[role] === undefined) {
    throw badRequest(
      `The specified role definition with ID '${role}' does not exist.`,
      'RoleDefinitionDoesNotExist',
    );
  }
  const [subscription = ''] = /^\/subscriptions\/[^/]+/i.exec(param(request, 'scope')) ?? [];
  return `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
}

function definition(request: ArmRequest, role: string): JsonObject {
  const id = role.toLowerCase();
  const roleName = NAMES[id];
  if (roleName === undefined) {
    throw new ArmError(
      404,
      'RoleDefinitionDoesNotExist',
      `The specified role definition with ID '${role}' does not exist.`,
    );
  }
  return {
    id: definitionId(request, id),
    name: id,
    type: 'Microsoft.Authorization/roleDefinitions',
    properties: { roleName, type: 'BuiltInRole', assignableScopes: ['/'] },
  };
}

function listDefinitions(request: ArmRequest): ArmResponse {
  const filter = request.query.get('$filter');
  const [, wanted] = /^roleName eq '(.*)'$/.exec(filter ?? '') ?? [];
  if (filter !== null && wanted === undefined) {
    throw badRequest(
      `The filter "${filter}" is not answered here: it is roleName eq 'NAME'.`,
      'InvalidFilter',
    );
  }
  const found = Object.entries(NAMES).filter(([, name]) => wanted === undefined || name === wanted);
  return ok({ value: found.map(([role]) => definition(request, role)) });
}
