import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../../scripts/lib/connection';
import type { Ended, Run } from './apply-process';
import { runTables } from './apply-process';
import type { FaultyCluster } from './faulty-cluster';
import type { Subject } from './subject';

/** One fault, and what became of it. */
export interface Fault {
  readonly workload: string;
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
}

/** What an undisturbed run makes of a subject: the measure of all others. */
export interface Yardstick {
  readonly rows: readonly string[];
  readonly catalog: readonly string[];
  /** Of the run, from its first word to its end. */
  readonly seconds: number;
}

/** Milliseconds one run may take: more is a hang. */
const HANG_MS = 240_000;
/** Runs without a kill that may fail before it is no convergence. */
const PATIENCE = 10;

/** Distributes without any fault; the rows must be those of before, and a second run must find nothing to do. */
export async function measure(cluster: FaultyCluster, subject: Subject): Promise<Yardstick> {
  await subject.reset();
  const rows = await subject.rows();
  const catalog = await subject.catalog();
  const run = runTables('apply', cluster.target, subject.spec);
  await run.started;
  const from = performance.now();
  const ended = await run.ended;
  const seconds = (performance.now() - from) / 1000;
  const after = await subject.catalog();
  const problems = [
    ...(ended.status === 0 ? [] : [ended.stderr]),
    ...missing(rows, await subject.rows()),
    // The primary key that the specification rewrites is another one; every other line stays.
    ...missing(catalog, after).filter((line) => !/^lost: (constraint|index) \S+_pkey of /.test(line)),
    ...missing(commentsOf(catalog), commentsOf(after)),
    ...(await subject.leftovers()),
  ];
  if (problems.length > 0) {
    throw new Error(`${subject.workload}, without any fault: ${[...new Set(problems)].join('; ')}`);
  }
  return { rows, catalog: after, seconds };
}

/** Kills the program at up to `kills` random moments of one distribution, then lets it finish. */
export async function killProcess(
  cluster: FaultyCluster,
  subject: Subject,
  yardstick: Yardstick,
  random: () => number,
  kills: number,
): Promise<Trial> {
  return trial(cluster, subject, yardstick, async (run, faults) => {
    if (faults.length >= kills) return;
    const seconds = random() * yardstick.seconds;
    const done = await Promise.race([run.ended, sleep(seconds * 1000, undefined, { ref: false })]);
    if (done !== undefined) return;
    faults.push({ workload: subject.workload, killed: 'process', after: seconds, moment: run.lastLine() });
    run.kill();
  });
}

/** Kills one server at a random moment of a distribution and starts it again a random moment later. */
export async function killServer(
  cluster: FaultyCluster,
  subject: Subject,
  yardstick: Yardstick,
  random: () => number,
): Promise<Trial> {
  const name = cluster.names[Math.floor(random() * cluster.names.length)] ?? '';
  return trial(cluster, subject, yardstick, async (run, faults) => {
    if (faults.length > 0) return;
    const seconds = random() * yardstick.seconds;
    const down = random() * 3000;
    const done = await Promise.race([run.ended, sleep(seconds * 1000, undefined, { ref: false })]);
    if (done !== undefined) return;
    faults.push({ workload: subject.workload, killed: name, after: seconds, moment: run.lastLine() });
    cluster.kill(name);
    await sleep(down);
    await cluster.restart(name);
  });
}

async function trial(
  cluster: FaultyCluster,
  subject: Subject,
  yardstick: Yardstick,
  disturb: (run: Run, faults: Fault[]) => Promise<void>,
): Promise<Trial> {
  const from = performance.now();
  await subject.reset();
  const faults: Fault[] = [];
  const problems: string[] = [];
  const words: string[] = [];
  let runs = 0;
  for (let failed = 0; ;) {
    runs += 1;
    const run = runTables('apply', cluster.target, subject.spec);
    await run.started;
    const disturbed = disturb(run, faults);
    const ended = await within(run, HANG_MS);
    await disturbed;
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
    faults: faults,
    runs,
    seconds: (performance.now() - from) / 1000,
    problems: problems.length === 0 ? [] : [...problems, ...words.map((each) => `said: ${each}`)],
  };
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

async function compare(cluster: FaultyCluster, subject: Subject, yardstick: Yardstick): Promise<string[]> {
  try {
    const verify = await runTables('verify', cluster.target, subject.spec).ended;
    const catalog = await subject.catalog();
    return [
      ...(verify.status === 0 ? [] : [`tables verify: ${verify.stderr}${verify.stdout}`]),
      ...missing(yardstick.rows, await subject.rows()),
      ...missing(yardstick.catalog, catalog),
      ...missing(catalog, yardstick.catalog).map((line) => `too much: ${line}`),
      ...(await subject.leftovers()).map((line) => `left: ${line}`),
    ];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** Lines of `expected` that are not in `found`. */
function missing(expected: readonly string[], found: readonly string[]): string[] {
  const there = new Set(found);
  return expected.filter((line) => !there.has(line)).map((line) => `lost: ${line}`);
}

function commentsOf(catalog: readonly string[]): string[] {
  return catalog.filter((line) => line.startsWith('comment '));
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
