import { CLUSTER, CLUSTERS, ELASTIC_CLUSTER } from '../stack/azurerm';
import { forcesReplacement } from './force-new';
import type { Part } from './parts';
import { flatten, partsOf } from './parts';
import { namesSecret, secretIn } from '../stack/secrets';
import type { Json, Synthesized } from '../stack/synthesized';
import { isUnresolved } from '../stack/synthesized';
import { explainChange, explainComparison, explainResource } from './meanings';

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

/** How the sides are called where two environments are compared; absent where one of them changes. */
type Compared = Pick<DifferenceDocument, 'before' | 'after'> | undefined;

/** Holds two synthesized stacks side by side. Pure; the sides of one stack are equal. */
export function difference(before: Side, after: Side): DifferenceDocument {
  const transition = before.stack.environment === after.stack.environment;
  const compared = transition ? undefined : { before: before.label, after: after.label };
  const left = partsOf(before.stack);
  const right = partsOf(after.stack);
  const addresses = [...new Set([...left.keys(), ...right.keys()])];
  const changes = addresses.flatMap((address) => compare(left.get(address), right.get(address), compared));
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

function compare(before: Part | undefined, after: Part | undefined, compared: Compared): readonly Change[] {
  if (before === undefined || after === undefined) {
    const part = after ?? before;
    return part === undefined ? [] : [wholePart(part, after !== undefined, compared)];
  }
  const left = flatten(before.body);
  const right = flatten(after.body);
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((path) => left.get(path) !== right.get(path))
    .sort()
    .map((path) => changeOf(after, path, left.get(path), right.get(path), compared));
}

/** Stands for a whole block in `before` and `after`. */
const PRESENT = 'present';

function wholePart(part: Part, appears: boolean, compared: Compared): Change {
  const change = {
    address: part.address,
    constructPath: part.constructPath,
    attribute: '',
    before: appears ? null : PRESENT,
    after: appears ? PRESENT : null,
  };
  if (compared !== undefined) {
    const owner = appears ? compared.after : compared.before;
    return { ...change, words: `${part.address}: only ${owner} has it`, effect: 'differs' };
  }
  if (!part.resource) {
    return { ...change, words: `${part.address} ${appears ? 'is new' : 'goes'}`, effect: 'update' };
  }
  return {
    ...change,
    words: `${part.address}: ${explainResource(part.type, appears)}`,
    effect: appears ? 'create' : 'destroy',
  };
}

function changeOf(
  part: Part,
  path: string,
  before: Json | undefined,
  after: Json | undefined,
  compared: Compared,
): Change {
  const change = {
    address: part.address,
    constructPath: part.constructPath,
    attribute: path,
    before: withoutSecret(part, path, before) ?? null,
    after: withoutSecret(part, path, after) ?? null,
  };
  const values = `${nameOf(part, path)}: ${show(part, path, change.before)} -> ${show(part, path, change.after)}`;
  if (compared !== undefined) {
    const meaning = explainComparison(part.type, path);
    return { ...change, words: meaning === '' ? values : `${values} (${meaning})`, effect: 'differs' };
  }
  if (forcesReplacement(part.type, path, before, after)) {
    const loss = CLUSTERS.includes(part.type) ? ', with the database in it' : '';
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

/** Nodes of an elastic cluster, in its block or in the list that the block is written as. */
const CLUSTER_SIZE = /^cluster\.(?:0\.)?size$/;

function nameOf(part: Part, path: string): string {
  if (part.type === CLUSTER && path === 'node_count') return 'workers';
  if (part.type === ELASTIC_CLUSTER && CLUSTER_SIZE.test(path)) return 'nodes';
  return part.resource ? path : `${part.address} ${path}`;
}

/** A secret that somebody wrote out is not written out again. */
function withoutSecret(part: Part, path: string, value: Json | undefined): Json | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  const text = String(value);
  // An output and a variable are named by their address, and their value is called `value` or `default`.
  const own = part.resource ? [] : [part.address.split('.').at(-1) ?? ''];
  const called = !isUnresolved(text) && [...own, ...path.split('.')].some(namesSecret);
  return called || secretIn(text) !== undefined ? '(a secret)' : value;
}

function show(part: Part, path: string, value: Json): string {
  if (part.type === CLUSTER && path === 'node_count' && (value ?? 0) === 0) return 'none';
  if (value === null) return 'not set';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
