import type { ArmRequest, ArmResponse } from '../arm';
import { ArmError, param } from '../arm';
import type { Route } from '../router';
import type { Change, Operation, ResourceStore } from '../store';
import { representation } from '../store';

/** The time that operations of this Azure take. */
export interface Pace {
  /** Milliseconds a long-running operation takes. */
  readonly operationMs: number;
  /** Whole seconds a client is told to wait between two looks at one. */
  readonly retryAfterSeconds: number;
}

const API_VERSION = '2022-11-08';

/** Long-running operations: begun by a resource provider, followed by the client under `Azure-AsyncOperation`. */
export class Operations {
  readonly #store: ResourceStore;
  readonly #pace: Pace;

  constructor(store: ResourceStore, pace: Pace) {
    this.#store = store;
    this.#pace = pace;
  }

  /**
   * Begins a change and answers as Azure does while it is under way.
   *
   * @param whole the resource that one operation at a time may work on, parts included
   * @throws ArmError 409 while another one does
   */
  begin(
    request: ArmRequest,
    change: Change,
    status: 200 | 201 | 202,
    whole: string = change.resourceId,
  ): ArmResponse {
    const busy = this.#store.operationWithin(whole);
    if (busy !== undefined) {
      throw new ArmError(
        409,
        'AnotherOperationInProgress',
        `another operation (${busy.id}) is in progress on ${busy.resourceId}; try again when it has ended`,
      );
    }
    const operation = this.#store.begin(change, this.#pace.operationMs, request.failure);
    return {
      status,
      headers: {
        'Azure-AsyncOperation': this.#address(request, operation),
        'Retry-After': String(this.#pace.retryAfterSeconds),
      },
      ...(change.meanwhile === undefined ? {} : { body: representation(change.meanwhile) }),
    };
  }

  routes(): Route[] {
    return [
      {
        method: 'GET',
        pattern:
          '/subscriptions/{subscription}/providers/{provider}/locations/{location}/azureAsyncOperation/{operation}',
        apiVersions: [API_VERSION],
        handle: (request) => this.#status(param(request, 'operation')),
      },
    ];
  }

  #status(id: string): ArmResponse {
    const operation = this.#store.operation(id);
    if (operation === undefined) {
      throw new ArmError(404, 'OperationNotFound', `there is no operation ${id}`);
    }
    return {
      status: 200,
      headers: { 'Retry-After': String(this.#pace.retryAfterSeconds) },
      body: {
        name: operation.id,
        status: statusOf(operation),
        startTime: new Date(operation.startedAt).toISOString(),
        ...(operation.ended ? { endTime: new Date(operation.endsAt).toISOString() } : {}),
        ...(operation.ended && operation.failure !== undefined ? { error: { ...operation.failure } } : {}),
      },
    };
  }

  #address(request: ArmRequest, operation: Operation): string {
    const [, subscription = ''] = /^\/subscriptions\/([^/]+)/i.exec(operation.resourceId) ?? [];
    const [, provider = 'Microsoft.Resources'] = /\/providers\/([^/]+)/i.exec(operation.resourceId) ?? [];
    return `${request.origin}/subscriptions/${subscription}/providers/${provider}/locations/global/azureAsyncOperation/${operation.id}?api-version=${API_VERSION}`;
  }
}

function statusOf({ ended, failure }: Operation): 'InProgress' | 'Succeeded' | 'Failed' {
  if (!ended) return 'InProgress';
  return failure === undefined ? 'Succeeded' : 'Failed';
}
