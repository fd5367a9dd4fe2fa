import type { Client } from 'pg';
import { withClient } from '../../../scripts/lib/connection';
import type { FaultyCluster } from '../faulty-cluster';
import { lines, looksAt } from '../looks';
import { CATALOG, SHARDS } from '../snapshot.sql';
import { EMPTY } from '../subject';
import { Memory } from './memory';
import { LEFT, ROWS, UNBALANCED, UNFINISHED_JOBS } from './proof.sql';

/** What is moved, and how. */
export interface MoveStory {
  readonly name: string;
  /** Of `rebalance run`. */
  readonly args: readonly string[];
  /** Nodes, of three, on which the shards are at the beginning. */
  readonly crowded: 1 | 2;
  /** Whether copying a shard of `accounts` takes longer than writers may wait. */
  readonly slow: boolean;
  /** Whether policies are forced on a table, which then moves alone. */
  readonly forced: boolean;
  /** Whether there is a table that logical replication does not copy. */
  readonly unidentified: boolean;
  /** Whether the application deletes rows, which a run that compares rows takes for lost. */
  readonly deletes: boolean;
}

const ALLOWED = ['--allow', 'forced-policy-window:secrets'];

/**
 * Ways a shard goes: with its writes blocked, by logical replication after blocked tries that were cancelled, in a job of Citus, several at
 * once in both ways, and with a probe that writes beside them.
 */
export const MOVE_STORIES: readonly MoveStory[] = [
  {
    name: 'blocking',
    args: [...ALLOWED, '--max-write-pause', '3000'],
    crowded: 1,
    slow: false,
    forced: true,
    unidentified: true,
    deletes: false,
  },
  {
    name: 'logical',
    args: [...ALLOWED, '--max-write-pause', '600', '--no-compare-rows'],
    crowded: 2,
    slow: true,
    forced: true,
    unidentified: false,
    deletes: true,
  },
  {
    name: 'job',
    args: ['--way', 'background', '--mode', 'block_writes', '--no-compare-rows'],
    crowded: 2,
    slow: false,
    forced: false,
    unidentified: true,
    deletes: true,
  },
  {
    name: 'parallel',
    args: ['--max-write-pause', '600', '--max-parallel', '3', '--no-compare-rows'],
    crowded: 1,
    slow: true,
    forced: false,
    unidentified: true,
    deletes: true,
  },
  {
    name: 'probed',
    args: [...ALLOWED, '--max-write-pause', '3000', '--probe-writes'],
    crowded: 2,
    slow: false,
    forced: true,
    unidentified: false,
    deletes: false,
  },
];

/** One whose trial takes seconds. */
export const SHORT_STORY: MoveStory = {
  name: 'short',
  args: [...ALLOWED, '--max-write-pause', '3000'],
  crowded: 2,
  slow: false,
  forced: true,
  unidentified: false,
  deletes: false,
};

export const ACCOUNTS = 400;

/** Rows that nobody writes, a few in each shard, and what has them take their time where they arrive. */
const SLOW = 24;
const slowly = (key: string): string => ` CHECK (${key} <= ${String(ACCOUNTS)} OR pg_sleep(0.25)::text = '')`;

/** Three colocation groups, of which one is hidden from its owner in part, and a reference table that another refers to. */
const tablesOf = ({ forced, unidentified, slow }: MoveStory): string => `
CREATE TABLE kinds (kind int PRIMARY KEY, name text);
INSERT INTO kinds SELECT i, 'kind ' || i FROM generate_series(0, 2) i;
SELECT create_reference_table('kinds');
CREATE TABLE accounts (account_id int PRIMARY KEY, kind int REFERENCES kinds, balance int${slow ? slowly('account_id') : ''});
SELECT create_distributed_table('accounts', 'account_id', shard_count := 6, colocate_with := 'none');
CREATE TABLE orders (account_id int, order_id bigint, body text, PRIMARY KEY (account_id, order_id));
CREATE INDEX ON orders (body);
SELECT create_distributed_table('orders', 'account_id', colocate_with := 'accounts');
ALTER TABLE orders ADD FOREIGN KEY (account_id) REFERENCES accounts;
INSERT INTO accounts SELECT i, i % 3, 0 FROM generate_series(1, ${String(ACCOUNTS)}) i;
INSERT INTO accounts SELECT i, 0, 0 FROM generate_series(${String(ACCOUNTS + 1)}, ${String(ACCOUNTS + SLOW)}) i;
INSERT INTO orders SELECT i % ${String(ACCOUNTS)} + 1, i, 'early' FROM generate_series(1, 1000) i;
CREATE TABLE secrets (owner int${slow && !forced ? slowly('owner') : ''}, secret_id bigint, body text, PRIMARY KEY (owner, secret_id));
INSERT INTO secrets SELECT ${String(ACCOUNTS)} + i, i, 'open' FROM generate_series(1, ${String(slow && !forced ? SLOW / 2 : 0)}) i;
INSERT INTO secrets SELECT i % 89, i, CASE WHEN i % 2 = 0 THEN 'open' ELSE 'hidden' END FROM generate_series(1, 500) i;
SELECT create_distributed_table('secrets', 'owner', shard_count := 3, colocate_with := 'none');
${
  unidentified
    ? `CREATE TABLE visits (page int, visit_id bigint, body text);
       INSERT INTO visits SELECT i % 97, i, 'early' FROM generate_series(1, 500) i;
       SELECT create_distributed_table('visits', 'page', shard_count := 3, colocate_with := 'none');`
    : ''
}
${
  forced
    ? `CREATE POLICY mine ON secrets USING (body <> 'hidden');
       ALTER TABLE secrets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;`
    : ''
}`;

