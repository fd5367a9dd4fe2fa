import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

/** As much of a published OpenAPI 2.0 file as tells whether an answer is one of its service's. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly allOf?: readonly Schema[];
  readonly readOnly?: boolean;
  readonly 'x-ms-secret'?: boolean;
  /** What a property is for: whether it can be read, and stated when a resource is created or updated. */
  readonly 'x-ms-mutability'?: readonly string[];
}

export interface Response {
  readonly schema?: Schema;
  readonly headers?: Readonly<Record<string, { readonly type: string }>>;
}

/** What a request has: a body by its schema, or a part of its address. */
export interface Parameter {
  readonly $ref?: string;
  readonly name?: string;
  readonly in?: string;
  readonly schema?: Schema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly 'x-ms-examples'?: Readonly<Record<string, { readonly $ref: string }>>;
  readonly responses: Readonly<Record<string, Response>>;
}

export interface Specification {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** A schema with the file that its references are relative to. */
interface Place {
  readonly schema: Schema;
  readonly file: string;
}

const read = new Map<string, unknown>();

/** A JSON file, parsed once. */
export function jsonOf(file: string): unknown {
  if (!read.has(file)) read.set(file, JSON.parse(readFileSync(file, 'utf8')));
  return read.get(file);
}

/**
 * What of a value is not as a schema has it, each with where it is; empty where all is well. Members that the schema does
 * not know count too, but for null: a service says it of what is not set.
 *
 * @param file the file that holds the schema
 */
export function differences(value: unknown, schema: Schema, file: string, at = ''): string[] {
  if (value === null) return [];
  const places = flattened({ schema, file });
  return [
    ...places.flatMap(({ schema: each }) => ofValue(value, each, at)),
    ...(isObject(value) ? ofMembers(value, places, at) : []),
    ...(Array.isArray(value) ? ofItems(value, places, at) : []),
  ];
}

function ofValue(value: unknown, schema: Schema, at: string): string[] {
  const is = `${at || 'the answer'} is ${JSON.stringify(value).slice(0, 80)}`;
  const wrongType = schema.type !== undefined && !isOfType(value, schema.type);
  const wrongWord = schema.enum !== undefined && !schema.enum.includes(value);
  const wrongText =
    schema.pattern !== undefined && typeof value === 'string' && !new RegExp(schema.pattern).test(value);
  return [
    ...(wrongType ? [`${is}, and no ${schema.type}`] : []),
    ...(wrongWord ? [`${is}, and none of ${String(schema.enum)}`] : []),
    ...(wrongText ? [`${is}, and not like ${schema.pattern}`] : []),
    ...(schema['x-ms-secret'] === true ? [`${is}, and a secret`] : []),
    ...(isNeverRead(schema) ? [`${is}, and is never read`] : []),
  ];
}

function ofMembers(value: Record<string, unknown>, places: readonly Place[], at: string): string[] {
  const isOpen = places.some(({ schema }) => schema.additionalProperties !== undefined);
  const knowsNothing = places.every(({ schema }) => schema.properties === undefined);
  const members = Object.entries(value).flatMap(([name, member]) => {
    const known = membersNamed(name, places);
    const within = `${at}.${name}`;
    if (known.length === 0) return isOpen || knowsNothing ? [] : [`${within} is unknown`];
    return known.flatMap(({ schema, file }) => differences(member, schema, file, within));
  });
  const missing = places
    .flatMap(({ schema }) => schema.required ?? [])
    .filter((name) => value[name] === undefined && !isSecret(places, name))
    .map((name) => `${at}.${name} is missing`);
  return [...members, ...missing];
}

function isNeverRead(schema: Schema): boolean {
  return schema['x-ms-mutability']?.includes('read') === false && schema['x-ms-secret'] !== true;
}

/**
 * What of a request an answer has otherwise, each with where it is, of what can be stated and read by the request's schema.
 * Empty text and null state nothing.
 *
 * @param file the file that holds the schema
 */
export function lost(stated: unknown, read: unknown, schema: Schema, file: string, at = ''): string[] {
  const places = flattened({ schema, file });
  const isAnswered = places.every(
    ({ schema: each }) => each.readOnly !== true && each['x-ms-secret'] !== true && !isNeverRead(each),
  );
  if (!isAnswered || stated === null || stated === '') return [];
  if (!isObject(stated)) {
    const is = read === undefined ? 'missing' : JSON.stringify(read);
    return isDeepStrictEqual(stated, read) ? [] : [`${at} is ${is}, and was ${JSON.stringify(stated)}`];
  }
  return Object.entries(stated).flatMap(([name, member]) => {
    const within = isObject(read) ? read[name] : undefined;
    return membersNamed(name, places).flatMap(({ schema: each, file: its }) =>
      lost(member, within, each, its, `${at}.${name}`),
    );
  });
}

/** A secret has to be in a request, and must not be in an answer. */
function isSecret(places: readonly Place[], name: string): boolean {
  return places.some(({ schema }) => schema.properties?.[name]?.['x-ms-secret'] === true);
}

function ofItems(value: readonly unknown[], places: readonly Place[], at: string): string[] {
  return value.flatMap((item, index) =>
    places.flatMap(({ schema, file }) =>
      schema.items === undefined ? [] : differences(item, schema.items, file, `${at}[${String(index)}]`),
    ),
  );
}

function membersNamed(name: string, places: readonly Place[]): Place[] {
  return places.flatMap(({ schema, file }) => {
    const found = schema.properties?.[name];
    return found === undefined ? [] : [{ schema: found, file }];
  });
}

/** A schema, what it refers to and all that it is made of. */
function flattened({ schema, file }: Place): Place[] {
  const referred = schema.$ref === undefined ? [] : flattened(placeOf(schema.$ref, file));
  const parts = (schema.allOf ?? []).flatMap((part) => flattened({ schema: part, file }));
  return [{ schema, file }, ...referred, ...parts];
}

/** What a parameter of a request is, wherever that is written. */
export function parameterOf(parameter: Parameter, file: string): Parameter {
  return parameter.$ref === undefined ? parameter : referredTo(parameter.$ref, file).found;
}

function placeOf(reference: string, file: string): Place {
  const { found, target } = referredTo(reference, file);
  return { schema: found, file: target };
}

function referredTo(
  reference: string,
  file: string,
): { readonly found: Record<string, unknown>; readonly target: string } {
  const [path = '', pointer = ''] = reference.split('#');
  const target = path === '' ? file : resolve(dirname(file), path);
  const found = pointer
    .split('/')
    .filter(Boolean)
    .reduce<unknown>((within, name) => (isObject(within) ? within[name] : undefined), jsonOf(target));
  if (!isObject(found)) throw new Error(`${file} refers to ${reference}, which is not there`);
  return { found, target };
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
