import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../../scripts/lib/connection';
import type { Ended, Run } from './apply-process';
import { runTables, secondsToLoad } from './apply-process';
import type { FaultyCluster } from './faulty-cluster';
import { courseOf, drawMoments } from './moments';
import type { Course, Moment } from './moments';
import type { Subject } from './subject';

/** One fault, and what became of it. */
export interface Fault {
  readonly story: string;
  /** `process`, or the name of the server. */
  readonly killed: string;
  /** Seconds of the run before the kill. */
  readonly after: number;
  /** What the run had said last. */
  readonly moment: string;
}

/** A database that was distributed in spite of some faults. */
export interface Trial {
  readonly faults: readonly Fault[];
  /** Runs it took to converge, the killed ones counted. */
  readonly runs: number;
  readonly seconds: number;
  /** What was lost, left or wrong; empty is what this is all about. */
  readonly problems: readonly string[];
  /** The command that tries the same again. */
  readonly again: string;
}

/** What an undisturbed run makes of a subject: the measure of all others. */
export interface Yardstick {
  readonly rows: readonly string[];
  readonly catalog: readonly string[];
  readonly nodes: readonly string[];
  readonly course: Course;
}

/** Milliseconds one run may take: more is a hang. */
const HANG_MS = 240_000;
/** Runs without a kill that may fail before it is no convergence. */
const PATIENCE = 10;
/** Milliseconds a server stays down, at most. */
const DOWN_MS = 3000;

/** Distributes without any fault: nothing of the rows and the catalog of before may be lost, and nothing may be left. */
export async function measure(cluster: FaultyCluster, subject: Subject): Promise<Yardstick> {
  await subject.reset();
  const rows = await subject.rows();
  const before = await subject.catalog();
  const loaded = await secondsToLoad(cluster.target);
  const run = runTables('apply', cluster.target, subject.spec);
  const ended = await run.ended;
  const course = courseOf(run, loaded);
  const catalog = await subject.catalog();
  const nodes = await subject.nodes();
  const problems = [
    ...(ended.status === 0 ? [] : [ended.stderr]),
    ...missing(rows, await subject.rows()),
    ...missing(before, catalog).filter((problem) => !subject.changes(problem.replace(/^lost: /, ''))),
    ...(await subject.leftovers()).map((line) => `left: ${line}`),
    ...nodes.filter((line) => line.includes('without a table')),
  ];
  if (problems.length > 0) {
    throw new Error(`${subject.name}, without any fault: ${[...new Set(problems)].join('; ')}`);
  }
  return { rows, catalog, nodes, course };
}

/** Kills the program at `kills` random moments of one distribution, then lets it finish. */
export async function killProcess(
  cluster: FaultyCluster,
  subject: Subject,
  yardstick: Yardstick,
  random: () => number,
  kills: number,
): Promise<Omit<Trial, 'again'>> {
  const moments = drawMoments(yardstick.course, kills, random);
  return trial(cluster, subject, yardstick, moments, (run) => {
    run.kill();
    return Promise.resolve('process');
  });
}

/** Kills one server at a random moment of a distribution and starts it again a random moment later. */
export async function killServer(
  cluster: FaultyCluster,
  subject: Subject,
  yardstick: Yardstick,
  random: () => number,
): Promise<Omit<Trial, 'again'>> {
  const name = cluster.names[Math.floor(random() * cluster.names.length)] ?? '';
  const down = random() * DOWN_MS;
  const moments = drawMoments(yardstick.course, 1, random);
  return trial(cluster, subject, yardstick, moments, async () => {
    cluster.kill(name);
    await sleep(down);
    await cluster.restart(name);
    return name;
  });
}

async function trial(
  cluster: FaultyCluster,
  subject: Subject,
  yardstick: Yardstick,
  moments: readonly Moment[],
  strike: (run: Run) => Promise<string>,
): Promise<Omit<Trial, 'again'>> {
  const from = performance.now();
  await subject.reset();
  const { loaded } = yardstick.course;
  const faults: Fault[] = [];
  const problems: string[] = [];
  const words: string[] = [];
  const ahead = [...moments];
  let worked = 0;
  let runs = 0;
  for (let failed = 0; ;) {
    runs += 1;
    const run = runTables('apply', cluster.target, subject.spec);
    const moment = ahead[0];
    const struck = moment === undefined ? Promise.resolve() : arrival(moment, run, loaded, worked).then(hit);
    async function hit(there: boolean): Promise<void> {
      if (!there) return;
      ahead.shift();
      const [after, said] = [run.seconds(), run.lastLine()];
      const killed = await strike(run);
      faults.push({ story: subject.name, killed, after, moment: said });
    }
    const ended = await within(run, HANG_MS);
    worked += Math.max(0, run.seconds() - loaded);
    await struck;
    if (ended === undefined) {
      problems.push(`hangs after ${run.lastLine()}`, ...(await activity(cluster)));
      break;
    }
    if (ended.status === 0) break;
    if (ended.signal === 'SIGKILL') {
      problems.push(...(await lostForGood(subject, yardstick)));
      continue;
    }
    // The session of a killed run takes a moment to notice that it is alone.
    if (/another "tables" run/.test(ended.stderr)) {
      await sleep(300);
      runs -= 1;
      continue;
    }
    words.push(ended.stderr.trim().split('\n').at(-1) ?? '');
    failed += 1;
    if (failed >= PATIENCE) {
      problems.push(`does not converge: ${words.at(-1) ?? ''}`);
      break;
    }
    await sleep(1000);
  }
  problems.push(...(await compare(cluster, subject, yardstick)));
  return {
    faults,
    runs,
    seconds: (performance.now() - from) / 1000,
    problems: problems.length === 0 ? [] : [...problems, ...words.map((each) => `said: ${each}`)],
  };
}

