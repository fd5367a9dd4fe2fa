import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadDistribution } from '../../config/workload/distribution';
import { loadWorkload } from '../../config/workload/workload';
import type { WorkloadQuery } from '../../config/workload/workload';
import { parseQueries } from '../../config/workload/workload-queries';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import { sqlStateOf } from '../../scripts/lib/errors';
import { adviseDistribution } from '../../scripts/advise/commands';
import type { Advice, QueryAdvice } from '../../scripts/advise/advice-document';
import { forecast } from '../../scripts/database/forecast/forecast';
import type { Placement } from '../../scripts/database/forecast/forecast';
import { columnKey } from '../../scripts/advise/hashes';
import { readForAdvice } from '../../scripts/advise/read';
import { tablesApply } from '../../scripts/tables/commands';
import { shardOfHash } from '../../scripts/simulate/hash-ranges';
import { taskCountOfPlan } from '../../scripts/citus/task-count';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { scratchDirectory } from '../support/scratch';
import { createSensors, query, testContext } from '../tables/support/sensors';
import { createPayments } from './payments';

jest.setTimeout(180_000);

const scratch = scratchDirectory();
const readQuestions = () =>
  parseQueries(readFileSync(path.join(__dirname, 'questions.sql'), 'utf8'), 'questions.sql');

let database: TestDatabase;
afterEach(async () => {
  await database.drop();
});

/** The task count of Citus's own plan, or `refused`. */
async function askCitus(target: ConnectionTarget, sql: string): Promise<number | 'refused' | undefined> {
  return withClient(target, async (client) => {
    await client.query('BEGIN');
    try {
      const { rows } = await client.query<{ 'QUERY PLAN': unknown }>(
        `EXPLAIN (FORMAT JSON, COSTS OFF) ${sql}`,
      );
      return taskCountOfPlan(rows[0]?.['QUERY PLAN']);
    } catch (error) {
      // Class 42: the question itself is wrong, which is no answer.
      if (sqlStateOf(error)?.startsWith('42') === true) throw error;
      return 'refused';
    } finally {
      await client.query('ROLLBACK');
    }
  });
}

type Predicted = Pick<QueryAdvice, 'route' | 'tasks'>;

/** What a forecast promises of the task count. */
function promised(
  { route, tasks }: Predicted,
  real: number | 'refused' | undefined,
  shards: number,
): unknown {
  if (route === 'refused' || route === 'repartition') return 'refused';
  if (tasks !== undefined) return tasks === 'all' ? shards : tasks;
  // Which of a few values share a shard is for their hashes to say.
  if (route === 'some-shards')
    return typeof real === 'number' && real >= 1 && real <= shards ? real : 'some shards';
  return undefined;
}

async function adviseAndApply(name: string, queries: readonly WorkloadQuery[]): Promise<Advice> {
  mkdirSync(scratch, { recursive: true });
  const out = path.join(scratch, `${name}.yaml`);
  const { document } = await adviseDistribution(testContext(), { target: database.target, queries, out });
  // How rows are copied is another test's matter, and copies without waiting writers take turns on one server.
  await tablesApply(testContext(), {
    target: database.target,
    expected: { ...loadDistribution(out), online: false },
  });
  return document;
}

