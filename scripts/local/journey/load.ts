import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { GeneratedData, GeneratedTable } from '../workloads';
import { chunks } from '../workloads/generate';

export interface LoadOptions {
  /** Stops the load, and with it the statement. */
  readonly signal?: AbortSignal;
  /** Told how many rows were sent so far. */
  readonly onRows?: (rows: number) => void;
}

/** Streams a table's rows into the database with COPY. */
export async function copyTable(
  client: Client,
  table: GeneratedTable,
  options: LoadOptions = {},
): Promise<void> {
  const columns = table.columns.map((column) => escapeIdentifier(column)).join(', ');
  const stream = client.query(copyFrom(`COPY ${escapeIdentifier(table.table)} (${columns}) FROM STDIN`));
  const source = Readable.from(chunks(table.lines(), options.onRows), { objectMode: true, highWaterMark: 2 });
  await pipeline(source, stream, options.signal === undefined ? {} : { signal: options.signal });
}

/** Makes what a table is partitioned into. Before any rows, for a row that no partition takes is refused. */
async function createPartitions(client: Client, { table, partitions = [] }: GeneratedTable): Promise<void> {
  for (const { name, from, to } of partitions) {
    await client.query(
      `CREATE TABLE ${escapeIdentifier(name)} PARTITION OF ${escapeIdentifier(table)} FOR VALUES FROM (${escapeLiteral(from)}) TO (${escapeLiteral(to)})`,
    );
  }
}

/** Loads every table, with what it is partitioned into, and sets the sequences behind the rows that brought their own numbers. */
export async function loadData(
  client: Client,
  data: GeneratedData,
  options: Pick<LoadOptions, 'signal'> & {
    /** Called before each table; what it returns is told the rows sent so far, and that the table is done. */
    readonly onTable: (table: GeneratedTable) => { update(rows: number): void; finish(): void };
  },
): Promise<void> {
  for (const table of data.tables) {
    await createPartitions(client, table);
    const progress = options.onTable(table);
    await copyTable(client, table, { ...options, onRows: (rows) => progress.update(rows) });
    progress.finish();
  }
  for (const { table, column } of data.sequences) {
    await client.query(
      `SELECT setval(pg_get_serial_sequence($1, $2), (SELECT max(${escapeIdentifier(column)}) FROM ${escapeIdentifier(table)}))`,
      [escapeIdentifier(table), column],
    );
  }
  await client.query(`ANALYZE ${data.tables.map(({ table }) => escapeIdentifier(table)).join(', ')}`);
}
