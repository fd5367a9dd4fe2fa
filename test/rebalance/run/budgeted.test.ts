import { describeLeft } from '../../../scripts/rebalance/run/budgeted';
import type { BudgetedDocument, LeftMove } from '../../../scripts/rebalance/run/budgeted';
import * as fc from 'fast-check';
import { throttleRestMs } from '../../../scripts/rebalance/plan/pacer';
import { cases } from '../../support/properties';
import { opensLater, underBudget } from '../../../scripts/rebalance/plan/budgeted-plan';
import type { MoveSample } from '../../../scripts/rebalance/cost/move-cost';
import type { Rebalance } from '../../../scripts/rebalance/plan/plan';
import { inScope } from '../../../scripts/rebalance/plan/plan';
import type { RecordedRun } from '../../../scripts/rebalance/record/run-record';
import { statusOfRun } from '../../../scripts/rebalance/status';
import { drawPicture } from '../../../scripts/rebalance/watch/picture';
import { pictureOf } from '../../../scripts/rebalance/watch-status';
import { statusText } from '../../../scripts/rebalance/text';
import type { Move } from '../../../scripts/citus/moves';
import { clusterNodes, snapshot } from '../fixtures';

const MIB = 1024 * 1024;
const [coordinator, w0, w1] = clusterNodes(3);

const move = (shardId: number, bytes: number, from = coordinator!, to = w0!): Move => ({
  shardId,
  shardIds: [shardId],
  tables: ['events'],
  bytes,
  from,
  to,
  mode: 'block_writes',
});

const plan = (moves: readonly Move[]): Rebalance => ({
  formatVersion: 1,
  strategy: 'by_shard_count',
  moves,
  missingReferenceTables: [],
  before: [],
  after: [],
  disk: [],
  estimate: { seconds: 0, longestWritePauseMs: 0, assumes: '' },
  proposals: [],
  findings: [],
});

const sample = (bytes: number, pauseMs: number): MoveSample => ({
  way: 'blocking',
  bytes,
  seconds: pauseMs / 1000,
  pauseMs,
});

