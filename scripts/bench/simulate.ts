import type { Client } from 'pg';
import { withClient } from '../lib/connection';
import type { Reading } from '../simulate/shard-rows';
import { readTableShards, withSnapshot } from '../simulate/shard-rows';
import { readSource } from '../simulate/source';
import type { Pair } from './figure';
import { measurePairs, secondsOf } from './figure';
import { withLoneServer } from './lone-server';

/** What both figures are measured against, for people. */
export const SIMULATE_PEER = 'SELECT device_id, count(*) ... GROUP BY 1 on the same table';

/** Rows of the table whose every row is read, and of the one that is sampled. */
const ROWS: Readonly<Record<'exact' | 'sample', number>> = { exact: 2_000_000, sample: 20_000_000 };

const SHARDS = 32;

/**
 * Seconds of simulating the shards of a table, from looking its hash function up to their rows and bytes, and of counting
 * its rows by value. Same server and session; the table is loaded once, and both find it in the same memory.
 */
export async function measureSimulate(
  signal: AbortSignal,
  runs: number,
  reading: Extract<Reading, 'exact' | 'sample'>,
): Promise<Pair[]> {
  return withLoneServer((target) =>
    withClient(
      target,
      async (client) => {
        await load(client, ROWS[reading]);
        return measurePairs(
          runs,
          () => secondsOf(() => simulateShards(client, reading)),
          () => secondsOf(() => client.query('SELECT device_id, count(*) FROM readings GROUP BY 1')),
        );
      },
      { purpose: 'bench', signal },
    ),
  );
}

async function load(client: Client, rows: number): Promise<void> {
  await client.query(
    'CREATE UNLOGGED TABLE readings (device_id bigint NOT NULL, reading_id bigint NOT NULL, celsius real)',
  );
  // Ten thousand devices, some of them busier than others, as they come.
  await client.query(
    'INSERT INTO readings SELECT (random() * random() * 10000)::bigint, g, random() * 40 FROM generate_series(1, $1::bigint) g',
    [rows],
  );
  await client.query('VACUUM (ANALYZE) readings');
}

function simulateShards(client: Client, reading: Reading): Promise<unknown> {
  return withSnapshot(client, async () =>
    readTableShards(
      client,
      await readSource(client, { schema: 'public', name: 'readings' }, 'device_id'),
      SHARDS,
      reading,
    ),
  );
}
