import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Client } from 'pg';
import { loadWorkload } from '../../config/workload';
import { withClient } from '../lib/connection';
import { silentReporter } from '../lib/reporter';
import { localEngines } from '../local/engines';
import { chooseEngine } from '../local/engines/choose-engine';
import { copyTable, loadData } from '../local/load';
import type { GeneratedTable } from '../local/workloads';
import { generateData } from '../local/workloads';
import { chunks } from '../local/workloads/generate';
import type { Pair } from './figure';
import { measurePairs, secondsOf } from './figure';

const run = promisify(execFile);

/** Readings in one run of either side. */
const ROWS = 200_000;

/** What the figure is measured against, for people. */
export const COPY_PEER = 'psql \\copy of the same rows from a file';

/** Why the figure cannot be measured here; undefined where it can. */
export async function copyUnavailable(): Promise<string | undefined> {
  return run('psql', ['--version']).then(
    () => undefined,
    () => 'there is no psql on the PATH',
  );
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
  // Neither side needs Citus, and a lone server is the quietest.
  const { availability } = await chooseEngine(
    localEngines(process.env).filter(({ name }) => name === 'native' || name === 'embedded'),
    undefined,
  );
  const directory = await mkdtemp(path.join(tmpdir(), 'scaleout-bench-'));
  const cluster = await availability.start(silentReporter);
  try {
    const file = path.join(directory, 'events.copy');
    await writeRows(file, table);
    return await withClient(cluster.coordinator, async (client) => {
      await client.query(loadWorkload('sensors').schemaSql);
      const small = generateData('sensors', 1);
      await loadData(client, small, {
        signal,
        onTable: () => ({ update: () => undefined, finish: () => undefined }),
      });
      return measurePairs(
        runs,
        () => onEmptyTable(client, () => copyTable(client, table, { signal })),
        () => onEmptyTable(client, () => psqlCopy(file, table, cluster.coordinator, signal)),
      );
    });
  } finally {
    await cluster.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function onEmptyTable(client: Client, load: () => Promise<unknown>): Promise<number> {
  await client.query('TRUNCATE events');
  await client.query('CHECKPOINT').catch(() => undefined);
  return secondsOf(load);
}

async function psqlCopy(
  file: string,
  table: GeneratedTable,
  target: { host: string; port: number; user: string; database: string; password?: string },
  signal: AbortSignal,
): Promise<void> {
  await run(
    'psql',
    [
      '-X',
      '-q',
      '-v',
      'ON_ERROR_STOP=1',
      '-c',
      `\\copy ${table.table} (${table.columns.join(', ')}) from '${file}'`,
    ],
    {
      signal,
      env: {
        ...process.env,
        PGHOST: target.host,
        PGPORT: String(target.port),
        PGUSER: target.user,
        PGDATABASE: target.database,
        PGPASSWORD: target.password ?? '',
        PGSSLMODE: 'disable',
      },
    },
  );
}

async function writeRows(file: string, table: GeneratedTable): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    for (const chunk of chunks(table.lines())) await handle.write(chunk);
  } finally {
    await handle.close();
  }
}
