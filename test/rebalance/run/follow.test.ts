import { InterruptedError } from '../../../scripts/lib/errors';
import type { JobSource } from '../../../scripts/rebalance/run/follow';
import { followJob } from '../../../scripts/rebalance/run/follow';
import type { Job } from '../../../scripts/citus/job';
import { describeEnd } from '../../../scripts/rebalance/run/run';
import { progressOf } from '../../../scripts/citus/job';
import { job, recordingContext, tasksOf } from '../fixtures';

const GIB = 1024 ** 3;
const moveTask = tasksOf(GIB);

/** A job that is in the given states one after another, and stays in the last one. */
function source(states: readonly Job[], copied: () => Promise<number> = async () => 0): JobSource {
  let next = 0;
  return {
    read: async () => {
      const state = states[Math.min(next, states.length - 1)];
      next += 1;
      return state!;
    },
    copiedBytes: copied,
  };
}

const begun = job({ tasks: [moveTask(1, 'running'), moveTask(2, 'blocked')] });
const half = job({ tasks: [moveTask(1, 'done'), moveTask(2, 'running')] });
const ended = job({ state: 'finished', tasks: [moveTask(1, 'done'), moveTask(2, 'done')] });

test('progress counts what has arrived and what is on its way, and never goes back', async () => {
  const copied = [400, 2 * GIB, 0];
  const { context, updates } = recordingContext();
  const last = await followJob(
    source([begun, begun, half, ended], async () => copied.shift() ?? 0),
    context,
    1,
  );
  expect(last).toBe(ended);
  expect(updates.map(({ done }) => done)).toEqual([400, GIB, GIB, 2 * GIB]);
  expect(updates[2]?.detail).toBe(
    '1 of 2 moves, 1.0 GiB of 2.0 GiB, shard 2 (devices, events; 1.0 GiB) from coordinator to w0',
  );
});

test('a follower that comes later counts from where it came', async () => {
  const { context, updates } = recordingContext();
  await followJob(source([half, ended]), context, 1);
  expect(updates.map(({ done }) => done)).toEqual([0, GIB]);
});

test('shards so small that the fixed cost of a move outweighs their copying are counted in moves', async () => {
  const { context, updates } = recordingContext();
  const small = tasksOf(1024 ** 2);
  const states = (['blocked', 'running', 'done'] as const).map((second, at) =>
    job({
      state: at === 2 ? 'finished' : 'running',
      tasks: [small(1, at === 0 ? 'running' : 'done'), small(2, second)],
    }),
  );
  await followJob(source(states), context, 1);
  expect(updates.map(({ done }) => done)).toEqual([0, 1, 2]);
});

test('a retry is a warning at once, one for each try', async () => {
  const retried = (retries: number): Job =>
    job({ tasks: [moveTask(1, 'runnable', { retries, error: 'disk full', backsOff: true })] });
  const { context, warnings } = recordingContext();
  await followJob(source([begun, retried(1), retried(1), retried(2), ended]), context, 1);
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toMatch(
    /^moving shard 1 \(devices, events; 1\.0 GiB\) from coordinator to w0 failed and is tried again, once so far: disk full\. .*rebalance stop/,
  );
});

test('a job that nothing begins is said to lack background workers, once', async () => {
  const waiting = job({ state: 'scheduled', tasks: [moveTask(1, 'runnable')] });
  const { context, warnings } = recordingContext();
  await followJob(source([...Array<Job>(70).fill(waiting), ended]), context, 0);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/no background worker free.*max_worker_processes/);
});

test('a queue that takes its usual seconds is no reason to warn', async () => {
  const waiting = job({ state: 'scheduled', tasks: [moveTask(1, 'runnable')] });
  const { context, warnings } = recordingContext();
  await followJob(
    source([...Array<Job>(20).fill(waiting), begun, ...Array<Job>(20).fill(waiting), ended]),
    context,
    0,
  );
  expect(warnings).toEqual([]);
});

test('Ctrl-C detaches at once and says that the job goes on', async () => {
  const { context, abort } = recordingContext(() => abort.abort());
  const following = followJob(source([half]), context, 60_000);
  await expect(following).rejects.toThrow(InterruptedError);
  await expect(following).rejects.toThrow(
    /1 of 2 moves are done, and job 3 goes on in the database.*rebalance status.*rebalance run.*rebalance stop/,
  );
});

test('a node that does not answer with its sizes does not end the watch; a lost server does', async () => {
  const answers = (code: string) => async () => {
    throw Object.assign(new Error('no'), { severity: 'ERROR', code });
  };
  const { context } = recordingContext();
  await expect(followJob(source([begun, ended], answers('08006')), context, 1)).resolves.toBe(ended);
  await expect(followJob(source([begun, ended], answers('57P01')), context, 1)).rejects.toThrow('no');
});

test('how a job ended is told with the reason, where it stands and the way on', () => {
  const end = (more: Partial<Job>): string => {
    const done = job(more);
    return describeEnd(done, progressOf(done));
  };
  expect(end({ state: 'finished' })).toBe('');
  const tasks = [moveTask(1, 'done'), moveTask(2, 'error', { error: 'disk full' })];
  expect(end({ state: 'failed', tasks })).toBe(
    'rebalance job 3 failed, moving shard 2 (devices, events; 1.0 GiB) from coordinator to w0: disk full. ' +
      '1 of 2 moves are done and stay. Mend the cause and run "scaleout rebalance run" again: it does what is left',
  );
  expect(end({ state: 'cancelled', tasks: [moveTask(1, 'cancelled')] })).toMatch(
    /was cancelled: 0 of 1 moves are done and stay\. Run "scaleout rebalance run" again/,
  );
});
