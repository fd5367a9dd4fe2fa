import { randomNumbers } from '../../scripts/local/workloads/generate';
import { laneSuite } from '../support/lanes';
import { testRun } from '../support/test-run';
import type { FaultyCluster } from './faulty-cluster';
import { startFaultyCluster } from './faulty-cluster';
import { storyOf } from './stories';
import { subjectOf } from './subject';
import { killProcess, killServer, measure } from './trials';

jest.setTimeout(240_000);

/** Containers, and clusters that somebody else runs, are not for killing. */
const killable = testRun().citus === 'native';

/** A sample of `npm run test:faults`, which kills more than a hundred times: servers of its own, since it kills them. */
(killable ? laneSuite : skipped)('citus', 'kills', () => {
  let cluster: FaultyCluster | undefined;
  afterEach(async () => {
    await cluster?.stop();
  });

  test('the program twice and a server once: nothing is lost', async () => {
    cluster = await startFaultyCluster();
    const subject = subjectOf(cluster, await storyOf('sensors'), 500);
    try {
      const yardstick = await measure(cluster, subject);
      const random = randomNumbers(20_261);
      const killed = await killProcess(cluster, subject, yardstick, random, 2);
      const lost = await killServer(cluster, subject, yardstick, random);
      expect(killed.faults.length).toBeGreaterThan(0);
      expect([...killed.problems, ...lost.problems]).toEqual([]);
    } finally {
      subject.dispose();
    }
  });
});

function skipped(lane: string, title: string, tests: () => void): void {
  describe.skip(`[${lane}] ${title} (needs servers of this machine that the tests start themselves)`, tests);
}
