import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../../scripts/lib/connection';
import { startSteadyLoad } from '../../scripts/lib/steady-load';
import { summarize } from '../../scripts/lib/latencies';
import type { TestDatabase } from '../support/citus';
import { citusSuite, freshCitusDatabase } from '../support/citus';

citusSuite('a load at a set rate', { workers: 0 }, () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await withClient(database.target, (client) => client.query('CREATE TABLE written (id int PRIMARY KEY)'));
  }, 60_000);
  afterAll(async () => database.drop());

  test('is felt by every request that was due in a pause, and remembers what was acknowledged', async () => {
    const stop = await startSteadyLoad(database.target, {
      rate: 50,
      sessions: 4,
      request: (client, number) => client.query('INSERT INTO written VALUES ($1)', [number]),
    });
    await sleep(500);
    await withClient(database.target, async (client) => {
      await client.query('BEGIN; LOCK TABLE written IN EXCLUSIVE MODE');
      await sleep(2000);
      await client.query('COMMIT');
    });
    await sleep(500);
    const { answered, acknowledged, failures } = await stop();
    expect([...failures]).toEqual([]);
    const { longest, requests } = summarize(answered);
    expect(longest).toBeGreaterThan(1900);
    // With as many sessions as requests at a time, only four would have met the pause: a hundred were due in it.
    expect(answered.filter(({ dueAt, answeredAt }) => answeredAt - dueAt > 200).length).toBeGreaterThan(50);
    const rows = await withClient(database.target, (client) =>
      client.query<{ id: number }>('SELECT id FROM written ORDER BY id'),
    );
    expect(rows.rows.map(({ id }) => id)).toEqual([...acknowledged].sort((a, b) => a - b));
    expect(requests).toBe(acknowledged.length);
  });

  test('counts what is refused by what the server said', async () => {
    const stop = await startSteadyLoad(database.target, {
      rate: 100,
      sessions: 2,
      request: (client) => client.query('SELECT 1 / 0'),
    });
    await sleep(300);
    const { answered, failures } = await stop();
    expect(answered).toEqual([]);
    expect([...failures.keys()]).toEqual([expect.stringMatching(/division by zero/)]);
  });
});
