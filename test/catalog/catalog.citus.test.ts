import { laneSuite } from '../support/lanes';
import { testRun } from '../support/test-run';
import { createRoles, dropRoles } from './cluster';
import { drawCase } from './draw';
import { tryCase } from './try-case';

jest.setTimeout(120_000);

/** `pg_dump` of the servers' own version comes with servers of this machine. */
const dumpable = testRun().citus === 'native';

/** A sample of `npm run test:catalog`, small enough for 90 s. */
const CASES = [6, 8, 20, 32, 38, 42];

(dumpable ? laneSuite : skipped)('citus', 'schemas drawn from all that hangs on a table', () => {
  beforeAll(createRoles);
  afterAll(dropRoles);

  test.each(CASES)('case %i keeps everything, or is refused as Citus refuses it', async (seed) => {
    const { failure } = await tryCase(drawCase(seed));
    expect(failure).toBeUndefined();
  });
});

function skipped(lane: string, title: string, tests: () => void): void {
  describe.skip(`[${lane}] ${title} (needs servers of this machine that the tests start themselves)`, tests);
}
