import { ScaleoutError } from '../lib/errors';
import { expression, literal, reference, references } from './expression';
import type { BlockSchema, ProviderSchemas } from './schema';
import { schemaOf } from './schema';

type Json = Readonly<Record<string, unknown>>;

/**
 * A stack of Terraform's JSON syntax in its native syntax, the same to Terraform. Not indented: that is for
 * `terraform fmt`.
 *
 * The JSON syntax does not say what is a block and what an argument; the providers' schemas do. What is known to
 * neither Terraform nor a schema is refused, never dropped.
 *
 * @throws ScaleoutError naming the place of what cannot be written
 */
export function stackHcl(stack: Json, schemas: ProviderSchemas): string {
  const unknown = each(stack).find(([section]) => !Object.hasOwn(SECTIONS, section));
  if (unknown !== undefined) throw unwritten(unknown[0]);
  const written = Object.entries(SECTIONS).flatMap(([section, write]) =>
    stack[section] === undefined ? [] : write(stack[section], schemas),
  );
  return `${written.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** The blocks of a section, each as its lines. */
type SectionWriter = (content: unknown, schemas: ProviderSchemas) => string[][];

const SECTIONS: Readonly<Record<string, SectionWriter>> = {
  terraform: (content) => [block('terraform', [], body(content, 'terraform', TERRAFORM))],
  provider: (content, schemas) =>
    each(object(content, 'provider')).flatMap(([name, settings]) => {
      const schema = known(schemaOf(schemas, 'provider', name), `provider.${name}`);
      return [settings]
        .flat()
        .map((item, index) =>
          block('provider', [name], fromSchema(item, `provider.${name}.${String(index)}`, schema, PROVIDER)),
        );
    }),
  variable: (content) =>
    each(object(content, 'variable')).map(([name, settings]) =>
      block('variable', [name], body(settings, `variable.${name}`, VARIABLE)),
    ),
  locals: (content) => [block('locals', [], each(object(content, 'locals')).map(argument(expression)))],
  output: (content) =>
    each(object(content, 'output')).map(([name, settings]) =>
      block('output', [name], body(settings, `output.${name}`, OUTPUT)),
    ),
  data: (content, schemas) => objects('data', content, schemas),
  resource: (content, schemas) => objects('resource', content, schemas),
  import: (content) => [content].flat().map((order) => block('import', [], body(order, 'import', IMPORT))),
};

function objects(kind: 'resource' | 'data', content: unknown, schemas: ProviderSchemas): string[][] {
  return each(object(content, kind)).flatMap(([type, named]) => {
    const schema = known(schemaOf(schemas, kind, type), `${kind}.${type}`);
    return each(object(named, type)).map(([name, settings]) =>
      block(kind, [type, name], fromSchema(settings, `${type}.${name}`, schema, META)),
    );
  });
}

/** Writes one key of a block: its value as lines. */
type KeyWriter = (value: unknown, place: string, key: string) => string[];
type Keys = Readonly<Record<string, KeyWriter>>;

const argument =
  (write: (value: unknown) => string) =>
  ([key, value]: readonly [string, unknown]): string =>
    `${key} = ${write(value)}`;
const one =
  (write: (value: unknown) => string): KeyWriter =>
  (value, _place, key) => [argument(write)([key, value])];
/** A block, or as many as the array has. */
const blocks =
  (keys: Keys): KeyWriter =>
  (value, place, key) =>
    [value].flat().flatMap((content) => block(key, [], body(content, place, keys)));

const CONDITIONS: Keys = { condition: one(expression), error_message: one(expression) };

const TERRAFORM: Keys = {
  required_version: one(literal),
  required_providers: (value, place) =>
    block('required_providers', [], each(object(value, place)).map(argument(literal))),
  backend: (value, place) =>
    each(object(value, place)).flatMap(([type, settings]) =>
      block('backend', [type], each(object(settings, place)).map(argument(literal))),
    ),
};

const VARIABLE: Keys = {
  type: one(reference),
  default: one(literal),
  description: one(literal),
  sensitive: one(literal),
  nullable: one(literal),
  ephemeral: one(literal),
  validation: blocks(CONDITIONS),
};

const OUTPUT: Keys = {
  value: one(expression),
  description: one(literal),
  sensitive: one(literal),
  ephemeral: one(literal),
  depends_on: one(references),
  precondition: blocks(CONDITIONS),
};

const IMPORT: Keys = { to: one(reference), id: one(literal) };

const PROVIDER: Keys = { alias: one(literal) };

const META: Keys = {
  provider: one(reference),
  count: one(expression),
  for_each: one(expression),
  depends_on: one(references),
  lifecycle: blocks({
    create_before_destroy: one(literal),
    prevent_destroy: one(literal),
    ignore_changes: one((value) => (value === 'all' ? 'all' : references(value))),
    replace_triggered_by: one(references),
    precondition: blocks(CONDITIONS),
    postcondition: blocks(CONDITIONS),
  }),
};

function body(content: unknown, place: string, keys: Keys): string[] {
  return each(object(content, place)).flatMap(([key, value]) => {
    const write = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (write === undefined) throw unwritten(`${place}.${key}`);
    return write(value, `${place}.${key}`, key);
  });
}

/** Keys of Terraform itself first: a provider cannot name an argument like one of them. */
function fromSchema(content: unknown, place: string, schema: BlockSchema, own: Keys): string[] {
  return each(object(content, place)).flatMap(([key, value]) => {
    const here = `${place}.${key}`;
    if (Object.hasOwn(own, key)) return own[key]?.(value, here, key) ?? [];
    const nested = ownOf(schema.block_types, key);
    if (nested !== undefined && ['single', 'list', 'set'].includes(nested.nesting_mode)) {
      const inner = value === null ? [] : [value].flat();
      return inner.flatMap((item) => block(key, [], fromSchema(item, here, nested.block, {})));
    }
    if (ownOf(schema.attributes, key) === undefined) throw unwritten(here);
    return one(expression)(value, here, key);
  });
}

/** Of a key that every object inherits, a schema says nothing. */
function ownOf<T>(table: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}

function block(kind: string, labels: readonly string[], inside: readonly string[]): string[] {
  const head = [kind, ...labels.map((label) => JSON.stringify(label))].join(' ');
  return inside.length === 0 ? [`${head} {}`] : [`${head} {`, ...inside, '}'];
}

/** The entries of an object, without the comments that both syntaxes allow. */
function each(content: Json): [string, unknown][] {
  return Object.entries(content).filter(([key]) => key !== '//');
}

function object(value: unknown, place: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unwritten(place);
  return value as Json;
}

function known(schema: BlockSchema | undefined, place: string): BlockSchema {
  if (schema === undefined) throw unwritten(place);
  return schema;
}

function unwritten(place: string): ScaleoutError {
  return new ScaleoutError(
    'hcl.unwritable',
    `${place} cannot be written as HCL: neither Terraform's language as this project uses it nor a provider's schema says what it is`,
  );
}
