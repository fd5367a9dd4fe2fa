import { z } from 'zod';
import { allowSchema, checkAllowances } from './allowances';
import { checkSchemas, schemasSchema, toExpectedSchemas } from './distribution-schemas';
import type { DistributedTable, Distribution, ExpectedTable, TableName } from './distribution-types';
import { readConfigFile, shownPath } from '../file/files';
import { readColumnName, readTableName, tableKey } from './identifiers';
import { didYouMean, oneOf, show } from '../text/text';
import type { Report } from '../file/yaml';
import { parseYaml, rule } from '../file/yaml';
import { strictShape } from '../file/schema-types';

/** Citus's own bounds and default of `citus.shard_count`. */
const SHARDS = { fewest: 1, most: 64_000, usual: 32 } as const;

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
      .optional()
      .describe('The distribution column: its hash says which shard a row lives in.'),
    colocateWith: z
      .string({ error: 'the name of a distributed table of this file' })
      .optional()
      .describe('The table whose shards these live beside; absent starts a colocation group of its own.'),
    primaryKey: z
      .array(z.string({ error: 'the name of a column' }), { error: columnsAllowed })
      .min(1, { error: columnsAllowed })
      .optional()
      .describe('The primary key once the table is distributed, in order; absent leaves the key as it is.'),
  },
  'what becomes of the table: { reference: true }, { local: true } or { distributeBy: COLUMN }',
).meta({
  oneOf: [{ required: ['reference'] }, { required: ['local'] }, { required: ['distributeBy'] }],
});

const tablesSchema = z
  .record(z.string(), tableSchema, { error: 'the tables, as in events: { distributeBy: device_id }' })
  .describe(
    'What becomes of each table. A name is table or schema.table (public where there is none), written as in SQL; ' +
      'tables that are not listed stay on the coordinator with every row; those that foreign keys connect with a reference table become Citus local tables, and a plan names each.',
  );

/** `distribution.yaml` as written; {@link parseDistribution} adds the rules that no schema can say. */
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

type Written = z.output<typeof tableSchema>;

/**
 * Parses `distribution.yaml`: strictly, every issue at once.
 *
 * @param file what messages call the file
 * @throws ConfigError
 */
export function parseDistribution(text: string, file: string): Distribution {
  const written = parseYaml(text, file, distributionSchema, [
    rule(z.object({ tables: anything, schemas: anything }), ({ tables, schemas }, report) => {
      requireSomething(tables, schemas, report);
      checkSchemas(schemas ?? {}, Object.keys(tables ?? {}), report);
    }),
    rule(z.object({ tables: z.record(z.string(), z.unknown()) }), ({ tables }, report) => {
      checkTableNames(Object.keys(tables), report);
      // What is well-formed is checked, also beside a table that is not.
      const parsed = Object.entries(tables).map(([key, value]) => ({
        key,
        table: tableSchema.safeParse(value).data,
      }));
      for (const { key, table } of parsed) if (table !== undefined) checkTable(key, table, report);
      checkColocation(parsed, report);
    }),
    rule(z.object({ allow: z.array(z.unknown()) }), ({ allow }, report) => checkAllowances(allow, report)),
  ]);
  return {
    shardCount: written.shardCount,
    online: written.online,
    tables: Object.entries(written.tables ?? {}).map(([key, table]) => toExpected(key, table)),
    ...(written.schemas === undefined || Object.keys(written.schemas).length === 0
      ? {}
      : { schemas: toExpectedSchemas(written.schemas) }),
    ...(written.allow === undefined || written.allow.length === 0 ? {} : { allow: written.allow }),
  };
}

/** Some 30,000 tables; reading ten times that would take minutes. */
const MOST_BYTES = 1024 * 1024;

/** @throws ConfigError when the file is missing or wrong */
export function loadDistribution(file: string): Distribution {
  return parseDistribution(readConfigFile(file, MOST_BYTES), shownPath(file));
}

/** A map that may be malformed inside, so that what it says of tables and schemas can be checked all the same. */
const anything = z.record(z.string(), z.unknown()).optional();

