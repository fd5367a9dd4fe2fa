import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../../../scripts/lib/connection';
import { LONG_TRANSACTION_S } from '../../../scripts/citus/hindrances.sql';
import { rebalancePlan, rebalanceRun } from '../../../scripts/rebalance/commands';
import { COPY_REFERENCE_TABLES, MOVE } from '../../../scripts/citus/catalog.sql';
import { allowColumnar, freshCitusDatabase, platformSuite } from '../../support/citus';
import { recordingContext } from '../fixtures';
import { Vault } from '../vault';

/** Tables that no logical replication copies whole, or beside writes: what has to be said of each, and what Citus says. */
const UNFIT = {
  'an unlogged table': [
    'CREATE UNLOGGED TABLE carts (user_id int, id int, PRIMARY KEY (user_id, id))',
    /unlogged tables: carts\. .* choose --mode block_writes/,
    /cannot add relation "carts_\d+" to publication/,
  ],
  'an unlogged partition': [
    `CREATE TABLE carts (user_id int, id int, PRIMARY KEY (user_id, id)) PARTITION BY RANGE (id);
     CREATE TABLE carts_low PARTITION OF carts FOR VALUES FROM (0) TO (500);
     CREATE UNLOGGED TABLE carts_high PARTITION OF carts FOR VALUES FROM (500) TO (5000)`,
    /unlogged tables: carts_high\. .* choose --mode block_writes/,
    /cannot add relation "carts_high_\d+" to publication/,
  ],
  'a primary key that is checked late': [
    'CREATE TABLE carts (user_id int, id int, PRIMARY KEY (user_id, id) DEFERRABLE)',
    /replica identity, and carts has neither .* or choose --mode block_writes/,
    /carts since it doesn't have a REPLICA IDENTITY or PRIMARY KEY/,
  ],
  'a table whose identity is nothing': [
    'CREATE TABLE carts (user_id int, id int, PRIMARY KEY (user_id, id)); ALTER TABLE carts REPLICA IDENTITY NOTHING',
    /replica identity, and carts has neither .* or choose --mode block_writes/,
    /carts since it doesn't have a REPLICA IDENTITY or PRIMARY KEY/,
  ],
} as const;

