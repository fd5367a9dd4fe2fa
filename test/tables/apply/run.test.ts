import type { Attempt } from '../../../scripts/tables/apply/attempt';
import type { Blocker } from '../../../scripts/tables/apply/lock-monitor';
import { begin, next, pauseBefore } from '../../../scripts/tables/apply/run';
import type { Action, Outcome, RunState } from '../../../scripts/tables/apply/run';
import { step } from '../../../scripts/database/model/step';
import type { TablesStep } from '../../../scripts/database/model/step';
import type { StepAction } from '../../../scripts/database/model/step-kinds';
import type { TablesPlan } from '../../../scripts/tables/plan/plan-document';
import { liveDatabase, liveTable, named } from '../support/catalog';

const locks = { timeoutMs: 100, longWorkTimeoutMs: 100, attempts: 3, pauseMs: 10 };
const live = liveDatabase([liveTable('a'), liveTable('b')]);

const a = (action: StepAction, transaction = true): TablesStep =>
  step(action, named('a'), ['SELECT 1'], { comment: '', transaction });
const REFERENCE = a('create-reference-table');
const ONLINE = a('distribute', false);
const BLOCKING = a('distribute');
const TRUNCATE = a('truncate-local-copy');
const TRUNCATE_B = step('truncate-local-copy', named('b'), ['SELECT 1'], { comment: '' });

const planOf = (...steps: TablesStep[]): TablesPlan => ({
  formatVersion: 1,
  observed: 'sha256:0',
  steps,
  findings: [],
});
const start = (...steps: TablesStep[]): RunState => begin(live, planOf(...steps))[0];

const done = (more: Partial<Attempt> = {}): Attempt =>
  ({ outcome: 'done', seconds: 1, pause: undefined, blockedSeconds: undefined, ...more }) as Attempt;
const failed = (code: string, more: object = {}): Attempt => ({
  outcome: 'failed',
  error: Object.assign(new Error('it failed'), { severity: 'ERROR', code }),
  statement: 'SELECT 1',
  blockers: [],
  from: 0,
  stalled: false,
  pause: undefined,
  blockedSeconds: undefined,
  ...more,
});
const attempted = (attempt: Attempt, more: object = {}): Outcome => ({
  kind: 'attempted',
  attempt,
  at: 1000,
  isLookFresh: true,
  ...more,
});
const looked = (...steps: TablesStep[]): Outcome => ({ kind: 'looked', live, plan: planOf(...steps) });

/** What comes of several outcomes, one after the other. */
const after = (state: RunState, ...outcomes: Outcome[]): readonly [RunState, Action] => {
  let turn: readonly [RunState, Action] = [state, { kind: 'finish' }];
  for (const outcome of outcomes) turn = next(turn[0], outcome, locks);
  return turn;
};
const messageOf = (action: Action): string =>
  'error' in action && action.error instanceof Error ? action.error.message : '';

describe('what a run does next', () => {
  test('begins with the first step, or ends where there is none', () => {
    expect(begin(live, planOf(REFERENCE, ONLINE))[1]).toEqual({ kind: 'attempt', step: REFERENCE });
    expect(begin(live, planOf())[1]).toEqual({ kind: 'finish' });
  });

  test('looks after a step, and does what the look leaves', () => {
    const [state, action] = after(start(REFERENCE, ONLINE), attempted(done()));
    expect(action).toEqual({ kind: 'look' });
    expect(state.applied).toEqual([{ id: REFERENCE.id, seconds: 1 }]);
    expect(state.plan.steps).toEqual([ONLINE]);
    expect(next(state, looked(ONLINE), locks)[1]).toEqual({ kind: 'attempt', step: ONLINE });
    expect(next(state, looked(), locks)[1]).toEqual({ kind: 'finish' });
  });

  test.each<[string, TablesStep[], boolean, Action['kind']]>([
    ['two steps that change no more than they name', [TRUNCATE, TRUNCATE_B], true, 'attempt'],
    ['the same by a look that is too old', [TRUNCATE, TRUNCATE_B], false, 'look'],
    ['a step after which others are not what they were', [REFERENCE, TRUNCATE_B], true, 'look'],
    ['a step before such a one', [TRUNCATE_B, REFERENCE], true, 'look'],
    ['a blocking copy of a plain table', [TRUNCATE_B, BLOCKING], true, 'attempt'],
    ['an online copy', [TRUNCATE_B, ONLINE], true, 'look'],
    ['the last step', [TRUNCATE], true, 'look'],
  ])('%s', (_what, steps, isLookFresh, kind) => {
    expect(after(start(...steps), attempted(done(), { isLookFresh }))[1].kind).toBe(kind);
  });

  test('a blocking copy of a table that Citus knows needs a look', () => {
    const local = liveDatabase([liveTable('a', { citus: { kind: 'local', autoConverted: true } })]);
    const [state] = begin(local, planOf(TRUNCATE_B, BLOCKING));
    expect(next(state, attempted(done()), locks)[1].kind).toBe('look');
  });

  test('gives up where a step that was done is still needed', () => {
    const [, action] = after(start(REFERENCE, ONLINE), attempted(done()), looked(REFERENCE, ONLINE));
    expect(action).toMatchObject({ kind: 'fail', error: { code: 'tables.step-without-effect' } });
    expect(messageOf(action)).toMatch(
      /^step create-reference-table:a succeeded but had no effect: .*1 step is done .* and 2 steps left, from create-reference-table:a on/,
    );
  });

  test('stops as asked', () => {
    const cancelled = attempted({ outcome: 'cancelled', pause: undefined, blockedSeconds: undefined });
    const [, action] = after(start(REFERENCE), cancelled);
    expect(messageOf(action)).toMatch(/^stopped as asked: no step is done and 1 step left/);
  });
});

