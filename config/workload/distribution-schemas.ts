import { z } from 'zod';
import type { ExpectedSchema } from './distribution-types';
import { readSchemaName, readTableName } from './identifiers';
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

export const schemasSchema = z
  .record(z.string(), schemaSchema, { error: 'the schemas, as in tenant_1: { distributed: true }' })
  .describe(
    'What becomes of each schema as a whole, as one schema for each tenant needs it. A name is written as in SQL; ' +
      'schemas that are not listed are left alone.',
  );

type Written = z.output<typeof schemaSchema>;

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
 * @param schemas as written, checked by {@link schemasSchema} or not yet
 * @param tables the keys of `tables`, which must not speak of what belongs to a distributed schema
 */
export function checkSchemas(
  schemas: Readonly<Record<string, unknown>>,
  tables: readonly string[],
  report: Report,
): void {
  const seen = new Map<string, { readonly key: string; readonly written: Written | undefined }>();
  for (const [key, value] of Object.entries(schemas)) {
    const at = ['schemas', key];
    const written = schemaSchema.safeParse(value).data;
    if (written !== undefined) checkKind(at, written, report);
    const name = readSchemaName(key);
    if (!name.ok) {
      report(at, name.problem);
      continue;
    }
    const twin = seen.get(name.value);
    if (twin !== undefined) {
      report(at, `is the same schema as ${show(twin.key)}, declared above: keep one of the two`);
      continue;
    }
    seen.set(name.value, { key, written });
    const taken = takenBy(name.value);
    if (taken !== undefined) report(at, taken);
  }
  for (const key of tables) {
    const table = readTableName(key);
    const schema = table.ok ? seen.get(table.value.schema) : undefined;
    if (schema?.written?.distributed !== true || schema.written.local === true) continue;
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
export function toExpectedSchemas(written: Readonly<Record<string, Written>>): ExpectedSchema[] {
  return Object.entries(written).map(([key, { distributed }]) => {
    const name = readSchemaName(key);
    if (!name.ok) throw new Error(name.problem);
    return { kind: distributed === true ? 'distributed' : 'local', schema: name.value };
  });
}
