import type { ArmRequest } from '../arm/arm';
import { ArmError, objectAt, param } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import type { Operations } from '../arm/operations';
import {
  CLUSTER_API_VERSIONS,
  CLUSTER_PATTERN,
  CLUSTER_TYPE,
  clusterIdOf,
  clusterOf,
} from '../arm/postgresql-parts';

const TYPE = `${CLUSTER_TYPE}/roles`;
const ROLES = `${CLUSTER_PATTERN}/roles`;
const ROLE = `${ROLES}/{role}`;
const apiVersions = CLUSTER_API_VERSIONS;

/**
 * Login roles of a cluster besides `citus`. A role is made, given a new password or dropped while nothing else changes
 * the cluster. Its password is checked and forgotten.
 */
export function postgresqlRoleRoutes(store: ResourceStore, operations: Operations): Route[] {
  const idOf = (request: ArmRequest): string => `${clusterIdOf(request)}/roles/${param(request, 'role')}`;
  return [
    {
      method: 'GET',
      pattern: ROLES,
      apiVersions,
      handle: (request) => {
        const roles = store.below(clusterOf(store, request).id).filter(({ type }) => type === TYPE);
        return { status: 200, body: { value: roles.map(representation) } };
      },
    },
    {
      method: 'GET',
      pattern: ROLE,
      apiVersions,
      handle: (request) => {
        clusterOf(store, request);
        const role = store.get(idOf(request));
        if (role !== undefined) return { status: 200, body: representation(role) };
        throw new ArmError(
          404,
          'ResourceNotFound',
          `The Resource '${TYPE}/${param(request, 'role')}' was not found.`,
        );
      },
    },
    {
      method: 'PUT',
      pattern: ROLE,
      apiVersions,
      handle: (request) => {
        const cluster = clusterOf(store, request);
        const name = param(request, 'role');
        const refused =
          roleNameRefusal(name) ?? rolePasswordRefusal(objectAt(request.body, 'properties')['password']);
        if (refused !== undefined) throw new ArmError(400, 'BadRequest', refused);
        const id = idOf(request);
        const role = (provisioningState: string): Resource => ({
          id,
          name,
          type: TYPE,
          properties: { provisioningState },
        });
        const change = { resourceId: id, meanwhile: role('InProgress'), becomes: role('Succeeded') };
        return operations.begin(request, change, store.get(id) === undefined ? 201 : 200, cluster.id);
      },
    },
    {
      method: 'DELETE',
      pattern: ROLE,
      apiVersions,
      handle: (request) => {
        const role = store.get(idOf(request));
        if (role === undefined) return { status: 204 };
        return operations.begin(request, { resourceId: role.id, becomes: null }, 202, clusterIdOf(request));
      },
    },
  ];
}

/** Names that the service or PostgreSQL itself has taken. */
const TAKEN = /^(citus|postgres|public|none|pg_.*|azure.*)$/;

/** Why the service refuses a name for a role; undefined where it allows it. Pure. */
export function roleNameRefusal(name: string): string | undefined {
  if (!/^[a-z0-9_][a-z0-9_-]{0,62}$/.test(name)) {
    return `The role name '${name}' is not allowed: it has up to 63 lowercase letters, digits, underscores and hyphens, and does not begin with a hyphen.`;
  }
  if (TAKEN.test(name)) return `The role name '${name}' is reserved.`;
  return undefined;
}

/** Why the service refuses a role's password, without repeating it; undefined where it allows it. Pure. */
export function rolePasswordRefusal(password: unknown): string | undefined {
  if (typeof password !== 'string' || password === '') return 'The password of a role is required.';
  if (password.length >= 8 && password.length <= 256) return undefined;
  return 'The password of a role has 8 to 256 characters.';
}
