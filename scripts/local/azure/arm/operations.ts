import type { ArmRequest, ArmResponse, JsonObject } from './arm';
import { ArmError, param } from './arm';
import type { Route } from './router';
import type { Change, Operation, Resource, ResourceStore } from './store';
import { representation } from './store';
import { isWithin } from './values';

/** The time that operations of this Azure take. */
export interface Pace {
  /** Milliseconds a long-running operation takes that is bookkeeping alone. */
  readonly operationMs: number;
  /** Whole seconds a client is told to wait between two looks at one. */
  readonly retryAfterSeconds: number;
}

/** What an operation is about to do to one resource. */
export interface Undertaking {
  readonly request: ArmRequest;
  /** The resource as it is; absent when it is made. */
  readonly before: Resource | undefined;
  /** The resource as it will be; absent when it is deleted, by itself or with what it lies in. */
  readonly after: Resource | undefined;
}

/**
 * What has to happen behind a resource before an operation on it ends; absent where the operation is bookkeeping alone.
 * Rejecting fails the operation, and the resource is what it was before: the next same request tries again, so an effect
 * must be able to find its own work half done.
 */
export type Effect = (undertaking: Undertaking) => (() => Promise<void>) | undefined;

/** Versions that the addresses of operations answer to; what is asked for in another one has the first in them. */
const API_VERSIONS = ['2022-11-08', '2025-08-01'];
const OPERATIONS = '/subscriptions/{subscription}/providers/{provider}/locations/{location}';

interface BeginOptions {
  /** The resource that one operation at a time may work on, parts included. @default - the one that changes */
  readonly whole?: string;
  /** The resource as a client sees it; null where the answer has no body. @default - everything but what is hidden */
  readonly shown?: ((resource: Resource) => JsonObject) | null;
  /** The refusal while another operation works on `whole`. @default - AnotherOperationInProgress */
  readonly busy?: (operation: Operation) => ArmError;
}

/** Long-running operations: begun by a resource provider, followed by the client under `Azure-AsyncOperation` or `Location`. */
export class Operations {
  readonly #store: ResourceStore;
  readonly #pace: Pace;
  readonly #effects = new Map<string, Effect>();

  constructor(store: ResourceStore, pace: Pace) {
    this.#store = store;
    this.#pace = pace;
  }

  /** Puts something real behind every resource of a type, such as `Microsoft.DBforPostgreSQL/serverGroupsv2`. */
  connect(type: string, effect: Effect): void {
    this.#effects.set(type.toLowerCase(), effect);
  }

  /**
   * Begins a change and answers as Azure does while it is under way.
   *
   * @throws ArmError 409 while another one does
   */
  begin(
    request: ArmRequest,
    change: Change,
    status: 200 | 201 | 202,
    { whole = change.resourceId, shown = representation, busy = anotherInProgress }: BeginOptions = {},
  ): ArmResponse {
    const other = this.#store.operationWithin(whole);
    if (other !== undefined) throw busy(other);
    const work = request.failure === undefined ? this.#work(request, change) : [];
    const duration = work.length === 0 ? this.#pace.operationMs : undefined;
    const region = this.#store.get(whole)?.location ?? change.becomes?.location ?? 'global';
    const operation = this.#store.begin(change, duration, request.failure);
    if (work.length > 0) void this.#follow(operation, work);
    return {
      status,
      headers: this.#headers(request, operation, region),
      ...(change.meanwhile === undefined || change.becomes === null || shown === null
        ? {}
        : { body: shown(change.meanwhile) }),
    };
  }

  /**
   * Begins to make or change a resource, and answers 201 where it is new, else 200.
   *
   * @param inState the resource in a provisioning state: `underWay` until the operation ends, then `Succeeded`
   * @param whole the resource that one operation at a time may work on, parts included
   */
  beginPut(
    request: ArmRequest,
    inState: (provisioningState: string) => Resource,
    { underWay = 'Updating', whole }: { readonly underWay?: string; readonly whole?: string } = {},
  ): ArmResponse {
    const becomes = inState('Succeeded');
    const status = this.#store.get(becomes.id) === undefined ? 201 : 200;
    const change = { resourceId: becomes.id, meanwhile: inState(underWay), becomes };
    return this.begin(request, change, status, { ...(whole === undefined ? {} : { whole }) });
  }

