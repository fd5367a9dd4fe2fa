import type { Client } from 'pg';
import { watchWriters } from '../../../scripts/tables/apply/writer-guard';
import { COPY_STAGE, HOLD_WRITERS } from '../../../scripts/citus/online-copy.sql';

const LOCK_TIMEOUT_MS = 2_000;

afterEach(() => {
  jest.restoreAllMocks();
});

interface Sentry {
  readonly client: Client;
  /** Every statement, with the time at which it was sent. */
  readonly sent: { readonly sql: string; readonly at: number }[];
  /** The replication slots are there, and every shard has its key. */
  safe: boolean;
}

/** A server on which the moment to hold writers up is near. Its statements take the time that goes by, 50 ms each. */
function sentry(holdWriters: (pass: (ms: number) => void) => void): Sentry {
  let now = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  const sent: Sentry['sent'] = [];
  const answer = (sql: string): unknown[] => {
    sent.push({ sql, at: now });
    now += 50;
    if (sql === HOLD_WRITERS) holdWriters((ms) => (now += ms));
    return sql === COPY_STAGE ? [{ shards: ['102008'], near: true, safe: fake.safe }] : [];
  };
  const query = (sql: string): Promise<unknown> =>
    new Promise((resolve) => {
      resolve({ rows: answer(sql) });
    });
  const fake: Sentry = { client: { query } as unknown as Client, sent, safe: false };
  return fake;
}

const copy = {
  pid: 1,
  table: { schema: 'public', name: 'readings' },
  lockTimeoutMs: LOCK_TIMEOUT_MS,
  replayTimeoutMs: 60_000,
};

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('writers are held up within bounds that the server keeps by itself, until every shard has its key', async () => {
  const server = sentry(() => undefined);
  const watching = await watchWriters(server.client, copy);
  await until(() => server.sent.some(({ sql }) => sql === HOLD_WRITERS));
  server.safe = true;
  await until(() => server.sent.some(({ sql }) => sql === 'ROLLBACK'));
  await watching.stop();
  const held = server.sent.findIndex(({ sql }) => sql === HOLD_WRITERS);
  expect(server.sent[held - 1]?.sql).toMatch(
    /^BEGIN; SET LOCAL idle_in_transaction_session_timeout TO 5000; SET LOCAL statement_timeout TO 5000; SET LOCAL lock_timeout TO 2000$/,
  );
  expect(server.sent.filter(({ sql }) => sql === HOLD_WRITERS)).toHaveLength(1);
});

test('a lock that is not to be had is given up after a few tries, with writers let through between them', async () => {
  const server = sentry((pass) => {
    pass(LOCK_TIMEOUT_MS);
    throw Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });
  });
  const watching = await watchWriters(server.client, copy);
  const looks = (): number => server.sent.filter(({ sql }) => sql === COPY_STAGE).length;
  await until(() => server.sent.filter(({ sql }) => sql === HOLD_WRITERS).length === 3);
  const stages = looks();
  const statements = server.sent.length;
  await until(() => server.sent.length > statements + 5);
  await watching.stop();
  expect(looks()).toBe(stages);
  const tries = server.sent.filter(({ sql }) => sql === HOLD_WRITERS).map(({ at }) => at);
  expect(tries).toHaveLength(3);
  for (const [index, at] of tries.slice(1).entries()) {
    expect(at - tries[index]!).toBeGreaterThan(2 * LOCK_TIMEOUT_MS);
  }
});

test('what may not be done is not tried again', async () => {
  const server = sentry(() => {
    throw Object.assign(new Error('permission denied for function lock_shard_metadata'), { code: '42501' });
  });
  const watching = await watchWriters(server.client, copy);
  await until(() => server.sent.length > 15);
  await watching.stop();
  expect(server.sent.filter(({ sql }) => sql === HOLD_WRITERS)).toHaveLength(1);
});
