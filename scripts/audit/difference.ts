import { CLUSTER } from './azurerm';
import { forcesReplacement } from './force-new';
import { namesSecret } from './secrets';
import type { Block, Json, JsonObject, Synthesized } from './synthesized';
import { isObject, isUnresolved, leaves, section } from './synthesized';
import { explainChange, explainComparison, explainResource } from './words';

/** One value that is not the same on both sides. */
export interface Change {
  /** Terraform's address, or `output.x`, `variable.x`, `provider.x`, `terraform` for what is no resource. */
  readonly address: string;
  readonly constructPath: string;
  /** The argument's path within the block; empty where the whole block is on one side only. */
  readonly attribute: string;
  /** Null where that side has no value. */
  readonly before: Json;
  readonly after: Json;
  /** Both values and what follows from them, in one sentence. */
  readonly words: string;
  /**
   * What an apply would do: `update` in place, `create`, `replace` (destroy, then create) or `destroy` a resource, or
   * `refused` by the service. Between two environments nothing is applied: `differs`.
   */
  readonly effect: 'update' | 'create' | 'replace' | 'destroy' | 'refused' | 'differs';
}

/** What changes when one environment goes from `before` to `after`, or how two environments differ. */
export interface DifferenceDocument {
  readonly formatVersion: 1;
  readonly before: string;
  readonly after: string;
  /** `transition` of one environment, or `comparison` of two. */
  readonly kind: 'transition' | 'comparison';
  readonly changes: readonly Change[];
  readonly counts: Readonly<Record<Change['effect'], number>>;
}

export interface Side {
  /** What people call it: `dev@scaled-out`. */
  readonly label: string;
  readonly stack: Synthesized;
}

/** Something with an address on one side of the comparison. */
interface Part {
  readonly address: string;
  readonly type: string;
  readonly constructPath: string;
  readonly body: JsonObject;
}

/** Holds two synthesized stacks side by side. Pure; the sides of one stack are equal. */
export function difference(before: Side, after: Side): DifferenceDocument {
  const transition = before.stack.environment === after.stack.environment;
  const left = partsOf(before.stack);
  const right = partsOf(after.stack);
  const addresses = [...new Set([...left.keys(), ...right.keys()])];
  const changes = addresses.flatMap((address) => compare(left.get(address), right.get(address), transition));
  const counts = { update: 0, create: 0, replace: 0, destroy: 0, refused: 0, differs: 0 };
  for (const { effect } of changes) counts[effect] += 1;
  return {
    formatVersion: 1,
    before: before.label,
    after: after.label,
    kind: transition ? 'transition' : 'comparison',
    changes,
    counts,
  };
}

function compare(before: Part | undefined, after: Part | undefined, transition: boolean): readonly Change[] {
  if (before === undefined || after === undefined) {
    const part = after ?? before;
    return part === undefined ? [] : [wholePart(part, after !== undefined, transition)];
  }
  const left = flatten(before.body);
  const right = flatten(after.body);
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((path) => left.get(path) !== right.get(path))
    .sort()
    .map((path) => changeOf(after, path, left.get(path), right.get(path), transition));
}

/** Stands for a whole block in `before` and `after`. */
const PRESENT = 'present';

function wholePart(part: Part, appears: boolean, transition: boolean): Change {
  const meaning = transition
    ? explainResource(part.type, appears)
    : `only ${appears ? 'the second' : 'the first'} has it`;
  return {
    address: part.address,
    constructPath: part.constructPath,
    attribute: '',
    before: appears ? null : PRESENT,
    after: appears ? PRESENT : null,
    words: `${part.address}: ${meaning}`,
    effect: transition ? (appears ? 'create' : 'destroy') : 'differs',
  };
}

function changeOf(
  part: Part,
  path: string,
  before: Json | undefined,
  after: Json | undefined,
  transition: boolean,
): Change {
  const change = {
    address: part.address,
    constructPath: part.constructPath,
    attribute: path,
    before: withoutSecret(path, before) ?? null,
    after: withoutSecret(path, after) ?? null,
  };
  const values = `${nameOf(part.type, path)}: ${show(part.type, path, change.before)} -> ${show(part.type, path, change.after)}`;
  if (!transition) {
    const meaning = explainComparison(part.type, path);
    return { ...change, words: meaning === '' ? values : `${values} (${meaning})`, effect: 'differs' };
  }
  if (forcesReplacement(part.type, path)) {
    const loss = part.type === CLUSTER ? ', with the database in it' : '';
    return {
      ...change,
      words: `${values} (cannot change in place: the resource is destroyed${loss}, and created anew)`,
      effect: 'replace',
    };
  }
  const meaning = explainChange(part.type, path, before, after);
  return {
    ...change,
    words: `${values} (${meaning.words})`,
    effect: meaning.refused === true ? 'refused' : 'update',
  };
}

function nameOf(type: string, path: string): string {
  return type === CLUSTER && path === 'node_count' ? 'workers' : path;
}

/** A secret that somebody wrote out is not written out again. */
function withoutSecret(path: string, value: Json | undefined): Json | undefined {
  const secret =
    typeof value === 'string' && !isUnresolved(value) && namesSecret(path.split('.').at(-1) ?? '');
  return secret ? '(a secret)' : value;
}

function show(type: string, path: string, value: Json): string {
  if (type === CLUSTER && path === 'node_count' && (value ?? 0) === 0) return 'none';
  if (value === null) return 'not set';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Everything of a stack that has an address, by address, in the order of the file. */
function partsOf(stack: Synthesized): ReadonlyMap<string, Part> {
  const parts: Part[] = stack.resources.map((block) => ({
    address: block.address,
    type: block.type,
    constructPath: block.constructPath,
    body: resolved(block, stack.resources),
  }));
  for (const kind of ['data', 'output', 'variable', 'provider'] as const) {
    for (const [name, body] of Object.entries(section(stack, kind))) {
      parts.push({
        address: `${kind}.${name}`,
        type: kind,
        constructPath: stack.environment,
        body: isObject(body) ? body : { '': body },
      });
    }
  }
  parts.push({
    address: 'terraform',
    type: 'terraform',
    constructPath: stack.environment,
    body: section(stack, 'terraform'),
  });
  return new Map(parts.map((part) => [part.address, part]));
}

/** `${type.name.argument}` and nothing beside it. */
const PLAIN_REFERENCE = /^\$\{([a-z]\w*\.[\w-]+)\.(\w+)\}$/;

/**
 * A resource's arguments with plain references to other resources' written-out arguments filled in: a cluster takes
 * its location from its resource group, and moving the group replaces the cluster without a word in its own block.
 */
function resolved(block: Block, resources: readonly Block[]): JsonObject {
  const entries = Object.entries(block.body).map(([name, value]): readonly [string, Json] => {
    const [, address, argument] = PLAIN_REFERENCE.exec(typeof value === 'string' ? value : '') ?? [];
    const target = resources.find((candidate) => candidate.address === address)?.body[argument ?? ''];
    return [name, isScalar(target) ? target : value];
  });
  return Object.fromEntries(entries);
}

function isScalar(value: Json | undefined): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** Leaf values by dotted path: `maintenance_window.day_of_week`. */
function flatten(body: JsonObject): ReadonlyMap<string, Json> {
  return new Map(
    leaves(body)
      .filter((leaf) => leaf.value !== null)
      .map((leaf) => [
        leaf.pointer
          .slice(1)
          .split('/')
          .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
          .join('.'),
        leaf.value,
      ]),
  );
}
