import { join } from 'node:path';
import { loadWorkload } from '../../../config/workload/workload';
import { withClient } from '../../../scripts/lib/connection';
import { silentReporter } from '../../../scripts/lib/reporter';
import type { VerbContext } from '../../../scripts/lib/verb';
import type { LocalWorld } from '../../../scripts/local/run';
import { localDown, localRun, localStatus, localUp } from '../../../scripts/local/commands';
import { embeddedEngine } from '../../../scripts/local/engines/embedded';
import { readPassword, stateFiles } from '../../../scripts/local/engines/local-state';
import { laneSuite } from '../../support/lanes';
import { scratchDirectory } from '../../support/scratch';
import { recordingReporter } from './recording-reporter';

const ROWS = 5000;
const scratch = scratchDirectory();

function world(name: string): LocalWorld {
  return { engines: [embeddedEngine], environment: {}, stateDirectory: join(scratch, name) };
}

function context(options: Partial<VerbContext> = {}): VerbContext {
  return {
    reporter: silentReporter,
    signal: new AbortController().signal,
    confirm: () => Promise.resolve(true),
    ...options,
  };
}

laneSuite('postgres', 'the payments on PostgreSQL from npm', () => {
  test('are loaded for real and distributed in numbers, users and their payments together', async () => {
    const reporter = recordingReporter();
    const { document, text, outcome } = await localRun(
      context({ reporter }),
      { rows: ROWS, workload: 'payments' },
      world('run'),
    );
    expect(outcome).toBe('done');
    expect(document).toMatchObject({
      engine: 'embedded',
      workload: 'payments',
      rows: ROWS,
      simulated: true,
      tasks: { perDevice: 1, allDevices: 32, simulated: true },
      rebalance: { moves: 0, bytes: 0 },
      verify: { ok: true },
    });
    expect(document.placements.map(({ node, shards }) => [node, shards])).toEqual([
      ['coordinator', 11],
      ['w0', 11],
      ['w1', 10],
    ]);
    const checks = new Map(document.verify.checks.map((check) => [check.id, check]));
    expect(checks.get('shards:payment_users')?.detail).toBe('32 shards hold 500 of 500 rows');
    expect(checks.get('shards:payment_events')?.detail).toBe('32 shards hold 5,000 of 5,000 rows');
    // Each of them, the joins included, by the plan of a PostgreSQL that knows nothing of shards.
    expect(
      ['user-1', 'send-funds-per-hour', 'merchants-of-user-1', 'most-active-users', 'opening-hour'].map(
        (name) => checks.get(`tasks:${name}`)?.detail,
      ),
    ).toEqual(['Task Count 1', 'Task Count 32', 'Task Count 1', 'Task Count 32', 'Task Count 32']);
    // What is asked of real rows is real.
    expect(checks.get('fact:payments-of-the-bot')).toEqual({
      id: 'fact:payments-of-the-bot',
      ok: true,
      detail: '88, as generated',
    });
    expect(text).toContain('Task Count: 32 for all users, 1 for one user [simulated]');
    expect(reporter.lines).toContain('payment_events: 5000');
    expect(reporter.lines).toContain('[simulated] payment_merchants: reference table, whole on every node');
  });

  test('the other way round move 21 shards, in numbers', async () => {
    const { document, outcome } = await localRun(
      context(),
      { rows: ROWS, workload: 'payments', order: 'distribute-first' },
      world('distribute-first'),
    );
    expect(outcome).toBe('done');
    expect(document.rebalance.moves).toBe(21);
    expect(document.placements.map(({ shards }) => shards)).toEqual([11, 11, 10]);
  });

  test('are there to be asked after `local up`, each new one behind the last', async () => {
    const here = world('up');
    await localUp(context(), { rows: 100, workload: 'payments' }, here);
    const { connection, workload } = (await localStatus(context(), here)).document;
    if (connection === undefined) throw new Error('no connection');
    expect(workload).toBe('payments');
    const { host, port, user, database } = connection;
    const password = readPassword(stateFiles(here.stateDirectory));
    await withClient({ host, port, user, database, password, sslMode: 'disable' }, async (client) => {
      const { rows } = await client.query<{ event_id: string }>(
        `INSERT INTO payment_events (event_type, user_id, merchant_id, event_details)
              VALUES ('GiftFunds', 1, 1, '{}') RETURNING event_id`,
      );
      expect(rows).toEqual([{ event_id: '101' }]);
    });
    expect((await localDown(context(), here)).document.tookDown).toBe(true);
  });

  test('of which one got lost on the way in are not what was generated', async () => {
    const workload = await loadWorkload('payments');
    const losesOne = `
      CREATE FUNCTION lose_one() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER lose_one BEFORE INSERT ON payment_events
        FOR EACH ROW WHEN (NEW.event_id = 7) EXECUTE FUNCTION lose_one();`;
    const { document, text, outcome } = await localRun(
      context(),
      { rows: 1000, workload: { ...workload, schemaSql: workload.schemaSql + losesOne } },
      world('lossy'),
    );
    expect(outcome).toBe('failed');
    expect(document.verify.checks.filter(({ ok }) => !ok)).toEqual([
      expect.objectContaining({
        id: expect.stringMatching(/^fact:payments-(Send|Request|Gift)Funds$/) as string,
      }),
      {
        id: 'fact:payments-with-user-and-merchant',
        ok: false,
        detail: '999, and 1,000 were generated',
      },
    ]);
    expect(text).toContain('Not verified: 2 of 18 checks do not hold');
  });
});
