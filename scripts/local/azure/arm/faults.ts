import { ArmError, type Method } from './arm';

/** What a fault does to a request. */
export type FaultAnswer =
  /** 429 with `Retry-After`, 1 second unless it says otherwise. */
  | { readonly kind: 'throttled'; readonly retryAfterSeconds?: number }
  /** 500. */
  | { readonly kind: 'failed' }
  /** 409, as while somebody else changes the same thing. */
  | { readonly kind: 'conflict' }
  /** Answered as ever, that much later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Accepted, and the long-running operation it began ends as failed: the resource is as it was before. */
  | { readonly kind: 'operationFails'; readonly code?: string; readonly message?: string };

/** Something that goes wrong on request. */
export interface Fault {
  /** @default - any; for `operationFails`, those that change something, as no other begins an operation */
  readonly method?: Method;
  /** Is found in the path of the address, without host and query; the spelling of a resource's id is the client's. */
  readonly path: RegExp;
  /** Requests it happens to before it is used up. @default 1 */
  readonly times?: number;
  readonly answer: FaultAnswer;
}

export interface FaultMatch {
  /** What happens to this request; absent where nothing does. */
  readonly answer?: FaultAnswer;
  /** The faults that are still to come. */
  readonly left: readonly Fault[];
}

/** The first fault that is meant for a request, and what is left after it. One request meets one fault. Pure. */
export function matchFault(faults: readonly Fault[], method: string, path: string): FaultMatch {
  const index = faults.findIndex((fault) => isMeant(fault, method, path));
  const fault = faults[index];
  if (fault === undefined) return { left: faults };
  const times = (fault.times ?? 1) - 1;
  const rest = times > 0 ? [{ ...fault, times }] : [];
  return { answer: fault.answer, left: [...faults.slice(0, index), ...rest, ...faults.slice(index + 1)] };
}

function isMeant({ method, path, answer }: Fault, requested: string, address: string): boolean {
  if (method !== undefined && method !== requested) return false;
  if (method === undefined && answer.kind === 'operationFails' && /^(GET|HEAD)$/.test(requested))
    return false;
  // `search` forgets where a pattern with the flag g stood, `test` would not.
  return address.search(path) >= 0;
}

/** The refusal a fault stands for; undefined where the request is let through. Pure. */
export function refusalOf(answer: FaultAnswer | undefined): ArmError | undefined {
  switch (answer?.kind) {
    case 'throttled':
      return new ArmError(429, 'TooManyRequests', 'The request was throttled; try again later.', {
        'Retry-After': String(answer.retryAfterSeconds ?? 1),
      });
    case 'failed':
      return new ArmError(500, 'InternalServerError', 'The server met an unexpected condition.');
    case 'conflict':
      return new ArmError(
        409,
        'Conflict',
        'Another operation on this or a dependent resource is in progress.',
      );
    case 'slow':
    case 'operationFails':
    case undefined:
      return undefined;
  }
}

/** The faults that are still to come. */
export class FaultQueue {
  #left: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    this.#left = faults;
  }

  add(fault: Fault): void {
    this.#left = [...this.#left, fault];
  }

  /** What happens to a request; undefined where nothing does. */
  take(method: string, path: string): FaultAnswer | undefined {
    const { answer, left } = matchFault(this.#left, method, path);
    this.#left = left;
    return answer;
  }
}
