import { stringify } from 'yaml';
import type { Case, DrawnColumn, DrawnTable, FeatureUse, Piece, TenantType } from './case';
import { chance } from './chance';
import type { Site } from './feature';
import { OWNER, quote, READER } from './feature';
import { featureOf } from './features';
import { sqlName } from './names';
import { partitionedBy, partitionsOf } from './partitions';

const TENANT: Readonly<Record<TenantType, string>> = {
  integer: '1 + i % 7',
  bigint: '10000000000 + i % 7',
  text: "'tenant ' || i % 7",
  uuid: 'md5((i % 7)::text)::uuid',
};

/** The statements that make a database from nothing, for the login: types, tables with their rows, and what hangs on both. */
export function renderCase(drawn: Case): string[] {
  const parts = drawn.tables.map((table) => ({ table, pieces: piecesOf(drawn, table) }));
  const all = (which: 'before' | 'late' | 'last'): string[] =>
    parts.flatMap(({ pieces }) => pieces.flatMap((piece) => piece[which] ?? []));
  return [
    ...schemas(drawn),
    ...all('before'),
    ...parts.flatMap(({ table, pieces }) => createTable(drawn.tenantType, table, pieces)),
    ...all('late'),
    ...all('last'),
    'ANALYZE',
  ];
}

function schemas({ tables }: Case): string[] {
  const used = [...new Set(tables.map(({ table }) => table.schema))];
  return [
    ...used
      .filter((schema) => schema !== 'public')
      .flatMap((schema) => [
        `CREATE SCHEMA ${quote(schema)}`,
        `COMMENT ON SCHEMA ${quote(schema)} IS 'a schema'`,
      ]),
    ...used.flatMap((schema) => [
      `GRANT USAGE, CREATE ON SCHEMA ${quote(schema)} TO ${OWNER}`,
      `GRANT USAGE ON SCHEMA ${quote(schema)} TO ${READER}`,
    ]),
  ];
}

function piecesOf(drawn: Case, table: DrawnTable): Piece[] {
  return table.uses.map((use) => featureOf(use.feature).make(siteOf(drawn, table, use), chance(use.seed)));
}

function siteOf({ tables, tenantType }: Case, drawn: DrawnTable, { id, other }: FeatureUse): Site {
  const involved = tables.find((each) => each.id === other) ?? drawn;
  const named = (what: string): string =>
    id % 2 === 0 ? `${what} ${String(id)}` : `${what.replaceAll(' ', '_')}_${String(id)}`;
  return {
    drawn,
    tenantType,
    sql: sqlName(drawn.table),
    name: (what) => quote(named(what)),
    inSchema: (what) => sqlName({ schema: drawn.table.schema, name: named(what) }),
    other: { drawn: involved, sql: sqlName(involved.table) },
  };
}

function createTable(tenantType: TenantType, drawn: DrawnTable, pieces: readonly Piece[]): string[] {
  const columns = [...baseColumns(tenantType), ...pieces.flatMap((piece) => piece.columns ?? [])];
  const key = keyOf(drawn);
  const parts = [
    ...columns.map(({ name, definition }) => `${name} ${definition}`),
    ...(key === undefined ? [] : [key]),
    ...pieces.flatMap((piece) => piece.constraints ?? []),
  ];
  const table = sqlName(drawn.table);
  return [
    `CREATE TABLE ${table} (\n  ${parts.join(',\n  ')}\n)${partitionedBy(drawn)}`,
    ...partitionsOf(drawn).map(({ sql, bound, of }) => `CREATE TABLE ${sql} PARTITION OF ${of} ${bound}`),
    ...pieces.flatMap((piece) => piece.after ?? []),
    ...(drawn.partitions === 'empty' ? [] : [insert(table, columns, drawn.rows)]),
  ];
}

function baseColumns(tenantType: TenantType): DrawnColumn[] {
  return [
    { name: 'org', definition: `${tenantType} NOT NULL`, value: TENANT[tenantType] },
    { name: 'id', definition: 'integer NOT NULL', value: 'i' },
    { name: 'name', definition: 'text', value: "'name ' || i" },
    { name: 'n', definition: 'integer', value: 'nullif(i % 13, 0)' },
    { name: 'at', definition: 'date NOT NULL', value: "date '2025-01-01' + i % 300" },
  ];
}

/** Of a partitioned table every key has the column that it is partitioned by. */
function keyOf({ key, partitions }: DrawnTable): string | undefined {
  const by = partitions === 'none' ? '' : ', at';
  switch (key) {
    case 'none':
      return undefined;
    case 'primary':
      return `PRIMARY KEY (org, id${by})`;
    case 'covering':
      return `PRIMARY KEY (org, id${by}) INCLUDE (n)`;
    case 'unique':
      return `UNIQUE (org, id${by})`;
    case 'replaced':
      return `PRIMARY KEY (id${by})`;
  }
}

function insert(table: string, columns: readonly DrawnColumn[], rows: number): string {
  const given = columns.filter(({ value }) => value !== undefined);
  const names = given.map(({ name }) => name).join(', ');
  const values = given.map(({ value = '' }) => value).join(', ');
  return `INSERT INTO ${table} (${names})\n  SELECT ${values} FROM generate_series(1, ${String(rows)}) i`;
}

/** The specification of a case, as a file has it. */
export function renderSpecification({ tables, online }: Case, shardCount: number): string {
  const known = tables.filter(({ placement }) => placement !== 'local');
  return stringify({
    shardCount,
    online,
    tables: Object.fromEntries(known.map((each) => [sqlName(each.table), placementOf(each, known)])),
  });
}

/** Everything back on the coordinator. */
export function renderWayBack({ tables }: Case): string {
  const known = tables.filter(({ placement }) => placement !== 'local');
  return stringify({
    tables: Object.fromEntries(known.map(({ table }) => [sqlName(table), { local: true }])),
  });
}

function placementOf({ id, placement, key, partitions }: DrawnTable, known: readonly DrawnTable[]): object {
  if (placement === 'reference') return { reference: true };
  const first = known.find((each) => each.placement === 'distributed');
  return {
    distributeBy: 'org',
    ...(first === undefined || first.id === id ? {} : { colocateWith: sqlName(first.table) }),
    ...(key === 'replaced' ? { primaryKey: ['org', 'id', ...(partitions === 'none' ? [] : ['at'])] } : {}),
  };
}
