import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { FaultyCluster } from './faulty-cluster';
import { startFaultyCluster } from './faulty-cluster';
import { numbersOf } from './numbers';
import { describeTrial, summarize } from './report';
import { storyOf, USUAL_STORY } from './stories';
import { subjectOf } from './subject';
import type { Subject } from './subject';
import type { Trial, Yardstick } from './trials';
import { killProcess, killServer, measure } from './trials';

/** Kills of one distribution that the program is made to survive, one after the other. */
const KILLS_PER_TRIAL = 4;

/** A run mostly waits for Citus, so two share a core without being in each other's way; more would be. */
const MOST_AT_ONCE = 2;

interface Options {
  readonly kills: number;
  readonly servers: number;
  readonly seed: number;
  readonly rows: number;
  readonly atOnce: number;
  readonly stories: readonly string[];
}

interface Measured {
  readonly subject: Subject;
  readonly yardstick: Yardstick;
}

/**
 * Kills the program and the servers at random moments, says what became of each, and ends with how many kills lost
 * nothing. Every trial has a seed of its own, `--seed` and its place, so that one can be tried again alone.
 *
 * @returns the exit status
 */
export async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv);
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const from = performance.now();
  const clusters: FaultyCluster[] = [];
  const subjects: Subject[] = [];
  const stopAll = async (): Promise<void> => {
    for (const subject of subjects) subject.dispose();
    await Promise.all(clusters.map((cluster) => cluster.stop()));
  };
  const stop = (): void => {
    void stopAll().finally(() => process.exit(130));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const trials: Trial[] = [];
  const next = dealer(options, trials);

  const work = async (cluster: FaultyCluster): Promise<void> => {
    const measured = new Map<string, Measured>();
    for (let task = next(); task !== undefined; task = next()) {
      const { story, seed, kills } = task;
      const { subject, yardstick } = measured.get(story) ?? (await measureStory(cluster, story));
      const again = `npm run test:faults -- --workload ${story} --kills ${String(kills)} --servers ${kills === 0 ? '1' : '0'} --seed ${String(seed)} --rows ${String(options.rows)}`;
      const random = numbersOf(seed);
      const tried =
        kills === 0
          ? await killServer(cluster, subject, yardstick, random)
          : await killProcess(cluster, subject, yardstick, random, kills);
      const trial = { ...tried, again };
      trials.push(trial);
      task.done(trial);
      for (const line of describeTrial(trial, trials.length)) say(line);
    }

    async function measureStory(on: FaultyCluster, story: string): Promise<Measured> {
      const subject = subjectOf(on, await storyOf(story), options.rows);
      subjects.push(subject);
      const yardstick = await measure(on, subject);
      const { course, catalog, nodes } = yardstick;
      say(
        `${story}: ${(course.ended - course.loaded).toFixed(1)} s undisturbed, ${String(catalog.length)} facts of the catalog to keep, and ${String(nodes.length)} of the nodes`,
      );
      measured.set(story, { subject, yardstick });
      return { subject, yardstick };
    }
  };

  try {
    for (let index = 0; index < options.atOnce; index += 1) clusters.push(await startFaultyCluster());
    await Promise.all(clusters.map(work));
    const summary = summarize(trials);
    for (const line of summary.lines) say(line);
    say(`${((performance.now() - from) / 60_000).toFixed(1)} min`);
    return summary.lost === 0 ? 0 : 1;
  } finally {
    await stopAll();
  }
}

interface Task {
  readonly story: string;
  readonly seed: number;
  /** Of the program; 0 is for a server. */
  readonly kills: number;
  /** Told how it went, since a kill that met nobody does not count. */
  done(trial: Trial): void;
}

/** Deals out trials until there were kills enough: of servers and of the program in turn, of each story in turn. */
function dealer(
  { kills, servers, seed, stories }: Options,
  trials: readonly Trial[],
): () => Task | undefined {
  let place = 0;
  const underWay = { process: 0, server: 0 };
  const met = (ofServers: boolean): number =>
    trials.flatMap(({ faults }) => faults).filter(({ killed }) => (killed !== 'process') === ofServers)
      .length;
  return () => {
    const ofProcess = Math.min(KILLS_PER_TRIAL, kills - met(false) - underWay.process);
    const ofServers = Math.min(1, servers - met(true) - underWay.server);
    if (ofProcess <= 0 && ofServers <= 0) return undefined;
    const some = ofServers <= 0 || (ofProcess > 0 && place % 2 === 0) ? ofProcess : 0;
    const kind = some > 0 ? 'process' : 'server';
    const reserved = Math.max(1, some);
    underWay[kind] += reserved;
    const task: Task = {
      // The order of both kinds in turn would give every story one kind alone.
      story: stories[Math.floor(place / 2 + (place % 2)) % stories.length] ?? '',
      seed: seed + place,
      kills: some,
      done: () => {
        underWay[kind] -= reserved;
      },
    };
    place += 1;
    return task;
  };
}

function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      kills: { type: 'string', default: '100' },
      servers: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      rows: { type: 'string', default: '2000' },
      'at-once': { type: 'string', default: String(Math.min(MOST_AT_ONCE, availableParallelism())) },
      workload: { type: 'string', multiple: true, default: [USUAL_STORY] },
    },
  });
  const whole = (name: 'kills' | 'servers' | 'seed' | 'rows' | 'at-once', least = 0): number => {
    const number = Number(values[name]);
    if (Number.isInteger(number) && number >= least) return number;
    throw new Error(`--${name} is a whole number from ${String(least)} on`);
  };
  return {
    kills: whole('kills'),
    servers: whole('servers'),
    seed: whole('seed'),
    rows: whole('rows', 1),
    atOnce: whole('at-once', 1),
    stories: values.workload,
  };
}