/** Resolves at the moment; false where the run ends before. */
async function arrival(moment: Moment, run: Run, loaded: number, worked: number): Promise<boolean> {
  const over = run.ended.then(() => false);
  if (moment.kind === 'word' && moment.subject !== undefined) {
    if (!(await Promise.race([over, run.said(moment.subject).then(() => true)]))) return false;
  }
  const seconds =
    moment.kind === 'clock'
      ? loaded + moment.worked - worked
      : moment.seconds + (moment.subject === undefined ? loaded : 0);
  return Promise.race([over, sleep(Math.max(0, seconds * 1000), true, { ref: false })]);
}

async function within(run: Run, ms: number): Promise<Ended | undefined> {
  const timer = new AbortController();
  const ended = await Promise.race([
    run.ended,
    sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined),
  ]);
  timer.abort();
  if (ended === undefined) run.kill();
  return ended;
}

/** Right after a kill rows must all be there; keys may be on their way, which only the end can tell. */
async function lostForGood(subject: Subject, yardstick: Yardstick): Promise<string[]> {
  return missing(yardstick.rows, await subject.rows()).map((line) => `right after the kill: ${line}`);
}

/** Holds the end of a trial against the undisturbed run: whatever is lost, whatever is too much, whatever is left. */
async function compare(cluster: FaultyCluster, subject: Subject, yardstick: Yardstick): Promise<string[]> {
  try {
    const verify = await runTables('verify', cluster.target, subject.spec).ended;
    // First: what is prepared and not yet committed would be missing from the nodes.
    const left = await subject.leftovers();
    const expected = [...yardstick.rows, ...yardstick.catalog, ...yardstick.nodes];
    const found = [...(await subject.rows()), ...(await subject.catalog()), ...(await subject.nodes())].map(
      (line) => withoutGap(line, expected),
    );
    return [
      ...(verify.status === 0 ? [] : [`tables verify: ${verify.stderr}${verify.stdout}`]),
      ...missing(expected, found),
      ...missing(found, expected).map((line) => line.replace('lost: ', 'too much: ')),
      ...left.map((line) => `left: ${line}`),
    ];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** A server that crashed goes on up to 32 numbers further in a sequence, which PostgreSQL writes down ahead; never before. */
const SEQUENCE_GAP = 32;

/** The line of a sequence as it was expected, where a crash explains the difference. */
export function withoutGap(line: string, expected: readonly string[]): string {
  const [, subject, now] = /^(next of .* = after )(\d+)$/.exec(line) ?? [];
  const was = subject === undefined ? undefined : expected.find((each) => each.startsWith(subject));
  const gap = Number(now) - Number(was?.slice(subject?.length));
  return was !== undefined && gap > 0 && gap <= SEQUENCE_GAP ? was : line;
}

/** Lines of `expected` that are not in `found`. */
function missing(expected: readonly string[], found: readonly string[]): string[] {
  const there = new Set(found);
  return expected.filter((line) => !there.has(line)).map((line) => `lost: ${line}`);
}

/** Who does what on every server, for a hang's report. */
async function activity(cluster: FaultyCluster): Promise<string[]> {
  const lines: string[] = [];
  for (const name of cluster.names) {
    await withClient(cluster.platform(name), async (client) => {
      const { rows } = await client.query<{ line: string }>(
        `SELECT format('%s %s %s %s %s blocked by %s', pid, application_name, state, wait_event_type || '/' || wait_event,
                       left(query, 150), pg_blocking_pids(pid)) AS line
           FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
          UNION ALL SELECT format('prepared %s of %s', gid, prepared) FROM pg_prepared_xacts`,
      );
      lines.push(...rows.map(({ line }) => `${name}: ${line}`));
    }).catch(() => undefined);
  }
  return lines;
}
