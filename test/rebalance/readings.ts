import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../../scripts/lib/connection';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase } from '../support/citus';

/** A database with six shards of one table, `readings`, all on the coordinator of a cluster of three: four of them move. */
export async function readingsOnCoordinator(): Promise<TestDatabase> {
  const database = await freshCitusDatabase({ workers: 0 });
  await withClient(database.target, (client) =>
    client.query(`
      CREATE TABLE readings (id bigint PRIMARY KEY, v text);
      INSERT INTO readings SELECT i, repeat('x', 50) FROM generate_series(1, 2000) i;
      SELECT create_distributed_table('readings', 'id', shard_count := 6)`),
  );
  await database.addWorkers();
  return database;
}

/** Waits for what another session does. @throws Error after so many seconds */
export async function until(happened: () => boolean | Promise<boolean>, seconds: number): Promise<void> {
  for (let tries = 0; tries < seconds * 10; tries += 1) {
    if (await happened()) return;
    await sleep(100);
  }
  throw new Error(`it did not happen within ${String(seconds)} s`);
}
