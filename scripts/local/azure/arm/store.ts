import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { ScaleoutError } from '../../../lib/errors';
import type { JsonObject, OperationFailure } from './arm';
import { isJsonObject, without } from './arm';
import { isWithin } from './values';

/** A resource as Resource Manager hands it out. */
export interface Resource {
  /** `/subscriptions/.../resourceGroups/...[/providers/...]`; compared without regard to case. */
  readonly id: string;
  readonly name: string;
  /** Such as `Microsoft.DBforPostgreSQL/serverGroupsv2`. */
  readonly type: string;
  readonly location?: string;
  readonly tags?: JsonObject;
  /** Its size, of the types that state one beside their properties. */
  readonly sku?: JsonObject;
  /** Who made and changed it, and when. */
  readonly systemData?: JsonObject;
  readonly properties: JsonObject;
  /** What the resource provider keeps to itself about it. */
  readonly hidden?: JsonObject;
}

/** The resource as a client sees it. */
export function representation(resource: Resource): JsonObject {
  return without({ ...resource }, 'hidden');
}

/** A long-running operation. All of it is data, so that one which is under way survives a restart. */
export interface Operation {
  readonly id: string;
  /** The resource it works on. */
  readonly resourceId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Absent while that is for something outside to say, with {@link ResourceStore.end}. */
  readonly endsAt?: number;
  /** What the resource was when the operation began; null when there was none. */
  readonly before: Resource | null;
  /** What the resource is once the operation has ended; null when it is deleted. */
  readonly becomes: Resource | null;
  /** What comes into being along with `becomes`. */
  readonly brings?: readonly Resource[];
  /** What its result says, where that is not the resource as it is stored. */
  readonly result?: JsonObject;
  /** Why it fails; then `becomes` is what the resource was before. */
  readonly failure?: OperationFailure;
  /** True once `becomes` has been put in place. */
  readonly ended: boolean;
}

/** What an operation does to a resource. */
export interface Change {
  readonly resourceId: string;
  /** How the resource reads until the operation ends; absent leaves it as it was. */
  readonly meanwhile?: Resource;
  readonly becomes: Resource | null;
  /** What comes into being along with the resource, once the operation has ended well. */
  readonly brings?: readonly Resource[];
  /** The resource as a client sees it afterwards. @default - everything of `becomes` but what is hidden */
  readonly result?: JsonObject;
}

export interface StoreOptions {
  /** JSON file that keeps everything between two runs; absent keeps it in memory alone. */
  readonly file?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const BROKEN_OFF: OperationFailure = {
  code: 'OperationBrokenOff',
  message: 'The operation was broken off before it had ended; send the request again.',
};

interface Saved {
  readonly formatVersion: 1;
  readonly resources: readonly Resource[];
  readonly operations: readonly Operation[];
}

/**
 * What exists in this Azure, and which operations are under way. An operation's result is put in place by the first
 * look after its time has come, or by {@link end}; nothing runs in the background here.
 */
export class ResourceStore {
  readonly #resources = new Map<string, Resource>();
  readonly #operations = new Map<string, Operation>();
  readonly #file: string | undefined;
  readonly #now: () => number;

  constructor(options: StoreOptions) {
    this.#file = options.file;
    this.#now = options.now;
    if (options.file === undefined || !existsSync(options.file)) return;
    const saved = readSaved(options.file);
    for (const resource of saved.resources) this.#resources.set(key(resource.id), resource);
    for (const operation of saved.operations) this.#operations.set(operation.id, operation);
    // What worked on these ended with the process that kept this file.
    const left = saved.operations.filter(({ ended, endsAt }) => !ended && endsAt === undefined);
    for (const { id } of left) this.end(id, BROKEN_OFF);
  }

  get(id: string): Resource | undefined {
    this.#settle();
    return this.#resources.get(key(id));
  }

