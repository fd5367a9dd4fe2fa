import { z } from 'zod';
import type { ExpectedSchema, TableName } from './distribution-types';
import type { Entry } from './identifiers';
import { checkNames, entriesBy, nameOf, readName } from './identifiers';
import { show } from '../text/text';
import type { Report } from '../file/yaml';
import { strictShape } from '../file/schema-types';

/** The part of `distribution.yaml` that is about whole schemas: schema-based sharding. */

const schemaSchema = strictShape(
  {
    distributed: z
      .literal(true, { error: 'true, or absent' })
      .optional()
      .describe('All its tables live together on one node, each in a single shard.'),
    local: z
      .literal(true, { error: 'true, or absent' })
      .optional()
      .describe('Not distributed as a whole; its tables may be, one by one, under tables.'),
  },
  'what becomes of the schema: { distributed: true } or { local: true }',
).meta({ oneOf: [{ required: ['distributed'] }, { required: ['local'] }] });

type Written = z.output<typeof schemaSchema>;
type SchemaEntry<Value = Written> = Entry<string, Value>;

const schemaEntries = entriesBy(readName);

export const schemasSchema = z
  .record(z.string(), schemaSchema, { error: 'the schemas, as in tenant_1: { distributed: true }' })
  .describe(
    'What becomes of each schema as a whole, as one schema for each tenant needs it. A name is written as in SQL; ' +
      'schemas that are not listed are left alone.',
  )
  .transform(schemaEntries);

/** The same, without what is malformed inside, so that the rest can be checked. */
export const wellFormedSchemas = z
  .record(z.string(), schemaSchema.optional().catch(undefined))
  .transform(schemaEntries);

/** Schemas that are nobody's tenant. Citus refuses the first; the rest belong to the server, to Citus or to this project. */
const TAKEN = new Set([
  'public',
  'information_schema',
  'citus',
  'citus_internal',
  'columnar',
  'columnar_internal',
  'scaleout',
]);

/**
 * Reports what is wrong with the schemas.
 *
 * @param tables must not speak of what belongs to a distributed schema
 */
export function checkSchemas(
  schemas: readonly SchemaEntry<Written | undefined>[],
  tables: readonly Entry<TableName, unknown>[],
  report: Report,
): void {
  for (const { key, value } of schemas) {
    if (value !== undefined) checkKind(['schemas', key], value, report);
  }
  const byName = checkNames('schema', schemas, (name) => name, report);
  for (const [name, { key }] of byName) {
    const taken = takenBy(name);
    if (taken !== undefined) report(['schemas', key], taken);
  }
  for (const { key, name } of tables) {
    const schema = name.ok ? byName.get(name.value.schema) : undefined;
    if (schema?.value?.distributed !== true || schema.value.local === true) continue;
    report(
      ['tables', key],
      `belongs to the schema ${show(schema.key)}, which this file distributes as a whole: leave the table out, or declare the schema { local: true }`,
    );
  }
}

function checkKind(at: readonly string[], { distributed, local }: Written, report: Report): void {
  if (distributed === undefined && local === undefined) {
    report(at, 'does not say what becomes of the schema: add one of distributed or local');
  }
  if (distributed !== undefined && local !== undefined) {
    report(at, 'is distributed and local at once, and a schema is only one of them: keep one');
  }
}

function takenBy(schema: string): string | undefined {
  if (schema === 'public') {
    return 'cannot be distributed as a whole, nor need it be said that it is not: distribute its tables one by one, under tables';
  }
  return TAKEN.has(schema) || schema.startsWith('pg_')
    ? 'belongs to PostgreSQL, to Citus or to scaleout itself, and none of its tables is yours: leave it out'
    : undefined;
}

/** Only of what {@link checkSchemas} found right. */
export function toExpectedSchema({ name, value }: SchemaEntry): ExpectedSchema {
  return { kind: value.distributed === true ? 'distributed' : 'local', schema: nameOf(name) };
}