  routes(): Route[] {
    return [
      {
        method: 'GET',
        pattern: `${OPERATIONS}/azureAsyncOperation/{operation}`,
        apiVersions: API_VERSIONS,
        handle: (request) => this.#status(request, this.#required(request)),
      },
      {
        method: 'GET',
        pattern: `${OPERATIONS}/operationResults/{operation}`,
        apiVersions: API_VERSIONS,
        handle: (request) => this.#result(request, this.#required(request)),
      },
    ];
  }

  /** What the change does behind its resource, or, when it deletes, behind everything that goes with it. */
  #work(request: ArmRequest, { resourceId, becomes }: Change): (() => Promise<void>)[] {
    const before = this.#store.get(resourceId);
    if (becomes !== null) return this.#behind({ request, before, after: becomes });
    const gone = [...(before === undefined ? [] : [before]), ...this.#store.below(resourceId)];
    const connected = gone.filter(({ type }) => this.#effects.has(type.toLowerCase()));
    return (
      connected
        // What lies in something connected goes with it.
        .filter(({ id }) => !connected.some((other) => id !== other.id && isWithin(id, other.id)))
        .flatMap((resource) => this.#behind({ request, before: resource, after: undefined }))
    );
  }

  #behind(undertaking: Undertaking): (() => Promise<void>)[] {
    const type = (undertaking.after ?? undertaking.before)?.type ?? '';
    const work = this.#effects.get(type.toLowerCase())?.(undertaking);
    return work === undefined ? [] : [work];
  }

  /** Ends the operation when its work has; never rejects. */
  async #follow({ id }: Operation, work: readonly (() => Promise<void>)[]): Promise<void> {
    try {
      for (const each of work) await each();
      this.#store.end(id);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#store.end(id, { code: 'OperationFailed', message });
    }
  }

  /** @throws ArmError 404 */
  #required(request: ArmRequest): Operation {
    const id = param(request, 'operation');
    const operation = this.#store.operation(id);
    if (operation === undefined) throw new ArmError(404, 'OperationNotFound', `there is no operation ${id}`);
    return operation;
  }

  #status(request: ArmRequest, operation: Operation): ArmResponse {
    const { ended, endsAt, failure } = operation;
    return {
      status: 200,
      headers: this.#retryAfter,
      body: {
        id: request.path,
        name: operation.id,
        status: statusOf(operation),
        startTime: new Date(operation.startedAt).toISOString(),
        ...(ended && endsAt !== undefined ? { endTime: new Date(endsAt).toISOString() } : {}),
        ...(ended && failure !== undefined ? { error: { ...failure } } : {}),
      },
    };
  }

  /** What came of an operation, for those who ask at its `Location`. */
  #result(request: ArmRequest, operation: Operation): ArmResponse {
    const { ended, failure, becomes, result } = operation;
    if (!ended) {
      const { origin, path } = request;
      const address = `${origin}${path}?api-version=${versionFor(request)}`;
      return { status: 202, headers: { Location: address, ...this.#retryAfter } };
    }
    if (failure !== undefined) throw new ArmError(409, failure.code, failure.message);
    const body = result ?? (becomes === null ? undefined : representation(becomes));
    return body === undefined ? { status: 204 } : { status: 200, body };
  }

  get #retryAfter(): Record<string, string> {
    return { 'Retry-After': String(this.#pace.retryAfterSeconds) };
  }

  #headers(request: ArmRequest, operation: Operation, region: string): Record<string, string> {
    const [, subscription = ''] = /^\/subscriptions\/([^/]+)/i.exec(operation.resourceId) ?? [];
    const [, provider = 'Microsoft.Resources'] = /\/providers\/([^/]+)/i.exec(operation.resourceId) ?? [];
    const address = (kind: string): string =>
      `${request.origin}/subscriptions/${subscription}/providers/${provider}/locations/${region}/${kind}/${operation.id}?api-version=${versionFor(request)}`;
    return {
      'Azure-AsyncOperation': address('azureAsyncOperation'),
      Location: address('operationResults'),
      ...this.#retryAfter,
    };
  }
}

function anotherInProgress({ id, resourceId }: Operation): ArmError {
  return new ArmError(
    409,
    'AnotherOperationInProgress',
    `another operation (${id}) is in progress on ${resourceId}; try again when it has ended`,
  );
}

/** The version that the address of an operation has, by the request that began it. */
function versionFor({ query }: ArmRequest): string {
  const asked = query.get('api-version') ?? '';
  return API_VERSIONS.includes(asked) ? asked : (API_VERSIONS[0] ?? '');
}

function statusOf({ ended, failure }: Operation): 'InProgress' | 'Succeeded' | 'Failed' {
  if (!ended) return 'InProgress';
  return failure === undefined ? 'Succeeded' : 'Failed';
}
