import type { ArmRequest, ArmResponse } from './arm';
import { ArmError, objectAt, param } from './arm';
import type { Route } from './router';
import type { Resource, ResourceStore } from './store';
import { representation } from './store';
import { badRequest } from './values';

const TYPE = 'Microsoft.Authorization/locks';
const LOCKS = `providers/${TYPE}`;
const LEVELS = ['CanNotDelete', 'ReadOnly'];
const apiVersions = ['2020-05-01'];

/** What a lock can be put on; a router's placeholder takes one segment, so that each depth is named. */
const SCOPES = [
  '/subscriptions/{subscription}',
  '/subscriptions/{subscription}/resourceGroups/{group}',
  '/subscriptions/{subscription}/resourceGroups/{group}/providers/{namespace}/{type}/{resource}',
  '/subscriptions/{subscription}/resourceGroups/{group}/providers/{namespace}/{type}/{resource}/{childType}/{child}',
];

/** Microsoft.Authorization/locks: what keeps a scope, and everything below it, from being deleted or changed. */
export function lockRoutes(store: ResourceStore): Route[] {
  return SCOPES.flatMap((scope): Route[] => {
    const pattern = `${scope}/${LOCKS}/{lock}`;
    return [
      { method: 'GET', pattern, apiVersions, handle: (request) => read(store, request) },
      { method: 'PUT', pattern, apiVersions, handle: (request) => createOrUpdate(store, request) },
      { method: 'DELETE', pattern, apiVersions, handle: (request) => remove(store, request) },
    ];
  });
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
  const scopes = locksIn(store)
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

function read(store: ResourceStore, request: ArmRequest): ArmResponse {
  const lock = store.get(idOf(request));
  if (lock !== undefined) return { status: 200, body: representation(lock) };
  throw new ArmError(404, 'LockNotFound', `The lock '${param(request, 'lock')}' could not be found.`);
}

function createOrUpdate(store: ResourceStore, request: ArmRequest): ArmResponse {
  const id = idOf(request);
  requireScope(store, request, scopeOf(id));
  const { level, notes } = objectAt(request.body, 'properties');
  if (typeof level !== 'string' || !LEVELS.includes(level)) {
    throw badRequest(`A lock needs a level, which is ${LEVELS.join(' or ')}.`);
  }
  if (notes !== undefined && (typeof notes !== 'string' || notes.length > 512)) {
    throw badRequest('The notes of a lock are text of at most 512 characters.');
  }
  const lock: Resource = {
    id,
    name: param(request, 'lock'),
    type: TYPE,
    properties: { level, ...(notes === undefined ? {} : { notes }) },
  };
  const status = store.get(id) === undefined ? 201 : 200;
  store.put(lock);
  return { status, body: representation(lock) };
}

function remove(store: ResourceStore, request: ArmRequest): ArmResponse {
  const lock = store.get(idOf(request));
  if (lock === undefined) return { status: 204 };
  store.begin({ resourceId: lock.id, becomes: null }, 0);
  return { status: 200 };
}

/** @throws ArmError 404 for a lock on nothing */
function requireScope(store: ResourceStore, request: ArmRequest, scope: string): void {
  if (request.params['group'] === undefined || store.get(scope) !== undefined) return;
  throw new ArmError(404, 'ResourceNotFound', `The scope '${scope}' was not found, so it cannot be locked.`);
}

function locksIn(store: ResourceStore): Resource[] {
  return store.below('/subscriptions').filter(({ type }) => type === TYPE);
}

function idOf({ path }: ArmRequest): string {
  return decodeURIComponent(path).replace(/\/+$/, '');
}

function isLock(id: string): boolean {
  return id.toLowerCase().includes(`/${LOCKS.toLowerCase()}/`);
}

function scopeOf(lockId: string): string {
  return lockId.slice(0, lockId.toLowerCase().lastIndexOf(`/${LOCKS.toLowerCase()}/`));
}

/** Whether one id is another or lies below it, however they are spelled. */
function isWithin(inner: string, outer: string): boolean {
  return `${inner}/`.toLowerCase().startsWith(`${outer}/`.toLowerCase());
}
