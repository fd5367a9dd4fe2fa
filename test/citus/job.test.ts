import type { JobRow, Task } from '../../scripts/citus/job';
import {
  hasEnded,
  isWaitingForWorkers,
  jobError,
  parseJob,
  parseMove,
  progressOf,
  retryingTasks,
  lastTaskError,
} from '../../scripts/citus/job';
import { groupsByShard } from '../../scripts/citus/placements';
import { clusterNodes, job, moveTask, snapshot, tasksOf } from '../rebalance/fixtures';

const FAILED_MESSAGE = [
  "NOTICE: replicating reference table 't' to 127.0.0.1:9702 ...",
  'ERROR: relation "events_pkey_102014" already exists',
  'DETAIL: it is in the way',
  'HINT: drop it',
  'CONTEXT: while executing command on 127.0.0.1:9701',
  'Citus Background Task Queue Executor: db/citus for (2/4)',
  '',
].join('\n');

test("a task's error is told without notices and context lines", () => {
  expect(lastTaskError(FAILED_MESSAGE)).toBe(
    'relation "events_pkey_102014" already exists. it is in the way. Hint: drop it',
  );
  expect(lastTaskError('NOTICE: replicating ...\nCONTEXT: Citus Background Task\nSELECT 1\n')).toBe('');
  expect(lastTaskError('')).toBe('');
});

test('moves are read from the commands of tasks', () => {
  const { nodes, groups } = snapshot(2, [0], 50);
  const read = (command: string) => parseMove(command, nodes, groupsByShard({ nodes, groups }));
  const [from, to] = clusterNodes(2);
  expect(read("SELECT pg_catalog.citus_move_shard_placement(101,1,2,'block_writes')")).toEqual({
    shardId: 1,
    shardIds: [1, 101],
    tables: ['devices', 'events'],
    bytes: 50,
    from,
    to,
    mode: 'block_writes',
  });
  // Tables are dropped and nodes removed since.
  expect(read("SELECT pg_catalog.citus_move_shard_placement(102014,1,4,'auto')")).toEqual({
    shardId: 102014,
    shardIds: [102014],
    tables: [],
    bytes: 0,
    from,
    to: { nodeId: 4, label: 'node 4' },
    mode: 'auto',
  });
  expect(read("SELECT pg_catalog.replicate_reference_tables('auto')")).toBeUndefined();
});

test('a row becomes a job', () => {
  const row: JobRow = {
    id: 2,
    state: 'running',
    started: 1_700_000_000.5,
    finished: null,
    seconds: 4,
    tasks: [
      {
        id: 9,
        status: 'runnable',
        command: "SELECT pg_catalog.replicate_reference_tables('auto')",
        retries: 2,
        message: FAILED_MESSAGE,
        backsOff: true,
      },
    ],
  };
  const parsed = parseJob(row, snapshot(1, []));
  expect(parsed).toMatchObject({ startedAt: '2023-11-14T22:13:20.500Z', finishedAt: null, seconds: 4 });
  expect(parsed.tasks[0]).toMatchObject({ retries: 2, backsOff: true });
  expect(parsed.tasks[0]).not.toHaveProperty('move');
  expect(retryingTasks(parsed)).toHaveLength(1);
});

test('progress counts moves, not the other tasks', () => {
  const moveOf50 = tasksOf(50);
  const references: Task = { id: 90, status: 'done', retries: 0, error: '', backsOff: false };
  const running = moveOf50(102, 'running');
  const tasks = [references, moveOf50(1, 'done'), running, moveOf50(3, 'blocked')];
  expect(progressOf(job({ tasks }))).toEqual({
    movesDone: 1,
    movesTotal: 3,
    bytesDone: 50,
    bytesTotal: 150,
    running: [running.move],
  });
});

test.each([
  ['finished', true],
  ['failed', true],
  ['cancelled', true],
  ['scheduled', false],
  ['running', false],
  ['failing', false],
  ['cancelling', false],
] as const)('%s has ended: %s', (state, ended) => {
  expect(hasEnded(job({ state }))).toBe(ended);
});

test('work that is ready and that nobody does is recognised', () => {
  const ready = [moveTask(1, 'runnable'), moveTask(2, 'blocked')];
  expect(isWaitingForWorkers(job({ state: 'scheduled', tasks: ready }))).toBe(true);
  expect(isWaitingForWorkers(job({ tasks: ready }))).toBe(true);
  expect(isWaitingForWorkers(job({ tasks: [...ready, moveTask(3, 'running')] }))).toBe(false);
  expect(isWaitingForWorkers(job({ tasks: [moveTask(1, 'runnable', { backsOff: true })] }))).toBe(false);
  expect(isWaitingForWorkers(job({ state: 'finished', tasks: [] }))).toBe(false);
});

test('the task that failed for good speaks for the job', () => {
  const tasks = [moveTask(1, 'done', { error: 'went by' }), moveTask(2, 'error', { error: 'this one' })];
  expect(jobError(job({ tasks }))).toBe('this one');
  expect(jobError(job({ tasks: [] }))).toBe('');
});
