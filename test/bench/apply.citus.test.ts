import { spawnSync } from 'node:child_process';
import type { Client } from 'pg';
import { applyPairs } from '../../scripts/bench/apply';
import { withLoaded, withSensors } from '../../scripts/bench/citus-cluster';
import { comparePairs } from '../../scripts/bench/compare';
import { comparedPairs } from '../../scripts/bench/compared';
import { createWholeSchema, wholeDistribution } from '../../scripts/bench/whole-schema';
import { platformSuite } from '../support/citus';
import { sensorsDistribution, testContext } from '../tables/support/sensors';
import { citusServers } from './citus-servers';

jest.setTimeout(180_000);

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

  test('look at a schema of everything, and at the tables of it that are named', async () => {
    const context = testContext();
    const load = (client: Client): Promise<void> => createWholeSchema(client, 200);
    const pairs = await withLoaded(await citusServers(), load, (fresh) =>
      comparedPairs(fresh, context, wholeDistribution(4, false), 1),
    );
    expect(pairs).toEqual([{ ours: expect.any(Number) as number, peer: expect.any(Number) as number }]);
  });

  test('hold a plain database against its distributed copy, which is equal', async () => {
    const context = testContext();
    const pairs = await withSensors(await citusServers(), 500, context.signal, (fresh) =>
      comparePairs(fresh, context, 1),
    );
    expect(pairs).toEqual([{ ours: expect.any(Number) as number, peer: expect.any(Number) as number }]);
  });
});
