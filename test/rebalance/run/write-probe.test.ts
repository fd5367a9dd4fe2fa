import type { Client } from 'pg';
import { silentReporter } from '../../../scripts/lib/reporter';
import { WriteProbe } from '../../../scripts/rebalance/run/write-probe';

test('a probe writes into the group that moves now, and to the last one between two moves', async () => {
  const target = (key: string) => ({ insert: 'INSERT', key });
  const probe = new WriteProbe(new Map([1, 2, 3].map((shard) => [shard, target(`key of ${String(shard)}`)])));
  const written: unknown[] = [];
  const client = {
    query: async (_: string, [key]: string[]) => written.push(key),
  } as unknown as Client;
  const reporter = probe.listening(silentReporter);
  const begins = (shard: number): void =>
    reporter.event({ name: 'move.started', shard, tables: [], bytes: 0, from: '', to: '', way: 'blocking' });
  await probe.load.request(client, 0);
  begins(3);
  await probe.load.request(client, 1);
  // A group of another type of key: nobody knows how to write to it.
  begins(9);
  await probe.load.request(client, 2);
  begins(2);
  await probe.load.request(client, 3);
  expect(written).toEqual(['key of 1', 'key of 3', 'key of 3', 'key of 2']);
});

test('what writes waited counts from when each was due, and those that failed are counted', async () => {
  const probe = new WriteProbe(new Map([[1, { insert: 'INSERT', key: '1' }]]));
  for (const [dueAt, answeredAt] of [
    [0, 2],
    [20, 22.04],
    [40, 190],
  ] as const) {
    probe.load.onAnswered?.({ dueAt, answeredAt });
  }
  const broken = { query: () => Promise.reject(new Error('gone')) } as unknown as Client;
  await expect(probe.load.request(broken, 3)).rejects.toThrow('gone');
  expect(probe.latency()).toEqual({ writes: 3, failed: 1, p50Ms: 2, p99Ms: 150, longestMs: 150 });
});