  /** The resources somewhere below `id`, in the order they were made. */
  below(id: string): Resource[] {
    this.#settle();
    return [...this.#resources.entries()]
      .filter(([each]) => each !== key(id) && isWithin(each, key(id)))
      .map(([, resource]) => resource);
  }

  put(resource: Resource): void {
    this.#resources.set(key(resource.id), resource);
    this.#save();
  }

  /** Takes a resource away at once, with everything below it. */
  remove(id: string): void {
    this.begin({ resourceId: id, becomes: null }, 0);
    this.#settle();
  }

  /**
   * @param durationMs absent for an operation that ends when {@link end} says so
   * @param failure why the operation comes to nothing: when it ends, the resource is what it was before
   */
  begin(change: Change, durationMs: number | undefined, failure?: OperationFailure): Operation {
    const startedAt = this.#now();
    const before = this.get(change.resourceId) ?? null;
    const operation: Operation = {
      id: randomUUID(),
      resourceId: change.resourceId,
      startedAt,
      ...(durationMs === undefined ? {} : { endsAt: startedAt + durationMs }),
      before,
      becomes: failure === undefined ? change.becomes : before,
      ...(failure === undefined ? {} : { failure }),
      ...(change.brings === undefined ? {} : { brings: change.brings }),
      ...(change.result === undefined ? {} : { result: change.result }),
      ended: false,
    };
    this.#operations.set(operation.id, operation);
    if (change.meanwhile !== undefined) this.#resources.set(key(change.resourceId), change.meanwhile);
    this.#save();
    return operation;
  }

  /** Ends an operation now. @param failure why it came to nothing: the resource is what it was before */
  end(id: string, failure?: OperationFailure): void {
    const operation = this.#operations.get(id);
    if (operation === undefined || operation.ended) return;
    this.#operations.set(id, {
      ...operation,
      endsAt: this.#now(),
      ...(failure === undefined ? {} : { becomes: operation.before, failure }),
    });
    this.#settle();
  }

  operation(id: string): Operation | undefined {
    this.#settle();
    return this.#operations.get(id);
  }

  /** The operation under way on a resource or on something below it, if any. */
  operationWithin(resourceId: string): Operation | undefined {
    this.#settle();
    return [...this.#operations.values()].find(
      (operation) => !operation.ended && isWithin(key(operation.resourceId), key(resourceId)),
    );
  }

  /** Whether a resource is on its way out. */
  isBeingDeleted(id: string): boolean {
    this.#settle();
    return [...this.#operations.values()].some(
      ({ ended, becomes, before, resourceId }) =>
        !ended && becomes === null && before !== null && key(resourceId) === key(id),
    );
  }

  #settle(): void {
    const due = [...this.#operations.values()].filter(
      ({ ended, endsAt }) => !ended && endsAt !== undefined && endsAt <= this.#now(),
    );
    if (due.length === 0) return;
    for (const operation of due) {
      this.#operations.set(operation.id, { ...operation, ended: true });
      if (operation.becomes === null) this.#removeTree(operation.resourceId);
      else this.#resources.set(key(operation.resourceId), operation.becomes);
      const brings = operation.failure === undefined ? (operation.brings ?? []) : [];
      for (const resource of brings) this.#resources.set(key(resource.id), resource);
    }
    this.#save();
  }

  #removeTree(id: string): void {
    for (const below of this.#resources.keys()) {
      if (isWithin(below, key(id))) this.#resources.delete(below);
    }
  }

  #save(): void {
    if (this.#file === undefined) return;
    const saved: Saved = {
      formatVersion: 1,
      resources: [...this.#resources.values()],
      operations: [...this.#operations.values()],
    };
    // Written beside it and renamed: whoever is killed here leaves the old file or the new one, never half of one.
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(saved, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function key(id: string): string {
  return id.toLowerCase().replace(/\/+$/, '');
}

function readSaved(file: string): Saved {
  let saved: unknown;
  try {
    saved = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : String(error));
  }
  if (!isJsonObject(saved) || saved['formatVersion'] !== 1) throw unreadable(file, 'formatVersion is not 1');
  return saved as unknown as Saved;
}

function unreadable(file: string, why: string): ScaleoutError {
  return new ScaleoutError(
    'local.state-unreadable',
    `${file} does not hold the state of an Azure stand-in (${why}): name another file, or delete this one to begin empty`,
  );
}
