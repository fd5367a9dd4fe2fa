import { parseArgs } from 'node:util';
import { randomNumbers } from '../../scripts/local/workloads/generate';
import { startFaultyCluster } from './faulty-cluster';
import { describeTrial, summarize } from './report';
import { subjectOf } from './subject';
import type { Trial } from './trials';
import { killProcess, killServer, measure } from './trials';

/** Kills of one distribution that the program is made to survive, one after the other. */
const KILLS_PER_TRIAL = 4;

/**
 * Kills the program and the servers at random moments, says what became of each, and ends with how many kills lost
 * nothing. The same seed kills at the same fractions of a run.
 *
 * @returns the exit status
 */
export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      kills: { type: 'string', default: '100' },
      servers: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      rows: { type: 'string', default: '2000' },
      workload: { type: 'string', multiple: true, default: ['sensors', 'payments'] },
    },
  });
  const [kills, servers, seed, rows] = [values.kills, values.servers, values.seed, values.rows].map(Number);
  if (![kills, servers, seed, rows].every((value) => Number.isInteger(value) && Number(value) >= 0)) {
    throw new Error('--kills, --servers, --seed and --rows are whole numbers');
  }
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const random = randomNumbers((seed ?? 1) + 1);
  // Small seeds start with small numbers.
  for (let warm = 0; warm < 10; warm += 1) random();
  const cluster = await startFaultyCluster();
  const stop = (): void => {
    void cluster.stop().finally(() => process.exit(130));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const subjects = values.workload.map((workload) => subjectOf(cluster, workload, rows ?? 0));
  try {
    const trials: Trial[] = [];
    const measured = [];
    for (const subject of subjects) {
      const yardstick = await measure(cluster, subject);
      measured.push({ subject, yardstick });
      say(
        `${subject.workload}: ${yardstick.seconds.toFixed(1)} s undisturbed, ${String(yardstick.catalog.length)} facts of the catalog to keep`,
      );
    }
    const count = (ofServers: boolean): number =>
      trials.flatMap(({ faults }) => faults).filter(({ killed }) => (killed !== 'process') === ofServers)
        .length;
    for (let turn = 0; count(false) < (kills ?? 0) || count(true) < (servers ?? 0); turn += 1) {
      const { subject, yardstick } = measured[turn % measured.length] ?? fail();
      const left = (kills ?? 0) - count(false);
      const trial =
        left > 0
          ? await killProcess(cluster, subject, yardstick, random, Math.min(left, KILLS_PER_TRIAL))
          : await killServer(cluster, subject, yardstick, random);
      trials.push(trial);
      for (const line of describeTrial(trial, trials.length)) say(line);
    }
    const summary = summarize(trials);
    for (const line of summary.lines) say(line);
    return summary.lost === 0 ? 0 : 1;
  } finally {
    for (const subject of subjects) subject.dispose();
    await cluster.stop();
  }
}

function fail(): never {
  throw new Error('there is no workload to try');
}
