import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../../../scripts/lib/connection';
import type { Ended, Run } from '../apply-process';
import { runProgram, secondsToLoad } from '../apply-process';
import type { FaultyCluster } from '../faulty-cluster';
import type { Fault, Trial } from '../trials';
import { activity, missing, within } from '../trials';
import { arrival } from './arrival';
import type { Course, Moment } from './arrival';
import type { Memory } from './memory';
import type { MoveSubject } from './subject';
import { ACCOUNTS } from './subject';
import { NO_ROW, startWriters } from './writers';
import type { Writers } from './writers';

/** Who is killed, or stands still for a while. */
export const VICTIMS = ['process', 'worker', 'coordinator', 'frozen-worker', 'frozen-coordinator'] as const;
export type Victim = (typeof VICTIMS)[number];

/** A trial of a rebalance, with what became of the commands. */
export interface MoveTrial extends Omit<Trial, 'again'> {
  /** Stable codes with which runs ended under which a server was killed. */
  readonly codes: readonly string[];
  /** Seconds of the run that did the rest. */
  readonly rerun: number;
  /** What Citus forgot on a node: only a superuser can remove it. What keeps its node's log is named by that run. */
  readonly forgotten: readonly string[];
  /** Transactions of writers that were acknowledged, and those of which nobody heard. */
  readonly acknowledged: number;
  readonly inDoubt: number;
  /** What writers were told instead of an acknowledgement, and how often. */
  readonly failures: ReadonlyMap<string, number>;
}

/** Milliseconds one run may take: more is a hang. */
const HANG_MS = 240_000;
/** Milliseconds a server stays down, at most. */
const DOWN_MS = 2000;
/** Milliseconds a server stands still: shortly most of the time, else beyond what connections, sessions and replication wait for. */
const FROZEN_MS = { short: [500, 8000], long: [20_000, 70_000], longPart: 0.15 } as const;
/** Milliseconds in which the session of a killed run ends. */
const ALONE_MS = 20_000;
/** Runs after the kill; the first has to do, and the others tell whether it is a question of time. */
const RUNS_AFTER = 3;
/** Milliseconds of writing before a run begins. */
const WARM_UP_MS = 300;
/** Milliseconds for what is committing on the nodes at this moment. */
const SETTLE_MS = 1500;

/** @throws Error where a run is wrong that nobody disturbs */
export async function measureMoves(
  cluster: FaultyCluster,
  subject: MoveSubject,
  random: () => number,
): Promise<Course> {
  const loaded = await secondsToLoad(cluster.target);
  let ended = 0;
  const { problems } = await underWrites(cluster, subject, random, async (writers) => {
    const run = runRebalance(cluster, subject);
    const end = await within(run, HANG_MS);
    ended = run.seconds();
    const words = [...writers.failures]
      .filter(([message]) => !message.includes(NO_ROW))
      .map(([message, times]) => `writers: ${message} (${String(times)} times)`);
    const problems = [...(end?.status === 0 ? [] : [end?.stderr ?? 'it hangs']), ...words];
    return { problems, said: end?.stderr ?? '' };
  });
  if (problems.length > 0)
    throw new Error(`${subject.story.name}, without any fault: ${problems.join('; ')}`);
  return { loaded, ended };
}

interface Attack {
  readonly victim: Victim;
  readonly moment: Moment;
  readonly random: () => number;
  /** Milliseconds that a frozen server stands still. @default - drawn */
  readonly frozenMs?: number;
}

/** Kills somebody at a moment of a rebalance, while an application writes; the next run has to do all that is left. */
export async function killMoves(
  cluster: FaultyCluster,
  subject: MoveSubject,
  attack: Attack,
): Promise<MoveTrial> {
  const { victim, moment, random } = attack;
  const from = performance.now();
  const faults: Fault[] = [];
  const codes: string[] = [];
  let runs = 1;
  let rerun = 0;
  const found = await underWrites(cluster, subject, random, async () => {
    const run = runRebalance(cluster, subject);
    const at = await arrival(cluster, run, moment);
    if (at === undefined) return { problems: [], said: '' };
    faults.push({ story: subject.story.name, killed: victim, after: run.seconds(), ...at });
    const back = strike(cluster, run, attack);
    const ended = await within(run, HANG_MS);
    await back;
    if (ended === undefined)
      return { problems: [`hangs after ${run.lastLine()}`, ...(await activity(cluster))], said: '' };
    const { code, problems: said } = await answerOf(ended);
    if (code !== undefined) codes.push(code);
    const again = await finish(cluster, subject);
    runs += again.runs;
    rerun = again.seconds;
    return { problems: [...said, ...again.problems], said: again.said };
  });
  return { faults, runs, seconds: (performance.now() - from) / 1000, codes, rerun, ...found };
}

function runRebalance(cluster: FaultyCluster, { story }: MoveSubject): Run {
  return runProgram(cluster.target, ['rebalance', 'run', '--yes', '--json', ...story.args]);
}

