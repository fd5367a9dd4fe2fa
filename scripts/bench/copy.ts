import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import { loadWorkload } from '../../config/workload/workload';
import type { ConnectionTarget } from '../lib/connection';
import { withClient } from '../lib/connection';
import { copyTable, loadData } from '../local/journey/load';
import type { GeneratedTable } from '../local/workloads';
import { generateData } from '../local/workloads';
import { chunks } from '../local/workloads/generate';
import type { Pair } from './figure';
import { measurePairs, secondsOf } from './figure';
import { withLoneServer } from './lone-server';
import { withDirectory } from './scratch-directory';
import { programMissing, runProgram } from './programs';

/** Readings in one run of either side. */
const ROWS = 200_000;

/** What the figure is measured against, for people. */
export const COPY_PEER = 'psql \\copy of the same rows from a file';

/** Why the figure cannot be measured here; undefined where it can. */
export function copyUnavailable(): Promise<string | undefined> {
  return programMissing('psql');
}

/**
 * Seconds of loading the sensors' readings into a plain table: generated as they are sent, by this program, and from a
 * file that was written before, by `psql \copy`. Same server, same rows, an empty table each time, the server's own
 * work included.
 */
export async function measureCopy(signal: AbortSignal, runs: number): Promise<Pair[]> {
  const data = generateData('sensors', ROWS);
  const table = data.tables.find(({ table: name }) => name === 'events');
  if (table === undefined) throw new Error('the sensors have no events');
  return withDirectory(async (directory) => {
    const file = path.join(directory, 'events.copy');
    await writeRows(file, table);
    return withLoneServer((target) =>
      withClient(target, async (client) => {
        await client.query((await loadWorkload('sensors')).schemaSql);
        const small = generateData('sensors', 1);
        await loadData(client, small, {
          signal,
          onTable: () => ({ update: () => undefined, finish: () => undefined }),
        });
        return measurePairs(
          runs,
          () => onEmptyTable(client, () => copyTable(client, table, { signal })),
          () => onEmptyTable(client, () => psqlCopy(file, table, target, signal)),
        );
      }),
    );
  });
}

async function onEmptyTable(client: Client, load: () => Promise<unknown>): Promise<number> {
  await client.query('TRUNCATE events');
  await client.query('CHECKPOINT').catch(() => undefined);
  return secondsOf(load);
}

function psqlCopy(
  file: string,
  table: GeneratedTable,
  target: ConnectionTarget,
  signal: AbortSignal,
): Promise<void> {
  const copy = `\\copy ${table.table} (${table.columns.join(', ')}) from '${file}'`;
  return runProgram('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', copy], target, signal);
}

async function writeRows(file: string, table: GeneratedTable): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    for (const chunk of chunks(table.lines())) await handle.write(chunk);
  } finally {
    await handle.close();
  }
}
