import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { CANCEL } from '../../../scripts/citus/sessions.sql';
import { MoveGuard } from '../../../scripts/rebalance/run/move-guard';

/** A server on which a move holds writers up, and no cancellation ends it. */
function stuckServer(): { readonly client: Client; readonly cancelled: unknown[] } {
  const cancelled: unknown[] = [];
  const query = (sql: unknown, values: unknown): Promise<unknown> => {
    if (sql === CANCEL) cancelled.push(values);
    return Promise.resolve({ rows: [{ held: true, waits: false, waitedMs: 0 }] });
  };
  return { client: { query } as unknown as Client, cancelled };
}

test('a move that goes on though it was cancelled is told once, and cancelled again and again', async () => {
  const { client, cancelled } = stuckServer();
  const told: number[] = [];
  const guard = new MoveGuard(client, {
    pid: 7,
    maxWritePauseMs: 20,
    stuckMs: 150,
    onStuck: (seconds) => told.push(seconds),
  });
  while (told.length === 0 || cancelled.length < 3) await sleep(10);
  await sleep(200);
  expect(await guard.stop()).toMatchObject({ cancelled: 'over-budget' });
  expect(cancelled).toContainEqual([7]);
  expect(told).toHaveLength(1);
  expect(told[0]).toBeGreaterThanOrEqual(0.15);
});
