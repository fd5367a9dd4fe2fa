import { spawnSync } from 'node:child_process';
import { applyPairs } from '../../scripts/bench/apply';
import { withSensors } from '../../scripts/bench/citus-cluster';
import { platformSuite } from '../support/citus';
import { sensorsDistribution, testContext } from '../tables/support/sensors';
import { citusServers } from './citus-servers';

jest.setTimeout(60_000);

platformSuite('the benches of tables apply', () => {
  // Without a psql there is no peer, and the bench itself says so.
  const withPsql = spawnSync('psql', ['--version']).status === 0 ? test : test.skip;

  withPsql('come to the same end as psql with the same SQL (needs psql on the PATH)', async () => {
    const context = testContext();
    const expected = sensorsDistribution({ online: false });
    const pairs = await withSensors(await citusServers(), 500, context.signal, (fresh) =>
      applyPairs(fresh, context, { runs: 1, compareRows: true, expected }),
    );
    expect(pairs).toEqual([{ ours: expect.any(Number) as number, peer: expect.any(Number) as number }]);
  });
});
