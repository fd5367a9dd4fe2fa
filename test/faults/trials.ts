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
  /** Whether FORCE was off right after it. */
  readonly lifted: boolean;
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
  readonly views: readonly string[];
  /** Tables with FORCE ROW LEVEL SECURITY. */
  readonly forced: readonly string[];
  readonly catalog: readonly string[];
  readonly nodes: readonly string[];
  readonly course: Course;
}

/** Milliseconds one run may take: more is a hang. */
const HANG_MS = 240_000;
/** Runs without a kill that may fail before it is no convergence. */
const PATIENCE = 10;
/** Milliseconds in which a session of a killed run ends, or Citus settles what a killed server left prepared. */
const ALONE_MS = 90_000;
/** Milliseconds a server stays down, at most. */
const DOWN_MS = 3000;

/** Distributes without any fault: nothing of the rows and the catalog of before may be lost, and nothing may be left. */
export async function measure(cluster: FaultyCluster, subject: Subject): Promise<Yardstick> {
  await subject.reset();
  const rows = await subject.rows();
  const views = await subject.views();
  const { on: forced } = await subject.forced();
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
    ...missing(views, await subject.views()),
    ...(await subject.idsBehind()),
    ...missing(before, catalog).filter((problem) => !subject.changes(problem.replace(/^lost: /, ''))),
    ...(await subject.leftovers()).map((line) => `left: ${line}`),
    ...nodes.filter((line) => line.includes('without a table')),
  ];
  if (problems.length > 0) {
    throw new Error(`${subject.name}, without any fault: ${[...new Set(problems)].join('; ')}`);
  }
  return { rows, views, forced, catalog, nodes, course };
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
  const strike = (run: Run): Promise<string> => {
    run.kill();
    return Promise.resolve('process');
  };
  return trial(cluster, subject, yardstick, { moments, strike, random });
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
  const strike = async (): Promise<string> => {
    cluster.kill(name);
    await sleep(down);
    await cluster.restart(name);
    return name;
  };
  return trial(cluster, subject, yardstick, { moments, strike, random });
}

interface Attack {
  readonly moments: readonly Moment[];
  readonly strike: (run: Run) => Promise<string>;
  readonly random: () => number;
}

async function trial(
  cluster: FaultyCluster,
  subject: Subject,
  yardstick: Yardstick,
  { moments, strike, random }: Attack,
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
    let struckNow: Omit<Fault, 'lifted'> | undefined;
    const struck = moment === undefined ? Promise.resolve() : arrival(moment, run, loaded, worked).then(hit);
    async function hit(there: boolean): Promise<void> {
      if (!there) return;
      ahead.shift();
      const [after, said] = [run.seconds(), run.lastLine()];
      const killed = await strike(run);
      struckNow = { story: subject.name, killed, after, moment: said };
    }
    const ended = await within(run, HANG_MS);
    worked += Math.max(0, run.seconds() - loaded);
    await struck;
    if (struckNow !== undefined) {
      const force = await forceComesBack(cluster, subject, yardstick, random() < 0.5);
      faults.push({ ...struckNow, lifted: force.lifted });
      problems.push(...force.problems);
    }
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

/** How a run ended; undefined, and it is killed, where it takes longer. */
export async function within(run: Run, ms: number): Promise<Ended | undefined> {
  const timer = new AbortController();
  const ended = await Promise.race([
    run.ended,
    sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined),
  ]);
  timer.abort();
  if (ended === undefined) run.kill();
  return ended;
}

/**
 * Right after a kill rows must all be there, and an application may insert; keys and views may be on their way, which only the
 * end can tell.
 */
async function lostForGood(subject: Subject, yardstick: Yardstick): Promise<string[]> {
  return [...missing(yardstick.rows, await subject.rows()), ...(await subject.idsBehind())].map(
    (line) => `right after the kill: ${line}`,
  );
}

/**
 * FORCE may be off right after a kill, with a record of it; the next verb that opens the database puts it back.
 *
 * @param look whether the next verb is one that only looks, and not the run that goes on
 */
async function forceComesBack(
  cluster: FaultyCluster,
  subject: Subject,
  { forced }: Yardstick,
  look: boolean,
): Promise<{ readonly lifted: boolean; readonly problems: readonly string[] }> {
  const isOff = async (): Promise<{ readonly off: readonly string[]; readonly problems: string[] }> => {
    const { on, recorded } = await subject.forced();
    const off = forced.filter((table) => !on.includes(table));
    const unknown = off.filter((table) => !recorded.includes(table));
    return {
      off,
      problems: unknown.map((table) => `FORCE of ${table} is off, and there is no record of it`),
    };
  };
  const { off, problems } = await isOff();
  const lifted = off.length > 0;
  if (!lifted || !look || problems.length > 0) return { lifted, problems };
  const deadline = Date.now() + ALONE_MS;
  for (;;) {
    const plan = await runTables('plan', cluster.target, subject.spec).ended;
    const after = await isOff();
    if (after.off.length === 0) return { lifted, problems: after.problems };
    const says = /a run is at work|could not be put back/.test(plan.stderr);
    if (!says || Date.now() > deadline) {
      const what = `FORCE of ${after.off.join(', ')} is off after tables plan`;
      return { lifted, problems: [...after.problems, `${what}, which said: ${plan.stderr}`] };
    }
    await sleep(500);
  }
}

/** Holds the end of a trial against the undisturbed run: whatever is lost, whatever is too much, whatever is left. */
async function compare(cluster: FaultyCluster, subject: Subject, yardstick: Yardstick): Promise<string[]> {
  try {
    const verify = await runTables('verify', cluster.target, subject.spec).ended;
    // First: what is prepared and not yet committed would be missing from the nodes.
    const left = await subject.leftovers();
    const { rows, views, catalog, nodes } = yardstick;
    const expected = [...rows, ...views, ...catalog, ...nodes];
    const seen = [subject.rows, subject.views, subject.catalog, subject.nodes];
    const found: string[] = [];
    for (const look of seen) found.push(...(await look()).map((line) => withoutGap(line, expected)));
    return [
      ...(verify.status === 0 ? [] : [`tables verify: ${verify.stderr}${verify.stdout}`]),
      ...missing(expected, found),
      ...missing(found, expected).map((line) => line.replace('lost: ', 'too much: ')),
      ...(await subject.idsBehind()),
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
  const [, subject, increment, now] = /^(next of .* by (\d+) = after )(\d+)$/.exec(line) ?? [];
  const was = subject === undefined ? undefined : expected.find((each) => each.startsWith(subject));
  const gap = Number(now) - Number(was?.slice(subject?.length));
  return was !== undefined && gap > 0 && gap <= SEQUENCE_GAP * Number(increment) ? was : line;
}

/** Lines of `expected` that are not in `found`. */
export function missing(expected: readonly string[], found: readonly string[]): string[] {
  const there = new Set(found);
  return expected.filter((line) => !there.has(line)).map((line) => `lost: ${line}`);
}

/** Who does what on every server, for a hang's report. */
export async function activity(cluster: FaultyCluster): Promise<string[]> {
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