/** Makes the database anew, has an application write while `work` goes on, and looks at all that there is at the end. */
async function underWrites(
  cluster: FaultyCluster,
  subject: MoveSubject,
  random: () => number,
  work: (writers: Writers) => Promise<{ readonly problems: readonly string[]; readonly said: string }>,
): Promise<Pick<MoveTrial, 'problems' | 'forgotten' | 'failures' | 'acknowledged' | 'inDoubt'>> {
  await subject.reset(random);
  const memory = await subject.remember();
  const objects = await subject.objects();
  // What another trial left is told there.
  const leftBefore = await subject.leftovers();
  const writers = startWriters(cluster.target, memory, {
    visits: subject.story.unidentified,
    deletes: subject.story.deletes,
    accounts: ACCOUNTS,
  });
  await sleep(WARM_UP_MS);
  const problems: string[] = [];
  const forgotten: string[] = [];
  try {
    const worked = await work(writers);
    problems.push(...worked.problems);
    for (const what of await leftSince(subject, leftBefore)) {
      if (HARMLESS.test(what) || worked.said.includes(`${what.replace(/ on \w+$/, '')} on `))
        forgotten.push(what);
      else problems.push(`left: ${what}`);
    }
  } finally {
    await writers.stop();
  }
  await settle(cluster);
  problems.push(...(await subject.unbalanced()));
  problems.push(...missing(objects, await subject.objects()));
  problems.push(
    ...missing(await subject.objects(), objects).map((line) => line.replace('lost: ', 'too much: ')),
  );
  problems.push(...wrongRows(memory, await subject.rows()));
  const { acknowledged, inDoubt } = memory;
  return { problems, forgotten, failures: writers.failures, acknowledged, inDoubt };
}

/** What Citus may cross off its list although the node went away before it had removed it: no login can remove it, and it keeps no log. */
const HARMLESS = /^publication /;

/** The first few; there may be thousands. */
function wrongRows(memory: Memory, rows: ReadonlyMap<string, string>): string[] {
  const wrong = memory.compare(rows);
  const more = wrong.length > 5 ? [`and ${String(wrong.length - 5)} rows more`] : [];
  return [...wrong.slice(0, 5), ...more];
}

/** What the run left behind; not what is gone in a moment. */
async function leftSince(subject: MoveSubject, before: readonly string[]): Promise<string[]> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const left = (await subject.leftovers()).filter(
      (what) => !before.includes(what) && !/^prepared/.test(what),
    );
    if (left.length === 0) return [];
    if (Date.now() > deadline) return left;
    await sleep(200);
  }
}

/** Has Citus settle at once what it settles once a minute: transactions of writers whose session went with its server. */
async function settle(cluster: FaultyCluster): Promise<void> {
  const coordinator = cluster.platform(cluster.names[0] ?? '');
  await withClient(coordinator, (client) => client.query('SELECT recover_prepared_transactions()'));
}

/** Seconds are those of the last run. */
async function finish(
  cluster: FaultyCluster,
  subject: MoveSubject,
): Promise<{
  readonly runs: number;
  readonly seconds: number;
  readonly problems: readonly string[];
  readonly said: string;
}> {
  const problems: string[] = [];
  const deadline = Date.now() + ALONE_MS;
  for (let runs = 1; ;) {
    const run = runRebalance(cluster, subject);
    const ended = await within(run, HANG_MS);
    const said = ended?.stderr ?? '';
    if (ended?.status === 0) return { runs, seconds: run.seconds(), problems, said };
    if (ended !== undefined && /another "rebalance" run/.test(ended.stderr) && Date.now() < deadline) {
      await sleep(300);
      continue;
    }
    problems.push(`run ${String(runs)} after the kill: ${ended?.stderr.trim() ?? 'it hangs'}`);
    if (ended === undefined) problems.push(...(await activity(cluster)));
    if (runs === RUNS_AFTER) return { runs, seconds: run.seconds(), problems, said };
    runs += 1;
    await sleep(1000);
  }
}

/** Kills or freezes, and resolves once what it hit is there again. */
async function strike(cluster: FaultyCluster, run: Run, { victim, random, frozenMs }: Attack): Promise<void> {
  if (victim === 'process') {
    run.kill();
    return;
  }
  const workers = cluster.names.slice(1);
  const name =
    (victim.endsWith('worker') ? workers[Math.floor(random() * workers.length)] : cluster.names[0]) ?? '';
  if (victim.startsWith('frozen')) {
    const [least, most] = random() < FROZEN_MS.longPart ? FROZEN_MS.long : FROZEN_MS.short;
    const thaw = cluster.freeze(name);
    await sleep(frozenMs ?? least + random() * (most - least)).finally(thaw);
    return;
  }
  cluster.kill(name);
  await sleep(random() * DOWN_MS);
  await cluster.restart(name);
}

/** Codes that do not say that a server went away. */
const UNFORESEEN = ['internal.unexpected', 'database.error', 'rebalance.move-failed'];

/** A run under which a server was killed says in one paragraph, and by a code that stays, what happened. */
async function answerOf({
  status,
  signal,
  stdout,
  stderr,
}: Ended): Promise<{ readonly code?: string; readonly problems: readonly string[] }> {
  if (signal === 'SIGKILL') return { code: 'killed', problems: [] };
  if (status === 0) return { code: 'finished', problems: [] };
  const { error, problem } = JSON.parse(stdout || '{}') as {
    readonly error?: { readonly code: string; readonly message: string };
    readonly problem?: string;
  };
  if (error === undefined)
    return problem === undefined ? { problems: [`no answer: ${stderr}`] } : { code: 'problem', problems: [] };
  const { code, message } = error;
  return {
    code,
    problems: UNFORESEEN.includes(code) || message.includes('\n') ? [`said ${code}: ${message}`] : [],
  };
}
