import { z } from 'zod';
import { allowSchema, checkAllowances } from './allowances';
import { checkSchemas, schemasSchema, toExpectedSchema, wellFormedSchemas } from './distribution-schemas';
import { SHARDS } from './distribution-types';
import type { Distribution, ExpectedTable, TableName } from './distribution-types';
import { readConfigFile, shownPath } from '../file/files';
import type { Entry, Read } from './identifiers';
import { checkNames, entriesBy, nameOf, readName, readTableName, tableKey } from './identifiers';
import { didYouMean, oneOf, show } from '../text/text';
import type { Report } from '../file/yaml';
import { parseYaml, rule } from '../file/yaml';
import { strictShape } from '../file/schema-types';

const shardCountAllowed = `a whole number of shards from ${String(SHARDS.fewest)} to ${String(SHARDS.most)}`;
const columnsAllowed = 'a list of columns, as in [device_id, event_id]';

const tableSchema = strictShape(
  {
    reference: z
      .literal(true, { error: 'true, or absent' })
      .optional()
      .describe('Copied whole to every node.'),
    local: z
      .literal(true, { error: 'true, or absent' })
      .optional()
      .describe('Stays on the coordinator, known to nobody else.'),
    distributeBy: z
      .string({ error: 'the name of the distribution column' })
      .transform(readName)
      .optional()
      .describe('The distribution column: its hash says which shard a row lives in.'),
    colocateWith: z
      .string({ error: 'the name of a distributed table of this file' })
      .transform((written) => ({ written, name: readTableName(written) }))
      .optional()
      .describe('The table whose shards these live beside; absent starts a colocation group of its own.'),
    primaryKey: z
      .array(z.string({ error: 'the name of a column' }).transform(readName), { error: columnsAllowed })
      .min(1, { error: columnsAllowed })
      .optional()
      .describe('The primary key once the table is distributed, in order; absent leaves the key as it is.'),
  },
  'what becomes of the table: { reference: true }, { local: true } or { distributeBy: COLUMN }',
).meta({
  oneOf: [{ required: ['reference'] }, { required: ['local'] }, { required: ['distributeBy'] }],
});

type Written = z.output<typeof tableSchema>;
type TableEntry<Value = Written> = Entry<TableName, Value>;

const tableEntries = entriesBy(readTableName);

const tablesSchema = z
  .record(z.string(), tableSchema, { error: 'the tables, as in events: { distributeBy: device_id }' })
  .describe(
    'What becomes of each table. A name is table or schema.table (public where there is none), written as in SQL; ' +
      'tables that are not listed stay on the coordinator with every row; those that foreign keys connect with a reference table become Citus local tables, and a plan names each.',
  )
  .transform(tableEntries);

/** The same, without what is malformed inside, so that the rest can be checked. */
const wellFormedTables = z
  .record(z.string(), tableSchema.optional().catch(undefined))
  .transform(tableEntries);

/** `distribution.yaml` as written, with its names read; {@link parseDistribution} adds the rules that no schema can say. */
export const distributionSchema = strictShape(
  {
    shardCount: z
      .int({ error: shardCountAllowed })
      .min(SHARDS.fewest, { error: shardCountAllowed })
      .max(SHARDS.most, { error: shardCountAllowed })
      .default(SHARDS.usual)
      .describe('Shards of each distributed table that starts a colocation group.'),
    online: z
      .boolean({ error: 'true or false' })
      .default(true)
      .describe('Copy rows without blocking writes where Citus can.'),
    tables: tablesSchema.optional(),
    schemas: schemasSchema.optional(),
    allow: allowSchema.optional(),
  },
  'a map with the keys shardCount, online, tables, schemas and allow',
).meta({ anyOf: [{ required: ['tables'] }, { required: ['schemas'] }] });

const rules = [
  rule(
    z.object({ tables: wellFormedTables.optional(), schemas: wellFormedSchemas.optional() }),
    ({ tables, schemas }, report) => {
      requireSomething(tables, schemas, report);
      checkSchemas(schemas ?? [], tables ?? [], report);
    },
  ),
  rule(z.object({ tables: wellFormedTables }), ({ tables }, report) => {
    for (const { key, value } of tables) if (value !== undefined) checkTable(key, value, report);
    checkColocation(tables, checkNames('table', tables, tableKey, report), report);
  }),
  rule(z.object({ allow: z.array(z.unknown()) }), ({ allow }, report) => checkAllowances(allow, report)),
];

/**
 * Parses `distribution.yaml`: strictly, every issue at once.
 *
 * @param file what messages call the file
 * @throws ConfigError
 */
export function parseDistribution(text: string, file: string): Distribution {
  const { tables = [], schemas = [], allow = [], ...rest } = parseYaml(text, file, distributionSchema, rules);
  return {
    ...rest,
    tables: tables.map(toExpected),
    ...(schemas.length === 0 ? {} : { schemas: schemas.map(toExpectedSchema) }),
    ...(allow.length === 0 ? {} : { allow }),
  };
}

/** Some 30,000 tables; reading ten times that would take minutes. */
const MOST_BYTES = 1024 * 1024;

/** @throws ConfigError when the file is missing or wrong */
export function loadDistribution(file: string): Distribution {
  return parseDistribution(readConfigFile(file, MOST_BYTES), shownPath(file));
}

