import { randomNumbers } from '../../scripts/local/workloads/generate';
import { laneSuite } from '../support/lanes';
import { testRun } from '../support/test-run';
import type { FaultyCluster } from './faulty-cluster';
import { startFaultyCluster } from './faulty-cluster';
import { inFirstMove } from './rebalance/arrival';
import { moveSubjectOf, SHORT_STORY } from './rebalance/subject';
import { killMoves, VICTIMS } from './rebalance/trials';
import { storyOf } from './stories';
import { subjectOf } from './subject';
import type { Fault } from './trials';
import { killProcess, killServer, measure } from './trials';

jest.setTimeout(240_000);

/** Containers, and clusters that somebody else runs, are not for killing. */
const killable = testRun().citus === 'native';

/** A sample of `npm run test:faults` and `npm run test:faults -- rebalance`, which kill more than a hundred times: servers of its own, since it kills them. */
(killable ? laneSuite : skipped)('citus', 'kills', () => {
  let cluster: FaultyCluster;
  beforeAll(async () => {
    cluster = await startFaultyCluster();
  });
  afterAll(async () => {
    await cluster.stop();
  });

  test('the program twice and a server once: nothing is lost', async () => {
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

  test('a rebalance, a worker under it, and the coordinator, which end or stand still, beside writes: nothing is lost', async () => {
    const subject = moveSubjectOf(cluster, SHORT_STORY);
    const random = randomNumbers(20_262);
    const problems: string[] = [];
    const faults: Fault[] = [];
    // One server that stands still is enough here.
    const victims = VICTIMS.filter((victim) => victim !== 'frozen-coordinator');
    for (const victim of victims) {
      const moment = inFirstMove(random);
      const trial = await killMoves(cluster, subject, { victim, moment, random, frozenMs: 2000 });
      problems.push(...trial.problems);
      faults.push(...trial.faults);
    }
    expect(problems).toEqual([]);
    expect(faults.map(({ killed }) => killed)).toEqual(victims);
  });
});

function skipped(lane: string, title: string, tests: () => void): void {
  describe.skip(`[${lane}] ${title} (needs servers of this machine that the tests start themselves)`, tests);
}
