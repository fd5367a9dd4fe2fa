import type { ArmError, ArmRequest, ArmResponse, Json, JsonObject, Method } from './arm';
import { param } from './arm';
import { resourcesOf } from './checks';
import type { Operations } from './operations';
import type { Route } from './router';
import type { Resource, ResourceStore } from './store';
import { representation } from './store';
import { notFound } from './values';

/** What is special about a type of resource. */
export interface ResourceTypeOptions {
  /** Such as `Microsoft.DBforPostgreSQL/serverGroupsv2`. */
  readonly type: string;
  /** Its address as a {@link Route} has it. The last placeholder is the resource's name. */
  readonly pattern: string;
  readonly apiVersions: readonly string[];
  /** Looks for what a resource lies in, and throws an ArmError 404 where that is missing. @default - it lies in nothing */
  readonly parent?: (request: ArmRequest) => unknown;
  /** The refusal where no resource has the name. @default - ResourceNotFound */
  readonly missing?: (name: string) => ArmError;
  /** The resource while it is being deleted. @default - as it was */
  readonly goes?: (resource: Resource) => Resource;
  /** Whether a resource tells who made and changed it, and when. @default false */
  readonly hasSystemData?: boolean;
  /** The resource as a client sees it. @default - everything but what is hidden */
  readonly shown?: (resource: Resource) => JsonObject;
}

/** An answer 200. */
export function ok(body: Json): ArmResponse {
  return { status: 200, body };
}

/** A type of resource: its address, and what Resource Manager answers alike for every type. */
export class ResourceType {
  readonly #store: ResourceStore;
  readonly #options: ResourceTypeOptions;
  readonly #shown: (resource: Resource) => JsonObject;

  constructor(store: ResourceStore, options: ResourceTypeOptions) {
    this.#store = store;
    this.#options = options;
    this.#shown = options.shown ?? representation;
  }

  /** Id of the resource that a request addresses, spelled as the client spelled its parts. */
  idOf(request: ArmRequest): string {
    return this.#options.pattern.replace(PLACEHOLDER, (_, name: string) => param(request, name));
  }

  nameOf(request: ArmRequest): string {
    const [, name = ''] = [...this.#options.pattern.matchAll(PLACEHOLDER)].at(-1) ?? [];
    return param(request, name);
  }

  find(request: ArmRequest): Resource | undefined {
    return this.#store.get(this.idOf(request));
  }

  /** The resource that a request addresses. @throws ArmError 404 where it, or what it lies in, is missing */
  require(request: ArmRequest): Resource {
    const found = this.find(request);
    if (found !== undefined) return found;
    this.#options.parent?.(request);
    const { missing = (name: string) => notFound(this.#options.type, name) } = this.#options;
    throw missing(this.nameOf(request));
  }

  /** Every resource of the type below another one; by default in every subscription. */
  all(below = '/'): Resource[] {
    return resourcesOf(this.#store, this.#options.type, below);
  }

  /** The resource that a request describes. One that exists keeps the spelling of its id. */
  resource(request: ArmRequest, described: Omit<Resource, 'id' | 'name' | 'type'>): Resource {
    const existing = this.find(request);
    const id = existing?.id ?? this.idOf(request);
    const systemData = this.#options.hasSystemData === true && { systemData: touched(existing, request) };
    return { id, name: this.nameOf(request), type: this.#options.type, ...systemData, ...described };
  }

  /** Puts a resource in place at once. Answers 200, or `created` where it is new. */
  put(resource: Resource, created: 200 | 201 = 201): ArmResponse {
    const status = this.#store.get(resource.id) === undefined ? created : 200;
    this.#store.put(resource);
    return { status, body: this.#shown(resource) };
  }

  /** What a route with the method answers at the resource's address, or at `suffix` below it. */
  route(method: Method, handle: Route['handle'], suffix = ''): Route {
    const { pattern, apiVersions } = this.#options;
    return { method, pattern: `${pattern}${suffix}`, apiVersions, handle };
  }

  /** GET of one resource. */
  reading(): Route {
    return this.route('GET', (request) => ok(this.#shown(this.require(request))));
  }

  /** GET of all resources below another one, which is given by its id or itself. */
  listingBelow(parent: (request: ArmRequest) => Resource | string): Route {
    return this.listing((request) => {
      const above = parent(request);
      return this.#listed(this.all(typeof above === 'string' ? above : above.id));
    });
  }

  /** GET of the address that lies above those of the type's resources. */
  listing(handle: Route['handle']): Route {
    const { pattern, apiVersions } = this.#options;
    return { method: 'GET', pattern: pattern.replace(/\/[^/]+$/, ''), apiVersions, handle };
  }

  /** GET of all resources in a subscription. */
  listingInSubscription(): Route {
    const { type, apiVersions } = this.#options;
    return {
      method: 'GET',
      pattern: `/subscriptions/{subscription}/providers/${type}`,
      apiVersions,
      handle: (request) => this.#listed(this.all(`/subscriptions/${param(request, 'subscription')}`)),
    };
  }

  /** DELETE that ends at once, with everything below the resource. */
  deleting(gone: (resource: Resource) => ArmResponse = () => ({ status: 200 })): Route {
    return this.route('DELETE', (request) => {
      const resource = this.find(request);
      if (resource === undefined) return { status: 204 };
      this.#store.remove(resource.id);
      return gone(resource);
    });
  }

  /**
   * DELETE that begins a long-running operation.
   *
   * @param check runs before, and may throw
   * @param whole the resource that one operation at a time may work on, parts included
   */
  deletingSlowly(
    operations: Operations,
    check: (resource: Resource, request: ArmRequest) => void = () => undefined,
    whole?: (request: ArmRequest) => string,
  ): Route {
    return this.route('DELETE', (request) => {
      const resource = this.find(request);
      if (resource === undefined) return { status: 204 };
      check(resource, request);
      const meanwhile = this.#options.goes?.(resource);
      const change = { resourceId: resource.id, becomes: null, ...(meanwhile && { meanwhile }) };
      return operations.begin(request, change, 202, whole && { whole: whole(request) });
    });
  }

  #listed(resources: readonly Resource[]): ArmResponse {
    return ok({ value: resources.map(this.#shown) });
  }
}

const PLACEHOLDER = /\{(\w+)(?:\.\.\.)?\}/g;

/** Who made a resource and who changes it now, and when. */
export function touched(existing: Resource | undefined, { principal }: ArmRequest): JsonObject {
  const by = principal ?? 'unknown';
  const at = new Date().toISOString();
  return {
    createdBy: by,
    createdByType: 'Application',
    createdAt: at,
    ...existing?.systemData,
    lastModifiedBy: by,
    lastModifiedByType: 'Application',
    lastModifiedAt: at,
  };
}
