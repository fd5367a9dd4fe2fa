import type { ArmRequest, JsonObject } from './arm';
import { ArmError, objectAt } from './arm';
import type { Route } from './router';
import { resourcesOf } from './checks';
import { requireScope } from './resources';
import { ResourceType } from './resource-type';
import type { ResourceStore } from './store';
import { badRequest, isWithin } from './values';

const TYPE = 'Microsoft.Authorization/locks';
const LOCKS = `providers/${TYPE}`;
const LEVELS = ['CanNotDelete', 'ReadOnly'];
/** Microsoft.Authorization/locks: what keeps a scope, and everything below it, from being deleted or changed. */
export function lockRoutes(store: ResourceStore): Route[] {
  const locks = new ResourceType(store, {
    type: TYPE,
    pattern: `{scope...}/${LOCKS}/{lock}`,
    apiVersions: ['2020-05-01'],
    missing: (name) => new ArmError(404, 'LockNotFound', `The lock '${name}' could not be found.`),
  });
  return [
    locks.reading(),
    locks.listingBelow((request) => requireScope(store, request)),
    locks.route('PUT', (request) => {
      requireScope(store, request);
      return locks.put(locks.resource(request, { properties: described(request) }));
    }),
    locks.deleting(),
  ];
}

/** The same routes, each of which asks the locks first: whose resource it is makes no difference to them. */
export function obeyingLocks(store: ResourceStore, routes: readonly Route[]): Route[] {
  return routes.map((route) => ({
    ...route,
    handle: (request) => {
      refuseLocked(store, request.method, request.path);
      return route.handle(request);
    },
  }));
}

/**
 * Stops what a lock forbids. CanNotDelete: deleting its scope, anything below it, or what it lies in. ReadOnly: any
 * change of its scope or below, besides. The locks themselves can be changed, or nobody could ever remove one.
 *
 * @throws ArmError 409 ScopeLocked
 */
function refuseLocked(store: ResourceStore, method: string, path: string): void {
  if (!['DELETE', 'PUT', 'PATCH', 'POST'].includes(method)) return;
  const target = decodeURIComponent(path).replace(/\/+$/, '');
  if (isLock(target)) return;
  const scopes = resourcesOf(store, TYPE)
    .filter(({ id, properties }) => {
      const scope = scopeOf(id);
      if (isWithin(target, scope)) return method === 'DELETE' || properties['level'] === 'ReadOnly';
      return method === 'DELETE' && isWithin(scope, target);
    })
    .map(({ id }) => `'${scopeOf(id)}'`);
  if (scopes.length === 0) return;
  const operation = method === 'DELETE' ? 'delete' : 'write';
  throw new ArmError(
    409,
    'ScopeLocked',
    `The scope '${target}' cannot perform ${operation} operation because following scope(s) are locked: ${[...new Set(scopes)].join(', ')}. Please remove the lock and try again.`,
  );
}

/** What a request says of a lock. @throws ArmError 400 */
function described(request: ArmRequest): JsonObject {
  const { level, notes } = objectAt(request.body, 'properties');
  if (typeof level !== 'string' || !LEVELS.includes(level)) {
    throw badRequest(`A lock needs a level, which is ${LEVELS.join(' or ')}.`);
  }
  if (notes !== undefined && (typeof notes !== 'string' || notes.length > 512)) {
    throw badRequest('The notes of a lock are text of at most 512 characters.');
  }
  return { level, ...(notes === undefined ? {} : { notes }) };
}

function isLock(id: string): boolean {
  return id.toLowerCase().includes(`/${LOCKS.toLowerCase()}/`);
}

function scopeOf(lockId: string): string {
  return lockId.slice(0, lockId.toLowerCase().lastIndexOf(`/${LOCKS.toLowerCase()}/`));
}
