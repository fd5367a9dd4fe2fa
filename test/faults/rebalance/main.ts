import { parseArgs } from 'node:util';
import type { FaultyCluster } from '../faulty-cluster';
import { startFaultyCluster } from '../faulty-cluster';
import { numbersOf } from '../numbers';
import { describeTrial, summarize } from '../report';
import type { Trial } from '../trials';
import { drawMoment } from './arrival';
import type { Course } from './arrival';
import { MOVE_STORIES, moveSubjectOf } from './subject';
import type { MoveStory, MoveSubject } from './subject';
import type { MoveTrial, Victim } from './trials';
import { NO_ROW } from './writers';
import { killMoves, measureMoves, VICTIMS } from './trials';

interface Options {
  /** Kills of each kind. */
  readonly rounds: number;
  readonly seed: number;
  readonly victims: readonly Victim[];
  /** The story of every trial. @default - of five kills two are in blocked moves and one in each other story; one of each victim is in a job */
  readonly story: MoveStory | undefined;
}

/**
 * Kills `rebalance run`, kills or freezes a worker under it or the coordinator at random moments, while an application writes; runs it again, and ends with
 * how many kills lost nothing. Every trial has a seed of its own, `--seed` and its place, so that one can be tried again alone.
 *
 * @returns the exit status
 */
export async function moveMain(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv);
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const from = performance.now();
  const cluster = await startFaultyCluster();
  const stop = (): void => {
    void cluster.stop().finally(() => process.exit(130));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const trials: (Trial & MoveTrial)[] = [];
    const measured = new Map<string, { readonly subject: MoveSubject; readonly course: Course }>();
    for (const { story, victim, seed } of planned(options)) {
      const known = measured.get(story.name) ?? (await measure(cluster, story, say));
      measured.set(story.name, known);
      const random = numbersOf(seed);
      const moment = drawMoment(known.course, random);
      const tried = await killMoves(cluster, known.subject, { victim, moment, random });
      const again = `npm run test:faults -- rebalance --story ${story.name} --victim ${victim} --rounds 1 --seed ${String(seed)}`;
      trials.push({ ...tried, again });
      for (const line of describeTrial({ ...tried, again }, trials.length)) say(line);
    }
    const summary = summarize(trials);
    for (const line of [...summary.lines, ...ways(trials)]) say(line);
    say(`${((performance.now() - from) / 60_000).toFixed(1)} min`);
    return summary.lost === 0 ? 0 : 1;
  } finally {
    await cluster.stop();
  }
}

async function measure(
  cluster: FaultyCluster,
  story: MoveStory,
  say: (line: string) => void,
): Promise<{ readonly subject: MoveSubject; readonly course: Course }> {
  const subject = moveSubjectOf(cluster, story);
  const course = await measureMoves(cluster, subject, numbersOf(0));
  say(`${story.name}: ${(course.ended - course.loaded).toFixed(1)} s undisturbed`);
  return { subject, course };
}

/** How runs answered under which somebody was killed, and how long the one took that did the rest. */
function ways(trials: readonly MoveTrial[]): string[] {
  const codes = new Map<string, number>();
  for (const code of trials.flatMap((trial) => trial.codes)) codes.set(code, (codes.get(code) ?? 0) + 1);
  const seconds = trials
    .map(({ rerun }) => rerun)
    .filter((each) => each > 0)
    .sort((a, b) => a - b);
  const middle = seconds[Math.floor(seconds.length / 2)] ?? 0;
  const forgotten = trials.flatMap((trial) => trial.forgotten);
  const unapplied = trials.flatMap(({ failures }) =>
    [...failures].flatMap(([words, times]) => (words.includes(NO_ROW) ? [times] : [])),
  );
  const sum = (of: readonly number[]): string => String(of.reduce((all, each) => all + each, 0));
  return [
    `transactions of writers: ${sum(trials.map((each) => each.acknowledged))} acknowledged, ${sum(trials.map((each) => each.inDoubt))} of which nobody heard`,
    `left by Citus and on no list of it, for a superuser to remove: ${forgotten.length === 0 ? 'nothing' : forgotten.join(', ')}`,
    `updates that found no row where their shard came to the server of their session: ${sum(unapplied)}`,
    `the run ended with: ${[...codes].map(([code, count]) => `${code} ${String(count)}`).join(', ')}`,
    `the run after the kill took ${middle.toFixed(1)} s in the middle, ${(seconds.at(-1) ?? 0).toFixed(1)} s at most`,
  ];
}

function planned({
  rounds,
  seed,
  victims,
  story,
}: Options): { story: MoveStory; victim: Victim; seed: number }[] {
  const [blocking, logical, job, parallel, probed] = MOVE_STORIES;
  return Array.from({ length: rounds }, (_, round) =>
    victims.map((victim, index) => {
      const usual = round === 2 ? job : [blocking, logical, blocking, parallel, probed][round % 5];
      const chosen = story ?? usual;
      if (chosen === undefined) throw new Error('there is no story to try');
      return { story: chosen, victim, seed: seed + round * victims.length + index };
    }),
  ).flat();
}

function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: 'string', default: '6' },
      seed: { type: 'string', default: '1' },
      victim: { type: 'string', multiple: true, default: [...VICTIMS] },
      story: { type: 'string' },
    },
  });
  const whole = (name: 'rounds' | 'seed'): number => {
    const number = Number(values[name]);
    if (Number.isInteger(number) && number >= 0) return number;
    throw new Error(`--${name} is a whole number`);
  };
  const victims = VICTIMS.filter((victim) => values.victim.includes(victim));
  if (victims.length !== values.victim.length) throw new Error(`--victim is one of ${VICTIMS.join(', ')}`);
  const story = MOVE_STORIES.find(({ name }) => name === values.story);
  if (values.story !== undefined && story === undefined) {
    throw new Error(`--story is one of ${MOVE_STORIES.map(({ name }) => name).join(', ')}`);
  }
  return { rounds: whole('rounds'), seed: whole('seed'), victims, story };
}