platformSuite('advice, applied as it was written', () => {
  it.each(['sensors', 'payments'])('%s: every query costs the tasks that were predicted', async (name) => {
    database = await freshCitusDatabase({ workers: 2 });
    await (name === 'sensors'
      ? createSensors(database.target, 4_000)
      : createPayments(database.target, 4_000));
    await query(database.target, 'ANALYZE');
    const workload = await loadWorkload(name);
    const advice = await adviseAndApply(name, workload.queries);

    expect(advice.tables.filter(({ decision }) => decision === 'undecided')).toEqual([]);
    for (const declared of workload.distribution.tables) {
      const advised = advice.tables.find((each) => each.name === declared.table.name);
      expect([advised?.name, advised?.distributeBy ?? advised?.decision]).toEqual([
        declared.table.name,
        declared.kind === 'distributed' ? declared.distributeBy : declared.kind,
      ]);
    }
    for (const each of advice.queries) {
      const real = await askCitus(database.target, each.sql);
      expect([each.name, real]).toEqual([each.name, promised(each, real, advice.shardCount)]);
    }
  });

  it('forecasts questions as Citus plans them', async () => {
    const questions = await readQuestions();
    expect(questions.length).toBeGreaterThan(20);
    database = await freshCitusDatabase({ workers: 2 });
    await createPayments(database.target, 4_000);
    await query(database.target, 'ANALYZE');
    const { input } = await withClient(database.target, (client) =>
      readForAdvice(client, { queries: questions, shardCount: 32 }),
    );
    await adviseAndApply('questions', (await loadWorkload('payments')).queries);
    const byUser = (name: string, position: number): Placement => ({
      kind: 'distributed',
      column: 'user_id',
      group: 'users',
      position,
      plainCasts: [],
      shardOf: (value) => {
        const hash = input.hashes?.get(columnKey({ schema: 'public', name }, 'user_id'))?.hashes.get(value);
        return hash === undefined ? undefined : shardOfHash(hash, 32);
      },
    });
    const places: Record<string, Placement> = {
      payment_users: byUser('payment_users', 0),
      payment_events: byUser('payment_events', 2),
    };
    const compared: [string, unknown][] = [];
    const expected: [string, unknown][] = [];
    const bounded: string[] = [];
    for (const { name, sql, shape } of input.queries) {
      if (shape === undefined) throw new Error(`${name} has no shape`);
      const predicted = forecast(shape, ({ name: table }) => places[table] ?? { kind: 'reference' });
      const real = await askCitus(database.target, sql);
      if (predicted.route === 'some-shards' && predicted.tasks === undefined) bounded.push(name);
      compared.push([name, real]);
      expected.push([name, promised(predicted, real, 32)]);
    }
    expect(compared).toEqual(expected);
    // Everything else is told exactly.
    expect(bounded).toEqual(['insert-many', 'insert-select-from-ref']);
  });

  it.each([
    ['integer', '(7919 * g)', 'IN (7919, 15838, 23757, -5, 3::bigint, NULL)'],
    ['smallint', 'g', 'IN (1, 2, 3, 4, 5)'],
    [
      'text',
      "'truck ' || g",
      `IN ('truck 1', 'truck 2', 'it''s', 'a,b', 'say "no"', '', 'NULL', 'back\\slash', '{}')`,
    ],
    ['varchar(20)', "'t' || g", `IN ('t1', 't2', 't3 ', 'x"y')`],
    ['char(12)', "'t' || g", "IN ('t1', 't2  ', 't3')"],
    [
      'uuid',
      'md5(g::text)::uuid',
      "IN (md5('1')::uuid, md5('2')::uuid, '00000000-0000-0000-0000-000000000001')",
    ],
    ['date', "'2024-01-01'::date + g", "IN ('2024-01-02', '2024-02-29', '1969-12-31')"],
    [
      'timestamptz',
      "'2024-01-01'::timestamptz + g * interval '1 h'",
      "IN ('2024-01-02 00:00+02', '2024-01-01 22:00+00', 'infinity')",
    ],
    [
      'timestamp',
      "'2024-01-01'::timestamp + g * interval '1 h'",
      "= ANY ('{2024-01-02 01:00:00, 2024-01-03 00:00:00.000001}')",
    ],
    ['numeric(12,3)', 'g / 3.0', 'IN (1.50, 1.5, 2, -0.333, 1e3)'],
    ['mood', "(ARRAY['calm', 'odd name'])[1 + g % 2]::mood", "IN ('calm', 'odd name')"],
    ['plate', "'WWI-' || g", "IN ('WWI-1', 'WWI-2', 'WWI-3')"],
    ['bytea', 'int4send(g)', "IN ('\\x00000001', '\\x0002')"],
  ])('knows the shards of a list of %s', async (type, value, list) => {
    database = await freshCitusDatabase({ workers: 0 });
    await query(
      database.target,
      `CREATE TYPE mood AS ENUM ('calm', 'odd name'); CREATE DOMAIN plate AS text;
       CREATE TABLE t (k ${type} NOT NULL, n int); INSERT INTO t SELECT ${value}, g FROM generate_series(1, 500) g; ANALYZE`,
    );
    const sql = `SELECT * FROM t WHERE k ${list}`;
    const { input } = await withClient(database.target, (client) =>
      readForAdvice(client, { queries: [{ name: 'list', sql }], shardCount: 32 }),
    );
    const shape = input.queries[0]?.shape;
    const known = input.hashes?.get(columnKey({ schema: 'public', name: 't' }, 'k'));
    if (shape === undefined || known === undefined) throw new Error('nothing is known of the query');
    const { tasks } = forecast(shape, () => ({
      kind: 'distributed',
      column: 'k',
      group: 't',
      position: 0,
      plainCasts: known.plainCasts,
      shardOf: (text) => shardOfHash(known.hashes.get(text) ?? NaN, 32),
    }));
    await query(database.target, "SELECT create_distributed_table('t', 'k', shard_count := 32)");
    expect(tasks).toBe(await askCitus(database.target, sql));
  });
});