describe('a plan under a budget', () => {
  const costs = [sample(MIB, 60), sample(10 * MIB, 150), sample(10 * MIB, 150)];

  test('names the way of each move, and a pause that is never above the budget', () => {
    const { plan: budgeted, faults } = underBudget(
      plan([move(1, 10 * MIB), move(2, 1000 * MIB)]),
      { onlyBlocking: new Map() },
      costs,
      { maxWritePauseMs: 300 },
    );
    expect(budgeted.moves.map(({ mode }) => mode)).toEqual(['block_writes', 'auto']);
    expect(budgeted.estimate.longestWritePauseMs).toBeLessThanOrEqual(300);
    expect(budgeted.estimate.longestWritePauseMs).toBeGreaterThan(100);
    expect(budgeted.estimate.assumes).toMatch(
      /what the last 3 tries of moves in this database took.*longer than 300 ms is cancelled/,
    );
    expect(faults).toEqual([]);
  });

  test('refuses what can be kept within it in no way', () => {
    const onlyBlocking = new Map([[2, 'it has no primary key']]);
    const moves = [move(1, 10 * MIB), move(2, 1000 * MIB)];
    expect(underBudget(plan(moves), { onlyBlocking }, costs, { maxWritePauseMs: 300 }).faults).toEqual([
      expect.stringMatching(
        /^shard 2 \(events; 1000\.0 MiB\) cannot be kept within --max-write-pause 300: .*it has no primary key/,
      ),
    ]);
    expect(underBudget(plan(moves), { onlyBlocking }, costs, { maxWritePauseMs: 60_000 }).faults).toEqual([]);
    // Of one cause once, whatever the number of groups.
    const many = [2, 3, 4, 5, 6].map((shard) => move(shard, shard * 1000 * MIB));
    const cause = new Map(many.map(({ shardId }) => [shardId, 'it has no primary key']));
    expect(underBudget(plan(many), { onlyBlocking: cause }, costs, { maxWritePauseMs: 300 }).faults).toEqual([
      expect.stringMatching(
        /^shard 2 .*, shard 3 .*, shard 4 .* and 2 more cannot be kept within --max-write-pause 300: with writes blocked one takes up to about [^(]*\(it has no primary key\)/,
      ),
    ]);
  });
});

describe('hours and a rate', () => {
  const costs = [sample(10 * MIB, 150)];
  const hours = { from: 60, to: 120, zone: 'UTC' };
  const at = (time: string): number => Date.parse(`2026-03-10T${time}Z`);
  const both = { onlyBlocking: new Map<number, string>() };

  test('are in the estimate, and a move longer than the hours is refused', () => {
    const moves = [move(1, 10 * MIB), move(2, 10 * MIB)];
    const slow = { maxWritePauseMs: 300, bytesPerSecond: MIB, hours };
    const { estimate } = underBudget(plan(moves), both, costs, slow).plan;
    expect(estimate.seconds).toBe(20);
    expect(estimate.assumes).toMatch(/at 1\.0 MiB\/s on average.*within 01:00-02:00 UTC/);
    const huge = move(3, 1024 * 1024 * MIB);
    expect(underBudget(plan([...moves, huge]), both, costs, slow).faults).toEqual([
      expect.stringMatching(/^shard 3 .* takes about .* --window "01:00-02:00 UTC" is open for 1 h 0 min/),
    ]);
  });

  test('a run that would begin out of them knows when it could', () => {
    const moves = plan([move(1, 10 * MIB)]);
    const opens = (time: string): string | undefined => opensLater(moves, costs, { hours }, at(time));
    expect(opens('01:30:00')).toBeUndefined();
    expect(opens('00:59:00')).toBe('2026-03-10T01:00:00.000Z');
    // No move ends in what is left.
    expect(opens('01:59:59.990')).toBe('2026-03-11T01:00:00.000Z');
    expect(opensLater(moves, costs, {}, at('03:00:00'))).toBeUndefined();
  });

  test('a run never moves more than its rate allows, whatever its moves take', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ bytes: fc.integer({ min: 0, max: 1e9 }), ms: fc.integer({ min: 0, max: 1e5 }) }),
          { maxLength: 20 },
        ),
        fc.integer({ min: 1, max: 1e8 }),
        (moves, rate) => {
          let [moved, activeMs] = [0, 0];
          for (const { bytes, ms } of moves) {
            activeMs += throttleRestMs({ moved, next: bytes, activeMs }, rate);
            moved += bytes;
            expect(moved).toBeLessThanOrEqual((rate * activeMs) / 1000 + 1);
            activeMs += ms;
          }
        },
      ),
      cases(),
    );
  });
});

describe('what moves', () => {
  const nodes = [{ ...coordinator!, shouldHaveShards: false }, w0!, w1!];
  const moves = [move(1, 1), move(2, 1, w0, w1), move(3, 1)];

  test('is everything, as many as asked for, or what is on one node', () => {
    expect(inScope(moves, undefined, { nodes })).toEqual(moves);
    expect(inScope(moves, { maxMoves: 2 }, { nodes })).toEqual(moves.slice(0, 2));
    const drained = inScope(moves, { drain: 'coordinator' }, { nodes });
    expect(drained.map(({ shardId }) => shardId)).toEqual([1, 3]);
    expect(inScope(moves, { drain: '127.0.0.1:9700', maxMoves: 1 }, { nodes })).toHaveLength(1);
  });
});