/** A file that says nothing is a mistake, whichever of the two keys it forgot. */
function requireSomething(
  tables: readonly unknown[] | undefined,
  schemas: readonly unknown[] | undefined,
  report: Report,
): void {
  if ((tables ?? []).length + (schemas ?? []).length > 0) return;
  if (tables === undefined && schemas !== undefined) {
    report(
      ['schemas'],
      'names no schema: say for each what becomes of it, as in tenant_1: { distributed: true }',
    );
  } else if (tables === undefined) {
    report(
      ['tables'],
      'is missing: add the tables, as in events: { distributeBy: device_id }, or schemas, as in tenant_1: { distributed: true }',
    );
  } else {
    report(
      ['tables'],
      'names no table: say for each what becomes of it, as in events: { distributeBy: device_id }',
    );
  }
}

const KINDS = ['reference', 'local', 'distributeBy'] as const;

function checkTable(key: string, table: Written, report: Report): void {
  const at = (...rest: string[]): string[] => ['tables', key, ...rest];
  const kinds = KINDS.filter((kind) => table[kind] !== undefined);
  if (kinds.length === 0) {
    report(at(), `does not say what becomes of the table: add one of ${oneOf(KINDS)}`);
  }
  if (kinds.length > 1) {
    report(at(), `is ${kinds.join(' and ')} at once, and a table is only one of them: keep one`);
  }
  if (table.distributeBy === undefined && kinds.length > 0) {
    for (const extra of ['colocateWith', 'primaryKey'] as const) {
      if (table[extra] !== undefined) {
        report(
          at(extra),
          `means nothing for a ${String(kinds[0])} table: remove it, or give the table distributeBy`,
        );
      }
    }
  }
  const { distributeBy: column, colocateWith, primaryKey } = table;
  if (column?.ok === false) report(at('distributeBy'), column.problem);
  if (colocateWith?.name.ok === false) report(at('colocateWith'), colocateWith.name.problem);
  if (primaryKey !== undefined) checkPrimaryKey(at('primaryKey'), primaryKey, column, report);
}

function checkPrimaryKey(
  at: string[],
  primaryKey: readonly Read<string>[],
  distributeBy: Read<string> | undefined,
  report: Report,
): void {
  const columns: string[] = [];
  let readable = true;
  for (const [index, column] of primaryKey.entries()) {
    if (!column.ok) {
      readable = false;
      report([...at, index] as string[], column.problem);
    } else if (columns.includes(column.value)) {
      report([...at, index] as string[], `names the column ${show(column.value)} twice: name it once`);
    } else columns.push(column.value);
  }
  if (readable && distributeBy?.ok === true && !columns.includes(distributeBy.value)) {
    report(
      at,
      `is ${show(primaryKey.map(nameOf))}, without the distribution column ${show(distributeBy.value)}: Citus can keep a key ` +
        `unique only within a shard, so add it, as in [${[distributeBy.value, ...columns].join(', ')}]`,
    );
  }
}

type MaybeWritten = TableEntry<Written | undefined>;

/** Follows `colocateWith`: it leads to a distributed table of this file, and never round in a circle. */
function checkColocation(
  tables: readonly MaybeWritten[],
  byName: ReadonlyMap<string, MaybeWritten>,
  report: Report,
): void {
  const follow = ({ value }: MaybeWritten): MaybeWritten | undefined => {
    const name = value?.colocateWith?.name;
    return name?.ok === true ? byName.get(tableKey(name.value)) : undefined;
  };
  const distributed = tables.filter(({ value }) => value?.distributeBy !== undefined);
  for (const each of tables) {
    const { key, value } = each;
    if (value?.colocateWith?.name.ok !== true) continue;
    const { written } = value.colocateWith;
    const at = ['tables', key, 'colocateWith'];
    const is = `is ${show(written)}`;
    const others = distributed.filter((other) => other !== each).map((other) => other.key);
    const choice =
      others.length === 0 ? 'leave it out, no other table of the file is' : `name ${oneOf(others)}`;
    const target = follow(each);
    if (target === undefined) {
      const guess = didYouMean(written, others);
      report(at, `${is}, which this file does not declare as distributed${guess}: ${choice}`);
    } else if (target.value !== undefined && target.value.distributeBy === undefined) {
      report(at, `${is}, which is not distributed and has no shards to live beside: ${choice}`);
    } else if (leadsBack(each, follow)) {
      report(
        at,
        `${is}, which leads back to ${show(key)}: one table of the group stands alone, without colocateWith`,
      );
    }
  }
}

function leadsBack(start: MaybeWritten, follow: (table: MaybeWritten) => MaybeWritten | undefined): boolean {
  const seen = new Set<MaybeWritten>();
  for (let next = follow(start); next !== undefined && !seen.has(next); next = follow(next)) {
    if (next === start) return true;
    seen.add(next);
  }
  return false;
}

function toExpected({ name, value: written }: TableEntry): ExpectedTable {
  const table = nameOf(name);
  if (written.reference === true) return { kind: 'reference', table };
  if (written.distributeBy === undefined) return { kind: 'local', table };
  const { colocateWith, primaryKey } = written;
  return {
    kind: 'distributed',
    table,
    distributeBy: nameOf(written.distributeBy),
    ...(colocateWith === undefined ? {} : { colocateWith: nameOf(colocateWith.name) }),
    ...(primaryKey === undefined ? {} : { primaryKey: primaryKey.map(nameOf) }),
  };
}
