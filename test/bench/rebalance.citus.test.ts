import { rebalancePairs } from '../../scripts/bench/rebalance';
import { platformSuite } from '../support/citus';
import { testContext } from '../tables/support/sensors';
import { citusServers } from './citus-servers';

jest.setTimeout(120_000);

platformSuite('the bench of a rebalance within a budget', () => {
  test('moves the same shards either way, and finds every write again', async () => {
    // Generous: nothing here rests on how fast the machine is.
    const bench = {
      tables: 2,
      shards: 3,
      rows: 1500,
      rate: 20,
      budgets: [60_000],
      compareRows: true,
      maxParallel: 2,
    } as const;
    const pairs = await rebalancePairs(await citusServers(), testContext(), 1, bench);
    expect(pairs).toEqual([{ ours: expect.any(Number) as number, peer: expect.any(Number) as number }]);
  });
});
