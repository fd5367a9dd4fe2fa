import { z } from 'zod';
import { refused, ScaleoutError } from '../../lib/errors';
import { parseStrictJson, RepeatedKeyError } from '../../lib/strict-json';

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** One resource of a stack. */
export interface Block {
  /** `azurerm_cosmosdb_postgresql_cluster.cluster`: Terraform's name for it, the same in every stage. */
  readonly address: string;
  readonly type: string;
  readonly name: string;
  /** Where it comes from in the source: `dev/cluster`. */
  readonly constructPath: string;
  /** JSON pointer of the block within its file. */
  readonly pointer: string;
  /** Its arguments, without the framework's metadata. */
  readonly body: JsonObject;
  /** Why it does something risky, by the prop that asked for it; see constructs/stated-reason.ts. */
  readonly reasons: JsonObject;
}

/** One stack as it was synthesized: what the auditor judges, and all they judge. */
export interface Synthesized {
  /** The environment's name, which is the stack's. */
  readonly environment: string;
  readonly resources: readonly Block[];
  /** The whole `cdk.tf.json`, for what is no resource: variables, outputs, provider, backend. */
  readonly document: JsonObject;
}

/** The framework's own key in every block; Terraform takes it for a comment. */
const METADATA_KEY = '//';

const metadata = z.object({ metadata: z.object({ path: z.string() }) });

/**
 * Parses one `cdk.tf.json`.
 *
 * @param file how messages name it, e.g. `cdktf.out/stacks/dev/cdk.tf.json`
 * @throws ScaleoutError when it is not the JSON of a stack; refused where it has two readings, by a key that is there twice
 */
export function parseSynthesized(text: string, environment: string, file: string): Synthesized {
  const document = parseJson(text, file);
  if (!isObject(document)) throw broken(file, 'it holds no JSON object');
  const resources: Block[] = [];
  for (const [type, named] of Object.entries(objectAt(document, 'resource', file))) {
    if (!isObject(named)) throw broken(file, `resource.${type} is no object`);
    for (const [name, value] of Object.entries(named)) {
      if (!isObject(value)) throw broken(file, `resource.${type}.${name} is no object`);
      const { [METADATA_KEY]: comment, ...body } = value;
      const parsed = metadata.safeParse(comment);
      resources.push({
        address: `${type}.${name}`,
        type,
        name,
        // A resource written past the constructs (an override) has no path of its own.
        constructPath: parsed.success ? parsed.data.metadata.path : environment,
        pointer: pointer('resource', type, name),
        body,
        reasons: isObject(comment) && isObject(comment['reasons']) ? comment['reasons'] : {},
      });
    }
  }
  return { environment, resources, document };
}

function parseJson(text: string, file: string): Json {
  try {
    return parseStrictJson(text) as Json;
  } catch (error) {
    if (error instanceof RepeatedKeyError) {
      throw refused(
        'audit.other-stack',
        `${file} has the key ${error.key} twice: Terraform need not take the one that is judged, so what is judged would not be what is applied. It is generated; write it again with npx cdktf synth`,
        { cause: error },
      );
    }
    throw broken(file, `it is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}

function broken(file: string, why: string): ScaleoutError {
  return new ScaleoutError(
    'audit.unreadable',
    `${file} cannot be judged: ${why}. It is generated; write it again with npx cdktf synth`,
  );
}

function objectAt(document: JsonObject, key: string, file: string): JsonObject {
  const value = document[key];
  if (value === undefined) return {};
  if (!isObject(value)) throw broken(file, `its "${key}" is no object`);
  return value;
}

/** Whether a value of JSON is an object, and no list. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A section of the stack such as `variable` or `output`; empty where there is none. */
export function section(stack: Synthesized, key: string): JsonObject {
  const value = stack.document[key];
  return isObject(value) ? value : {};
}

/** Resources of some types, in the order of the file. */
export function resourcesOf(stack: Synthesized, ...types: readonly string[]): readonly Block[] {
  return stack.resources.filter((block) => types.includes(block.type));
}

/** A JSON pointer (RFC 6901). */
export function pointer(...segments: readonly (string | number)[]): string {
  return segments
    .map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** True where Terraform would still evaluate something: `${var.x}`, but not the escaped `$${`. */
export function isUnresolved(text: string): boolean {
  return /(?<!\$)\$\{/.test(text);
}

/** A string somewhere in a document: where, under which key, and what. */
export interface Leaf {
  readonly pointer: string;
  /** The nearest key above it; an array's elements share their array's. */
  readonly key: string;
  readonly value: Exclude<Json, JsonObject | readonly Json[]>;
}

/** Every value below `root` that is neither object nor array, without the framework's metadata. */
export function leaves(root: Json, at = '', key = ''): readonly Leaf[] {
  if (at !== '' || key !== '' || typeof root !== 'object' || root === null) return leavesBelow(root, at, key);
  const found = known.get(root) ?? leavesBelow(root, at, key);
  known.set(root, found);
  return found;
}

/** Documents are never written to, and several rules read every value of one. */
const known = new WeakMap<object, readonly Leaf[]>();

function leavesBelow(root: Json, at: string, key: string): readonly Leaf[] {
  if (Array.isArray(root)) {
    return (root as readonly Json[]).flatMap((item, index) => leavesBelow(item, at + pointer(index), key));
  }
  if (isObject(root)) {
    return Object.entries(root).flatMap(([name, value]) =>
      name === METADATA_KEY ? [] : leavesBelow(value, at + pointer(name), name),
    );
  }
  return [{ pointer: at, key, value: root as Leaf['value'] }];
}