/** A file that says nothing is a mistake, whichever of the two keys it forgot. */
function requireSomething(tables: object | undefined, schemas: object | undefined, report: Report): void {
  const named = Object.keys(tables ?? {}).length + Object.keys(schemas ?? {}).length;
  if (named > 0) return;
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

function checkTableNames(keys: readonly string[], report: Report): void {
  const seen = new Map<string, string>();
  for (const key of keys) {
    const name = readTableName(key);
    if (!name.ok) {
      report(['tables', key], name.problem);
      continue;
    }
    const twin = seen.get(tableKey(name.value));
    if (twin === undefined) seen.set(tableKey(name.value), key);
    else report(['tables', key], `is the same table as ${show(twin)}, declared above: keep one of the two`);
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
  const column = table.distributeBy === undefined ? undefined : readColumnName(table.distributeBy);
  if (column?.ok === false) report(at('distributeBy'), column.problem);
  const target = table.colocateWith === undefined ? undefined : readTableName(table.colocateWith);
  if (target?.ok === false) report(at('colocateWith'), target.problem);
  if (table.primaryKey !== undefined) checkPrimaryKey(at('primaryKey'), table.primaryKey, column, report);
}

function checkPrimaryKey(
  at: string[],
  primaryKey: readonly string[],
  distributeBy: ReturnType<typeof readColumnName> | undefined,
  report: Report,
): void {
  const columns: string[] = [];
  let readable = true;
  for (const [index, text] of primaryKey.entries()) {
    const column = readColumnName(text);
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
      `is ${show(primaryKey)}, without the distribution column ${show(distributeBy.value)}: Citus can keep a key ` +
        `unique only within a shard, so add it, as in [${[distributeBy.value, ...columns].join(', ')}]`,
    );
  }
}

/** A table of the file; `table` is absent where it is malformed, which is reported elsewhere. */
interface Parsed {
  readonly key: string;
  readonly table: Written | undefined;
}

/** Follows `colocateWith`: it leads to a distributed table of this file, and never round in a circle. */
function checkColocation(tables: readonly Parsed[], report: Report): void {
  const byName = new Map<string, Parsed>();
  for (const each of tables) {
    const name = readTableName(each.key);
    if (name.ok) byName.set(tableKey(name.value), each);
  }
  const follow = ({ table }: Parsed): Parsed | undefined => {
    const name = table?.colocateWith === undefined ? undefined : readTableName(table.colocateWith);
    return name?.ok === true ? byName.get(tableKey(name.value)) : undefined;
  };
  const distributed = tables.filter(({ table }) => table?.distributeBy !== undefined);
  for (const each of tables) {
    const { key, table } = each;
    if (table?.colocateWith === undefined || !readTableName(table.colocateWith).ok) continue;
    const at = ['tables', key, 'colocateWith'];
    const is = `is ${show(table.colocateWith)}`;
    const others = distributed.filter((other) => other !== each).map((other) => other.key);
    const choice =
      others.length === 0 ? 'leave it out, no other table of the file is' : `name ${oneOf(others)}`;
    const target = follow(each);
    if (target === undefined) {
      const guess = didYouMean(table.colocateWith, others);
      report(at, `${is}, which this file does not declare as distributed${guess}: ${choice}`);
    } else if (target.table !== undefined && target.table.distributeBy === undefined) {
      report(at, `${is}, which is not distributed and has no shards to live beside: ${choice}`);
    } else if (leadsBack(each, follow)) {
      report(
        at,
        `${is}, which leads back to ${show(key)}: one table of the group stands alone, without colocateWith`,
      );
    }
  }
}

function leadsBack(start: Parsed, follow: (table: Parsed) => Parsed | undefined): boolean {
  const seen = new Set<Parsed>();
  for (let next = follow(start); next !== undefined && !seen.has(next); next = follow(next)) {
    if (next === start) return true;
    seen.add(next);
  }
  return false;
}

function toExpected(key: string, written: Written): ExpectedTable {
  const table = trusted(readTableName(key));
  if (written.reference === true) return { kind: 'reference', table };
  if (written.local === true) return { kind: 'local', table };
  const distributed: DistributedTable = {
    kind: 'distributed',
    table,
    distributeBy: trusted(readColumnName(written.distributeBy ?? '')),
    ...(written.colocateWith === undefined
      ? {}
      : { colocateWith: trusted<TableName>(readTableName(written.colocateWith)) }),
    ...(written.primaryKey === undefined
      ? {}
      : { primaryKey: written.primaryKey.map((column) => trusted(readColumnName(column))) }),
  };
  return distributed;
}

/** A name that the checks have passed already. */
function trusted<T>(read: { ok: true; value: T } | { ok: false; problem: string }): T {
  if (!read.ok) throw new Error(read.problem);
  return read.value;
}
