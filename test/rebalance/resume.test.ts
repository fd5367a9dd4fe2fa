import { fromRecord, toRecord, withDefaults } from '../../scripts/rebalance/plan/options';
import { leftBehind } from '../../scripts/rebalance/resume';
import type { RecordedRun } from '../../scripts/rebalance/record/run-record';
import { job, moveTask } from './fixtures';

const options = toRecord({
  ...withDefaults({ strategy: 'by_shard_count', maxWritePauseMs: 100, maxMoves: 5 }),
  allow: [{ id: 'forced-policy-window:ledger' }],
  compareRows: false,
});

const run: RecordedRun = {
  id: 7,
  way: 'budgeted',
  job: null,
  role: 'citus',
  login: 'citus',
  application: 'scaleout rebalance run',
  strategy: 'by_shard_count',
  options,
  pid: null,
  state: 'stopped',
  request: 'stop',
  requestedBy: 'citus',
  problem: '',
  doing: '',
  doingShard: null,
  maxWritePauseMs: 100,
  movesPlanned: 5,
  movesDone: 2,
  cancelledTries: 0,
  bytesPlanned: 0,
  bytesDone: 0,
  longestWritePauseMs: 0,
  startedAt: '2026-01-02T00:00:00.000Z',
  finishedAt: null,
  seconds: 1,
  secondsLeft: null,
  writers: null,
};

const kept = {
  way: 'budgeted',
  strategy: 'by_shard_count',
  maxWritePauseMs: 100,
  allow: [{ id: 'forced-policy-window:ledger' }],
  compareRows: false,
  probeWrites: false,
};

test('options come back from the record as they were asked for', () => {
  expect(fromRecord(JSON.parse(JSON.stringify(options)) as typeof options, 0)).toEqual({
    ...kept,
    maxMoves: 5,
  });
  const ofJob = toRecord({ ...withDefaults({ mode: 'block_writes' }), allow: [], compareRows: true });
  expect(withDefaults(fromRecord(ofJob, 0))).toEqual(withDefaults({ mode: 'block_writes' }));
});

describe('resume', () => {
  test('goes on with a run that was stopped or cut off, less the moves that were made', () => {
    const old = job({ state: 'failed' });
    expect(leftBehind(run, old)).toEqual({
      what: 'run 7, which is stopped',
      options: { ...kept, maxMoves: 3 },
    });
    expect(leftBehind({ ...run, state: 'running' }, undefined)?.what).toBe('run 7, which is cut off');
    expect(leftBehind({ ...run, state: 'finished' }, old)).toBeUndefined();
  });

  test('starts another job where the last one was ended, in its mode where nobody kept more', () => {
    const cancelled = job({
      state: 'cancelled',
      startedAt: '2026-01-03T00:00:00.000Z',
      tasks: [moveTask(1, 'done'), moveTask(2, 'cancelled')],
    });
    const ofJob = { ...run, job: 3, options: { ...options, maxMoves: undefined } };
    expect(leftBehind(ofJob, cancelled)?.options).toMatchObject({
      strategy: 'by_shard_count',
      compareRows: false,
    });
    for (const other of [run, undefined]) {
      expect(leftBehind(other, cancelled)).toEqual({
        what: 'job 3, which is cancelled',
        options: { way: 'background', mode: 'auto' },
      });
    }
    expect(leftBehind(undefined, { ...cancelled, state: 'finished' })).toBeUndefined();
    expect(leftBehind(undefined, undefined)).toBeUndefined();
  });
});