describe('moves that are left', () => {
  const left = (cancelled: LeftMove['cancelled'], onlyBlocking = ''): BudgetedDocument => ({
    maxWritePauseMs: 300,
    longestWritePauseMs: 280,
    made: [],
    left: [{ shardId: 1, tables: ['events'], bytes: MIB, cancelled, onlyBlocking }],
    estimatedSeconds: null,
    opensAt: null,
  });

  test('are told with what held them up, and the way out', () => {
    expect(describeLeft({ ...left([]), left: [] })).toBe('');
    expect(describeLeft(left(['over-budget', 'over-budget']))).toMatch(
      /^0 of 1 moves are done and stay; shard 1 \(events; 1\.0 MiB\) did not get through within --max-write-pause 300\. .*--max-write-pause 900$/,
    );
    expect(describeLeft(left(['over-budget'], 'it has no primary key'))).toMatch(
      /logical replication does not copy events: it has no primary key/,
    );
    expect(describeLeft(left(['queued', 'queued']))).toMatch(
      /waited for locks of other sessions each time\. End the long transactions/,
    );
  });
});

describe('the status of a run under a budget', () => {
  const run: RecordedRun = {
    id: 7,
    way: 'budgeted',
    job: null,
    role: 'owners',
    login: 'citus',
    application: 'scaleout rebalance run',
    strategy: 'by_disk_size',
    options: {},
    requestedBy: null,
    doingShard: 1,
    writers: null,
    pid: 42,
    state: 'running',
    request: '',
    problem: '',
    doing: 'shard 1 (events; 9.4 MiB) from coordinator to w0',
    maxWritePauseMs: 300,
    movesPlanned: 21,
    movesDone: 7,
    cancelledTries: 1,
    bytesPlanned: 210 * MIB,
    bytesDone: 70 * MIB,
    longestWritePauseMs: 271.4,
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: null,
    seconds: 7,
    secondsLeft: 14,
  };
  const status = (more: Partial<RecordedRun>) => statusOfRun(snapshot(3, [0, 1, 2]), { ...run, ...more });

  test('shows rate, time left and what writers felt', () => {
    expect(status({})).toMatchObject({ job: null, secondsLeft: 14, bytesPerSecond: 10 * MIB, warnings: [] });
    expect(statusText(status({}))).toMatch(
      /^Run 7 running: 7 of 21 moves, 70\.0 MiB of 210\.0 MiB, 10\.0 MiB\/s, 14 s left\.\nNo write waited longer than 271 ms for a move \(--max-write-pause 300\); once a move was cancelled to keep to that\.\nNow moving shard 1 .*\nAsked by citus as owners with scaleout rebalance run, 2026-01-01/,
    );
  });

  test('says of a pause over the budget that it was', () => {
    expect(statusText(status({ longestWritePauseMs: 306 }))).toMatch(
      /^A write may have waited up to 306 ms for a move, 6 over the budget \(--max-write-pause 300\); once/m,
    );
  });

  test('of a run that is paused says what is left, and how long that takes', () => {
    const paused = status({ request: 'pause', doing: 'paused', doingShard: null });
    expect(paused).toMatchObject({ run: { state: 'running', paused: true }, secondsLeft: 14, running: [] });
    expect(statusText(paused)).toMatch(
      /^Run 7 paused: 7 of 21 moves, 70\.0 MiB of 210\.0 MiB; 14 moves of 140\.0 MiB left, about 14 s once it goes on\.\n(.*\n)?"scaleout rebalance resume" lets it go on\./,
    );
    expect(drawPicture(pictureOf(paused), { columns: 100, color: false }).join('\n')).toMatch(
      /^Run 7 paused, [^]*70\.0 MiB of 210\.0 MiB, about 14 s left once it goes on/,
    );
    expect(status({ request: 'pause' }).warnings).toEqual(['it is asked to pause']);
  });

  test('tells a run that was cut off from one at work, and what was asked of it', () => {
    const cutOff = status({ pid: null });
    expect(cutOff).toMatchObject({ run: { state: 'cut off' }, secondsLeft: null, running: [] });
    expect(cutOff.warnings.join()).toMatch(/"scaleout rebalance resume" does what is left/);
    expect(status({ request: 'stop' }).warnings).toEqual(['it ends after this move, as asked']);
    // What was asked of a run that has ended is of no interest.
    expect(
      status({ request: 'stop', state: 'stopped', pid: null, problem: 'stopped as asked' }).warnings,
    ).toEqual(['stopped as asked']);
  });
});
