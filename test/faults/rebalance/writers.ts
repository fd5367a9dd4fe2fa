import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { ConnectionTarget } from '../../../scripts/lib/connection';
import type { Change, Memory } from './memory';

/** Sessions that write at once, each its own rows. */
const SESSIONS = 4;
/** Milliseconds between two transactions of a session. */
const PAUSE_MS = 30;
/** Milliseconds before a session that was lost logs in again. */
const COME_BACK_MS = 100;
/** Milliseconds that one statement may wait, before nobody waits for its answer any more. */
const PATIENCE_MS = 30_000;

/**
 * What an application sees that waits for a shard which comes to the very server it is logged in to: Citus goes on there with the snapshot
 * from before the wait, in which the shard is empty.
 */
export const NO_ROW = 'found no row';

/** An application that goes on: whatever becomes of its sessions, it logs in again and writes other rows. */
export interface Writers {
  /** What was answered with an error, and how often. */
  readonly failures: ReadonlyMap<string, number>;
  /** Ends them once what is under way is answered. */
  stop(): Promise<void>;
}

interface Transaction {
  readonly statements: readonly (readonly [sql: string, values: readonly unknown[]])[];
  readonly changes: readonly Change[];
}

export interface Writing {
  /** Whether there is the table `visits`. */
  readonly visits: boolean;
  readonly deletes: boolean;
  /** Of `accounts`, numbered from 1. */
  readonly accounts: number;
}

export function startWriters(target: ConnectionTarget, memory: Memory, writing: Writing): Writers {
  const failures = new Map<string, number>();
  const state = { stopped: false };
  const sessions = Array.from({ length: SESSIONS }, async (_, session) => {
    const next = transactionsOf(session, memory, writing);
    while (!state.stopped) {
      await withSession(target, async (client) => {
        while (!state.stopped) {
          await sleep(PAUSE_MS);
          await write(client, next(), memory, failures);
        }
      }).catch(() => sleep(COME_BACK_MS));
    }
  });
  return {
    failures,
    async stop() {
      state.stopped = true;
      await Promise.all(sessions);
    },
  };
}

async function withSession(target: ConnectionTarget, work: (client: Client) => Promise<void>): Promise<void> {
  const { host, port, user, password, database } = target;
  const client = new Client({
    host,
    port,
    user,
    password: password ?? '',
    database,
    application_name: 'writers',
    statement_timeout: PATIENCE_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** @throws where the session is lost */
async function write(
  client: Client,
  { statements, changes }: Transaction,
  memory: Memory,
  failures: Map<string, number>,
): Promise<void> {
  const whole: Transaction['statements'] =
    statements.length === 1 ? statements : [['BEGIN', []], ...statements, ['COMMIT', []]];
  try {
    for (const [sql, values] of whole) {
      const { command, rowCount } = await client.query(sql, [...values]);
      if (rowCount === 0 && /^(UPDATE|DELETE|INSERT)$/.test(command)) throw new Error(`${command} ${NO_ROW}`);
    }
    memory.acknowledge(changes);
  } catch (error) {
    memory.doubt(changes);
    const words = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    failures.set(words, (failures.get(words) ?? 0) + 1);
    await client.query('ROLLBACK');
  }
}

/** The transactions of one session, each kind in turn: of one row, of several of one shard group, of two shards, of rows that go. */
function transactionsOf(
  session: number,
  memory: Memory,
  { visits, deletes, accounts }: Writing,
): () => Transaction {
  let number = 0;
  const orders: { readonly account: number; readonly order: number }[] = [];
  const account = (): number => {
    for (let tries = 0; tries < accounts; tries += 1) {
      number += 1;
      const id = ((number * SESSIONS + session) % accounts) + 1;
      if (memory.read(`accounts:${String(id)}`) !== undefined) return id;
    }
    throw new Error('no account is left that nobody doubts');
  };
  const id = (): number => (number += 1) * SESSIONS + session + 1_000_000;
  const order = (of = account()): Transaction => {
    const placed = { account: of, order: id() };
    orders.push(placed);
    return insert('orders', [placed.account, placed.order, 'order'], 2);
  };
  const buy = (of: number): Transaction => together(order(of), pay(of, id()));
  const kinds: (() => Transaction)[] = [
    () => order(),
    () => pay(account(), id()),
    () => buy(account()),
    () => together(pay(account(), id()), pay(account(), id())),
  ];
  if (visits) kinds.push(() => insert('visits', [id() % 97, id(), 'visit'], 2));
  kinds.push(() => insert('secrets', [id() % 89, id(), 'open'], 2));
  if (deletes)
    kinds.push(() => forget(orders.find((each) => memory.read(orderKey(each)) !== undefined)) ?? order());
  let turn = session;
  return () => {
    turn += 1;
    return kinds[turn % kinds.length]?.() ?? order();
  };

  function forget(placed: (typeof orders)[number] | undefined): Transaction | undefined {
    if (placed === undefined) return undefined;
    orders.splice(orders.indexOf(placed), 1);
    const sql = 'DELETE FROM orders WHERE account_id = $1 AND order_id = $2';
    return {
      statements: [[sql, [placed.account, placed.order]]],
      changes: [{ key: orderKey(placed), line: undefined }],
    };
  }
}

const orderKey = (of: { readonly account: number; readonly order: number }): string =>
  `orders:${String(of.account)},${String(of.order)}`;

function insert(table: string, values: readonly (string | number)[], keys: number): Transaction {
  const places = values.map((_, index) => `$${String(index + 1)}`).join(', ');
  return {
    statements: [[`INSERT INTO ${table} VALUES (${places})`, values]],
    changes: [{ key: `${table}:${values.slice(0, keys).join(',')}`, line: `(${values.join(',')})` }],
  };
}

function pay(account: number, balance: number): Transaction {
  return {
    statements: [['UPDATE accounts SET balance = $2 WHERE account_id = $1', [account, balance]]],
    changes: [
      {
        key: `accounts:${String(account)}`,
        line: `(${String(account)},${String(account % 3)},${String(balance)})`,
      },
    ],
  };
}

function together(...parts: readonly Transaction[]): Transaction {
  return {
    statements: parts.flatMap(({ statements }) => statements),
    changes: parts.flatMap(({ changes }) => changes),
  };
}
