import { spawnSync } from 'node:child_process';
import { planPairs } from '../../scripts/bench/plan';
import { platformSuite } from '../support/citus';
import { testContext } from '../tables/support/sensors';
import { citusServers } from './citus-servers';

jest.setTimeout(60_000);

platformSuite('the bench of tables plan', () => {
  // An older pg_dump refuses a newer server, and the bench itself says so.
  const withPgDump = spawnSync('pg_dump', ['--version']).status === 0 ? test : test.skip;

  withPgDump('plans and dumps the same schema (needs pg_dump on the PATH)', async () => {
    const pairs = await planPairs(await citusServers(), testContext(), { tables: 20, runs: 1 });
    expect(pairs).toEqual([{ ours: expect.any(Number) as number, peer: expect.any(Number) as number }]);
  });
});
