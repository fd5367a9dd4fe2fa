import { objectAt } from '../arm/arm';
import type { Operations } from '../arm/operations';
import { clusterPartsIn, clustersIn } from '../arm/postgresql-parts';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { badRequest } from '../arm/values';
import { originOf } from './postgresql-copies';

/**
 * Login roles of a cluster besides `citus`. A role is made, given a new password or dropped while nothing else changes
 * the cluster. Its password is checked and forgotten.
 */
export function postgresqlRoleRoutes(store: ResourceStore, operations: Operations): Route[] {
  const clusters = clustersIn(store);
  const roles = clusterPartsIn(store, 'roles');
  return [
    roles.listingBelow((request) => clusters.require(request)),
    roles.reading(),
    roles.route('PUT', (request) => {
      const cluster = clusters.require(request);
      refuseReplica(cluster);
      const refused =
        roleNameRefusal(roles.nameOf(request)) ??
        rolePasswordRefusal(objectAt(request.body, 'properties')['password']);
      if (refused !== undefined) throw badRequest(refused);
      const role = (provisioningState: string): Resource =>
        roles.resource(request, { properties: { provisioningState } });
      return operations.beginPut(request, role, { underWay: 'InProgress', whole: cluster.id });
    }),
    roles.deletingSlowly(
      operations,
      (_, request) => refuseReplica(clusters.require(request)),
      (request) => clusters.idOf(request),
    ),
  ];
}

/** @throws ArmError 400 for a read replica, which has the roles of its source */
function refuseReplica(cluster: Resource): void {
  if (originOf(cluster) !== 'source') return;
  throw badRequest(`The cluster '${cluster.name}' is a read replica: its roles are those of its source.`);
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