platformSuite('what a rebalance refuses before its first move', () => {
  let vault: Vault;
  beforeEach(async () => {
    vault = new Vault(await freshCitusDatabase({ workers: 0 }));
  }, 60_000);
  afterEach(async () => vault.database.drop());

  const jobs = (): Promise<number | null> =>
    vault.platform(async (client) => (await client.query('SELECT FROM pg_dist_background_job')).rowCount);

  /** Plan and run of this mode both name `said`, and nothing is begun. */
  async function expectRefused(mode: 'auto' | 'force_logical', said: RegExp): Promise<void> {
    const plan = await rebalancePlan(recordingContext().context, vault.input(mode));
    expect(plan).toMatchObject({
      outcome: 'refused',
      document: { failures: [expect.stringMatching(said)] },
      text: expect.stringMatching(said) as string,
    });
    await expect(rebalanceRun(recordingContext().context, vault.input(mode))).rejects.toMatchObject({
      code: 'rebalance.preconditions',
      exitCode: 3,
      message: expect.stringMatching(said) as string,
    });
    expect(await jobs()).toBe(0);
  }

  test('settings with which sessions begin otherwise on a node that rows would come to need an allowance', async () => {
    await vault.as((client) =>
      client.query(
        `CREATE TABLE carts (user_id int, id int, PRIMARY KEY (user_id, id)); SELECT create_distributed_table('carts', 'user_id', shard_count => 6)`,
      ),
    );
    await vault.database.addWorkers();
    await vault.platform((client) =>
      client.query(
        `SELECT run_command_on_workers($$ ALTER DATABASE ${vault.database.target.database} SET TimeZone = 'Asia/Tokyo' $$)`,
      ),
    );
    const plan = await rebalancePlan(recordingContext().context, vault.input('block_writes'));
    expect(plan.document.findings).toEqual([
      expect.objectContaining({ id: 'setting-differs:TimeZone', needs: 'allowance' }),
    ]);
    await expect(rebalanceRun(recordingContext().context, vault.input('block_writes'))).rejects.toMatchObject(
      {
        code: 'rebalance.not-allowed',
      },
    );
  });

  test('says who would be waited for and what earlier operations left, and refuses what is in the way', async () => {
    await vault.as(async (client) => {
      await client.query('CREATE TABLE carts (user_id int, id int, PRIMARY KEY (user_id, id))');
      await client.query("SELECT create_distributed_table('carts', 'user_id', shard_count := 6)");
      await client.query('INSERT INTO carts SELECT i % 50, i FROM generate_series(1, 2000) i');
    });
    await vault.database.addWorkers();
    const { document } = await rebalancePlan(recordingContext().context, vault.input(undefined));
    const move = document.moves[0]!;
    const port = Number(move.to.split(':')[1]);
    const stray = `carts_${String(move.shardId)}`;
    const slot = 'citus_shard_move_slot_1_10_1000001';
    const onTarget = (sql: string): Promise<unknown> =>
      withClient({ ...vault.database.platform, port }, async (client) => {
        for (const statement of sql.split('; ')) await client.query(statement);
      });
    await onTarget(`SET citus.enable_ddl_propagation TO off; CREATE TABLE ${stray} (user_id int, id int)`);
    await vault.platform(async (client) => {
      await client.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
      await client.query("INSERT INTO pg_dist_cleanup VALUES (1000002, 1000002, 1, 'public.carts_1', 0, 1)");
    });
    try {
      await vault.as(async (writer) => {
        await writer.query('BEGIN');
        await writer.query('UPDATE carts SET id = -id WHERE user_id = 7 /* secret */');
        const { rows } = await writer.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await sleep(1000 * LONG_TRANSACTION_S + 200);
        const plan = await rebalancePlan(recordingContext().context, vault.input(undefined));
        const kinds = plan.document.findings.map(({ id }) => id);
        // Other databases of these servers are in the way as well.
        expect(kinds).toEqual(
          expect.arrayContaining([
            `long-transaction:coordinator/${String(rows[0]!.pid)}`,
            'leftovers:pg_dist_cleanup',
            `orphaned-slot:coordinator/${slot}`,
          ]),
        );
        expect(JSON.stringify(plan.document)).not.toMatch('secret');
        expect(plan.document.failures).toEqual([
          expect.stringMatching(`^public\\.${stray} on w[01] is in the way`),
        ]);
        expect(plan.outcome).toBe('refused');
        await writer.query('ROLLBACK');
      });
      // What the messages say removes it.
      await vault.platform((client) => client.query(`SELECT pg_drop_replication_slot('${slot}')`));
      await vault.as((client) => client.query('CALL citus_cleanup_orphaned_resources()'));
      await onTarget(`SET citus.enable_manual_changes_to_shards TO on; DROP TABLE public.${stray}`);
      const run = await rebalanceRun(recordingContext().context, vault.input(undefined));
      expect(run).toMatchObject({ outcome: 'done', document: { moves: 4 } });
    } finally {
      await vault.platform((client) =>
        client.query(
          'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
          [slot],
        ),
      );
    }
  }, 120_000);

  test('proposes a shard of its own for a tenant that outweighs a node, by statistics or by counting, and that works', async () => {
    await vault.as(async (client) => {
      await client.query('CREATE TABLE carts (user_id text, id int, v text, PRIMARY KEY (user_id, id))');
      await client.query('ALTER TABLE carts SET (autovacuum_enabled = off)');
      await client.query("SELECT create_distributed_table('carts', 'user_id', shard_count := 6)");
      await client.query(
        "INSERT INTO carts SELECT CASE WHEN i % 10 < 8 THEN 'big' ELSE 'u' || i % 500 END, i, repeat('x', 100) FROM generate_series(1, 20000) i",
      );
    });
    await vault.database.addWorkers();
    const proposals = async () =>
      (await rebalancePlan(recordingContext().context, vault.input(undefined))).document.proposals;
    const counted = await proposals();
    await vault.as((client) => client.query('ANALYZE carts'));
    const [proposal, ...others] = await proposals();
    expect(others).toEqual([]);
    expect(proposal).toMatchObject({ kind: 'isolate-tenant', tables: ['carts'], tenant: 'big' });
    expect(counted.map(({ tenant, shardId }) => [tenant, shardId])).toEqual([['big', proposal!.shardId]]);
    await vault.as((client) => client.query(proposal!.sql.replace("'auto'", "'block_writes'")));
    const run = await rebalanceRun(recordingContext().context, vault.input(undefined));
    expect(run.outcome).toBe('done');
    expect(await vault.rows('carts')).toBe(20_000);
  }, 120_000);

  async function moveFirst(mode: string): Promise<void> {
    const plan = await rebalancePlan(recordingContext().context, vault.input('auto'));
    const move = plan.document.moves[0]!;
    const [from, to] = [move.from, move.to].map((node) => node.split(':')) as [string[], string[]];
    await vault.as((client) => client.query(MOVE, [move.shardId, ...from, ...to, mode]));
  }

  test.each(Object.entries(UNFIT))(
    '%s, which Citus would fail at in the run, moves with writes waiting',
    async (_name, [table, said, citus]) => {
      await vault.as(async (client) => {
        await client.query(table);
        await client.query("SELECT create_distributed_table('carts', 'user_id', shard_count := 6)");
        await client.query('INSERT INTO carts SELECT i % 50, i FROM generate_series(1, 2000) i');
      });
      await vault.database.addWorkers();
      await expectRefused('auto', said);
      await expect(moveFirst('auto')).rejects.toThrow(citus);
      const run = await rebalanceRun(recordingContext().context, vault.input('block_writes'));
      expect(run).toMatchObject({
        outcome: 'done',
        document: { moves: 4, rows: { same: 4, different: [] } },
      });
      expect(await vault.rows('carts')).toBe(2000);
    },
    120_000,
  );

  test('a shard or a foreign key that the owner of its table may not make again', async () => {
    const owner = `key_owner_${String(process.pid)}`;
    const everywhere = (sql: string): Promise<unknown> =>
      vault.platform(async (client) => {
        await client.query(sql);
        await client.query('SELECT run_command_on_workers($1)', [sql]);
      });
    try {
      // Citus brings roles to nodes that join.
      await vault.platform((client) =>
        client.query(`CREATE ROLE ${owner} LOGIN PASSWORD 'owner'; GRANT ${owner} TO citus`),
      );
      await vault.as(async (client) => {
        const statements = [
          'CREATE TABLE carts (user_id int, id int, PRIMARY KEY (user_id, id))',
          'CREATE TABLE items (user_id int, id int, cart_id int, PRIMARY KEY (user_id, id))',
          `SELECT create_distributed_table('carts', 'user_id', shard_count => 6)`,
          `SELECT create_distributed_table('items', 'user_id', colocate_with => 'carts')`,
          'ALTER TABLE items ADD FOREIGN KEY (user_id, cart_id) REFERENCES carts',
        ];
        for (const statement of statements) await client.query(statement);
      });
      await vault.platform((client) => client.query(`ALTER TABLE items OWNER TO ${owner}`));
      await vault.database.addWorkers();
      // Citus logs in as the owner, from every node to every node.
      await everywhere(
        `INSERT INTO pg_dist_authinfo (nodeid, rolename, authinfo) VALUES (0, '${owner}', 'password=owner')`,
      );
      const grant = `items \\(GRANT CREATE ON SCHEMA public TO "${owner}"\\).*items \\(GRANT REFERENCES ON carts TO "${owner}"\\)`;
      const plan = await rebalancePlan(recordingContext().context, vault.input('auto'));
      expect(plan.document.failures.join(' ')).toMatch(new RegExp(grant));
      expect(plan.outcome).toBe('refused');
      await expect(moveFirst('block_writes')).rejects.toThrow(/permission denied for schema public/);
      await vault.platform((client) => client.query(`GRANT CREATE ON SCHEMA public TO ${owner}`));
      await expectRefused('auto', new RegExp(`items \\(GRANT REFERENCES ON carts TO "${owner}"\\)`));
      // Citus says so as well, task after task.
      await expect(moveFirst('block_writes')).rejects.toThrow(/permission denied for table carts_\d+/);
      await vault.as((client) => client.query(`GRANT REFERENCES ON carts TO ${owner}`));
      const { outcome, text } = await rebalanceRun(recordingContext().context, vault.input('block_writes'));
      expect(outcome === 'done' ? '' : text).toBe('');
    } finally {
      await everywhere(`DROP OWNED BY ${owner} CASCADE; DROP ROLE ${owner}`);
    }
  });

  test('a columnar table, into which no row can be written while it moves by logical replication', async () => {
    await allowColumnar(vault.database);
    await vault.as(async (client) => {
      await client.query(
        'CREATE TABLE carts (user_id int, id int, PRIMARY KEY (user_id, id)) USING columnar',
      );
      await client.query("SELECT create_distributed_table('carts', 'user_id', shard_count := 6)");
      await client.query('INSERT INTO carts SELECT i % 50, i FROM generate_series(1, 2000) i');
    });
    await vault.database.addWorkers();
    const said = /makes INSERT fail meanwhile on columnar tables: carts\. .* choose --mode block_writes/;
    await expectRefused('auto', said);
    await expectRefused('force_logical', said);
    const shard = await vault.platform(async (client) => {
      const { rows } = await client.query<{ shard: string }>(
        "SELECT min('carts_' || shardid) AS shard FROM pg_dist_shard WHERE logicalrelid = 'carts'::regclass",
      );
      return rows[0]!.shard;
    });
    // What Citus makes for the length of a move.
    const published = vault.platform(async (client) => {
      await client.query('SET citus.override_table_visibility TO off');
      await client.query('SET citus.enable_ddl_propagation TO off');
      await client.query(`CREATE PUBLICATION moving FOR TABLE ${shard}`);
      await client.query('SET citus.enable_manual_changes_to_shards TO on');
      await client.query(`INSERT INTO ${shard} VALUES (1, 1)`);
    });
    await expect(published).rejects.toThrow(
      /cannot insert into columnar table that is a part of a publication/,
    );
    await vault.platform((client) => client.query('DROP PUBLICATION moving'));
    const run = await rebalanceRun(recordingContext().context, vault.input('block_writes'));
    expect(run).toMatchObject({ outcome: 'done', document: { moves: 4, rows: { same: 4, different: [] } } });
    expect(await vault.rows('carts')).toBe(2000);
  }, 120_000);

  test.each([
    [
      'has no key',
      6,
      'CREATE TABLE countries (code text, label text)',
      /replica identity, and countries has neither .* choose --mode block_writes/,
      /countries since it doesn't have a REPLICA IDENTITY/,
    ],
    [
      'is unlogged, where no shard moves',
      0,
      'CREATE UNLOGGED TABLE countries (code text PRIMARY KEY, label text)',
      /unlogged tables: countries\. .* choose --mode block_writes/,
      /cannot add relation "countries_\d+" to publication/,
    ],
  ])(
    'a reference table that new nodes lack and that %s is copied with writes waiting',
    async (_what, shards, table, said, citus) => {
      await vault.as(async (client) => {
        await client.query(table);
        await client.query("INSERT INTO countries VALUES ('PT', 'Portugal'), ('ES', 'Spain')");
        await client.query("SELECT create_reference_table('countries')");
        if (shards > 0) {
          await client.query('CREATE TABLE trips (user_id int, id int, PRIMARY KEY (user_id, id))');
          await client.query("SELECT create_distributed_table('trips', 'user_id', shard_count := $1)", [
            shards,
          ]);
        }
      });
      await vault.database.addWorkers();
      await expectRefused('auto', said);
      await expect(
        vault.as((client) => client.query(COPY_REFERENCE_TABLES, ['by_shard_count', 'auto'])),
      ).rejects.toThrow(citus);
      const run = await rebalanceRun(recordingContext().context, vault.input('block_writes'));
      expect(run).toMatchObject({ outcome: 'done', document: { referenceTables: ['countries'] } });
      const copies = await vault.as((client) =>
        client.query(
          "SELECT FROM pg_dist_placement JOIN pg_dist_shard USING (shardid) WHERE logicalrelid = 'countries'::regclass",
        ),
      );
      expect(copies.rowCount).toBe(3);
      expect(await vault.rows('countries')).toBe(2);
    },
    120_000,
  );
});