/** A database of a story that is rebalanced, and what is looked at from outside of the program. */
export interface MoveSubject {
  readonly story: MoveStory;
  readonly tables: readonly string[];
  /** Makes it anew, with its shards on some nodes. */
  reset(random: () => number): Promise<void>;
  /** What it holds now, for those who write on. */
  remember(): Promise<Memory>;
  /** Every row there is, by its key, also those that policies hide. */
  rows(): Promise<ReadonlyMap<string, string>>;
  /**
   * What the catalogs and the shards of all nodes say of the tables: the same wherever these are. Citus adds foreign keys of shards NOT
   * VALID, and makes them anew without that where a shard arrives.
   */
  objects(): Promise<readonly string[]>;
  /** What is left on a node or in Citus's lists that nobody needs, and jobs that have not ended. */
  leftovers(): Promise<readonly string[]>;
  /** Shards that are not where a balanced cluster has them, and tables that are apart from those they belong to. */
  unbalanced(): Promise<readonly string[]>;
}

export function moveSubjectOf(cluster: FaultyCluster, story: MoveStory): MoveSubject {
  const tables = ['accounts', 'orders', 'secrets', ...(story.unidentified ? ['visits'] : [])];
  const { onNode, onCoordinator } = looksAt(cluster);
  const rows = (): Promise<ReadonlyMap<string, string>> =>
    onCoordinator(async (client) => {
      const found = await client.query<{ key: string; line: string }>(ROWS(tables));
      return new Map(found.rows.map(({ key, line }) => [key, line]));
    });
  return {
    story,
    tables,
    reset: (random) => reset(cluster, story, onCoordinator, random),
    rows,
    remember: async () => new Memory(await rows()),
    async objects() {
      const shards = new Map<string, number>();
      const found = await onCoordinator((client) => lines(client, CATALOG));
      for (const name of cluster.names) {
        const here = await onNode(name, (client) => client.query<{ line: string; count: number }>(SHARDS));
        for (const { line, count } of here.rows) {
          const valid = line.replace(/ NOT VALID, not validated$/, '');
          shards.set(valid, (shards.get(valid) ?? 0) + count);
        }
      }
      return [...found, ...[...shards].map(([line, count]) => `${String(count)} x ${line}`)];
    },
    async leftovers() {
      const found = await onCoordinator((client) => lines(client, UNFINISHED_JOBS));
      for (const name of cluster.names) {
        found.push(
          ...(await onNode(name, (client) => lines(client, LEFT))).map((what) => `${what} on ${name}`),
        );
      }
      return found;
    },
    unbalanced: () => onCoordinator((client) => lines(client, UNBALANCED)),
  };
}

async function reset(
  cluster: FaultyCluster,
  story: MoveStory,
  onCoordinator: <T>(look: (client: Client) => Promise<T>) => Promise<T>,
  random: () => number,
): Promise<void> {
  const first = Math.floor(random() * cluster.names.length);
  const crowded = Array.from({ length: story.crowded }, (_, index) => (first + index) % cluster.names.length);
  const holdShards = (groups: readonly number[]): Promise<unknown> =>
    onCoordinator((client) =>
      client.query(
        "SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', groupid = ANY ($1)) FROM pg_dist_node",
        [groups],
      ),
    );
  // Citus's daemon would drop what a run has to drop itself.
  await onCoordinator((client) => client.query("ALTER SYSTEM SET citus.defer_shard_delete_interval TO '-1'"));
  await onCoordinator((client) => client.query('SELECT pg_reload_conf()'));
  await withClient(cluster.target, async (client) => {
    await client.query('SET client_min_messages TO error');
    await client.query(EMPTY);
    await holdShards(crowded);
    // Each in a transaction of its own: Citus adds no foreign key after what it did on all nodes at once.
    for (const statement of tablesOf(story).split(';\n')) await client.query(statement);
  });
  await holdShards(cluster.names.map((_, index) => index));
}
