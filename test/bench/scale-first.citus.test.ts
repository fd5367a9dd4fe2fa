import { scaleFirstPairs } from '../../scripts/bench/scale-first';
import { platformSuite } from '../support/citus';
import { sensorsDistribution, testContext } from '../tables/support/sensors';
import { citusServers } from './citus-servers';

jest.setTimeout(60_000);

platformSuite('the bench of adding workers first', () => {
  test('brings the same rows to every node in either order', async () => {
    const pairs = await scaleFirstPairs(await citusServers(), testContext(), {
      rows: 500,
      runs: 1,
      expected: sensorsDistribution({ online: false }),
    });
    expect(pairs).toEqual([{ ours: expect.any(Number) as number, peer: expect.any(Number) as number }]);
  });
});