describe('a step that meets another session', () => {
  const locked = attempted(failed('55P03'));

  test('is tried again after a look and a pause that grows, and then given up', () => {
    const [state, first] = after(start(REFERENCE), locked);
    expect(first).toEqual({
      kind: 'look',
      pauseMs: 10,
      event: {
        name: 'step.retrying',
        step: REFERENCE.id,
        reason: 'lock',
        attempt: 1,
        attempts: 3,
        blockers: [],
      },
    });
    const [again, second] = after(state, looked(REFERENCE), locked);
    expect(second).toMatchObject({ kind: 'look', pauseMs: 20 });
    const [, third] = after(again, looked(REFERENCE), locked);
    expect(third).toMatchObject({
      kind: 'fail',
      error: {
        code: 'tables.lock-timeout',
        details: { step: REFERENCE.id, table: REFERENCE.table, attempts: 3, seconds: 1, blockers: [] },
      },
    });
    expect(messageOf(third)).toMatch(/did not get its lock in 3 attempts/);
    expect([1, 5, 50].map((attempt) => pauseBefore(attempt, locks))).toEqual([10, 100, 100]);
  });

  test('waits longer for a prepared transaction, which Citus settles', () => {
    const prepared = { pid: null, user: null, application: null, state: null, since: null, queryStart: null };
    const waits = (at: number): Outcome => attempted(failed('55P03', { blockers: [prepared] }), { at });
    const early = after(start(REFERENCE), ...[1, 2, 3, 4].map((at) => waits(at)));
    expect(early[1]).toMatchObject({ kind: 'look', event: { attempt: 4, attempts: undefined } });
    expect(next(early[0], waits(200_000), locks)[1].kind).toBe('fail');
  });

  test('on a worker is told by its blockers alone', () => {
    const error = Object.assign(new Error('connection marked as essential failed'), {
      severity: 'ERROR',
      code: '08006',
    });
    const blocker: Blocker = {
      pid: 7,
      user: null,
      application: null,
      state: null,
      since: null,
      queryStart: null,
    };
    const kindOf = (blockers: Blocker[]): string =>
      after(start(REFERENCE), attempted(failed('', { error, blockers })))[1].kind;
    expect([kindOf([blocker]), kindOf([])]).toEqual(['look', 'fail']);
  });

  test('cleans up after an online copy, which starts again twice when it gets stuck', () => {
    const stuck = attempted(failed('57014', { stalled: true }));
    const [state, first] = after(start(ONLINE), stuck);
    expect(first).toMatchObject({ kind: 'look', cleanUp: true, event: { reason: 'stalled' } });
    const [, last] = after(state, stuck, stuck);
    expect(last).toMatchObject({ kind: 'fail', error: { code: 'tables.copy-stalled' } });
  });
});

describe('a step that fails', () => {
  test('is looked at again once, where the look may have been too old or the object is gone', () => {
    const gone = attempted(failed('42P01'));
    const [state, first] = after(start(REFERENCE), gone);
    expect(first).toMatchObject({ kind: 'look', event: { name: 'step.rechecking', step: REFERENCE.id } });
    expect(after(state, looked(REFERENCE), gone)[1]).toMatchObject({
      kind: 'fail',
      error: {
        code: 'tables.step-failed',
        details: { step: REFERENCE.id, table: REFERENCE.table, sqlState: '42P01' },
      },
    });
    const [blind] = after(start(TRUNCATE, TRUNCATE_B), attempted(done()));
    expect(next(blind, attempted(failed('23502')), locks)[1].kind).toBe('look');
  });

  test.each<[string, Outcome]>([
    ['for another reason', attempted(failed('23502'))],
    ['after a long time', attempted(failed('42P01'), { at: 60_000 })],
    ['with its session', attempted(failed('', { error: new Error('Connection terminated') }))],
  ])('%s ends the run', (_what, outcome) => {
    expect(after(start(REFERENCE), outcome)[1].kind).toBe('fail');
  });

  test('outside of a transaction is explained by what it left since its first failure', () => {
    const [state] = after(start(ONLINE), attempted(failed('42P01')));
    const later = liveDatabase([liveTable('a', { citus: { kind: 'local', autoConverted: true } })]);
    const [, action] = after(
      state,
      { kind: 'looked', live: later, plan: planOf(ONLINE) },
      attempted(failed('42P01')),
    );
    expect(action).toMatchObject({ kind: 'fail-after-look', step: ONLINE, before: live });
  });
});

test('the longest waits of writers are kept, whatever became of the step', () => {
  const pause = { seconds: 0.12345, resolutionSeconds: 0.05 };
  const [state] = after(
    start(REFERENCE),
    attempted(failed('55P03', { blockedSeconds: 2 })),
    attempted(done({ blockedSeconds: 1, pause })),
  );
  expect(state.longestWriteBlock).toEqual({ id: REFERENCE.id, seconds: 2 });
  expect(state.longestWritePause).toEqual({
    id: REFERENCE.id,
    table: 'a',
    seconds: 0.123,
    resolutionSeconds: 0.05,
  });
});
