import * as fc from 'fast-check';
import type { Cancelled, Pending, Try } from '../../../scripts/rebalance/cost/budget';
import {
  chooseWay,
  comesAgain,
  MOST_TRIES,
  nextMove,
  restMs,
  untilVerdict,
  verdict,
} from '../../../scripts/rebalance/cost/budget';
import type { CopyWay, MoveCosts, MoveSample } from '../../../scripts/rebalance/cost/move-cost';
import { cases } from '../../support/properties';

const MIB = 1024 * 1024;

const pending = (more: Partial<Pending> = {}): Pending => ({
  shardId: 1,
  bytes: 10 * MIB,
  logicalWorks: true,
  tries: [],
  ...more,
});

const moved = (pauseMs: number, more: Partial<MoveSample> = {}): MoveSample => ({
  way: 'blocking',
  bytes: 10 * MIB,
  seconds: pauseMs / 1000,
  pauseMs,
  ...more,
});

const over = (way: CopyWay): Try => ({ way, cancelled: 'over-budget' });

const tries = fc.array(
  fc.record({
    way: fc.constantFrom<CopyWay>('blocking', 'logical'),
    cancelled: fc.constantFrom<Cancelled>('over-budget', 'queued', 'busy'),
  }),
  { maxLength: MOST_TRIES },
);
const costs: fc.Arbitrary<MoveCosts> = fc.array(
  fc.record({
    way: fc.constantFrom<CopyWay>('blocking', 'logical'),
    bytes: fc.integer({ min: 0, max: 1e10 }),
    seconds: fc.double({ min: 0.01, max: 100, noNaN: true }),
    pauseMs: fc.double({ min: 10, max: 1e5, noNaN: true }),
  }),
  { maxLength: 20 },
);

describe('how a group is copied', () => {
  test('small groups with writes blocked and large ones by logical replication, before anything is known', () => {
    expect(chooseWay(pending(), [], 300)).toBe('blocking');
    expect(chooseWay(pending({ bytes: 1024 * MIB }), [], 300)).toBe('logical');
  });

  test('by what moves took: those that fit, or nearly, are tried with writes blocked', () => {
    expect(chooseWay(pending(), [moved(250)], 300)).toBe('blocking');
    expect(chooseWay(pending(), [moved(350)], 300)).toBe('blocking');
    expect(chooseWay(pending(), [moved(500)], 300)).toBe('logical');
    expect(chooseWay(pending(), [moved(500)], 1000)).toBe('blocking');
  });

  test('one that was over the budget comes again with writes blocked only where others say that it fits', () => {
    const once = pending({ tries: [over('blocking')] });
    expect(chooseWay(once, [moved(200), moved(210)], 300)).toBe('blocking');
    expect(chooseWay(once, [moved(350)], 300)).toBe('logical');
    const twice = pending({ tries: [over('blocking'), over('blocking')] });
    expect(chooseWay(twice, [moved(20)], 300)).toBe('logical');
  });

  test('cancelled tries alone are believed after the third', () => {
    const cancelled = moved(270, { cancelled: true });
    const large = pending({ bytes: 20 * MIB });
    expect(chooseWay(large, [cancelled, cancelled], 300)).toBe('blocking');
    expect(chooseWay(large, [cancelled, cancelled, cancelled], 300)).toBe('logical');
  });

  test('a lock of another session says nothing about the size', () => {
    const queued: Try = { way: 'blocking', cancelled: 'queued' };
    expect(chooseWay(pending({ tries: [queued, queued, queued] }), [moved(200)], 300)).toBe('blocking');
  });

  test('after some moves by logical replication the other way has a second chance', () => {
    const logical = moved(100, { way: 'logical', seconds: 4 });
    const slow = [moved(420)];
    expect(chooseWay(pending(), [...slow, logical], 300)).toBe('logical');
    expect(chooseWay(pending(), [...slow, ...Array.from({ length: 4 }, () => logical)], 300)).toBe(
      'blocking',
    );
  });

  test('tables that logical replication cannot copy are moved with writes blocked, whatever it takes', () => {
    const only = pending({
      logicalWorks: false,
      bytes: 1024 * MIB,
      tries: [over('blocking'), over('blocking')],
    });
    expect(chooseWay(only, [moved(5000)], 300)).toBe('blocking');
  });

  test('a larger group is never blocked where a smaller one is not, and a larger budget blocks no fewer', () => {
    fc.assert(
      fc.property(
        costs,
        tries,
        fc.integer({ min: 0, max: 1e10 }),
        fc.integer({ min: 0, max: 1e10 }),
        fc.integer({ min: 20, max: 5000 }),
        fc.integer({ min: 0, max: 5000 }),
        (known, before, bytes, more, budget, larger) => {
          const small = chooseWay(pending({ bytes, tries: before }), known, budget);
          if (small === 'blocking') {
            expect(chooseWay(pending({ bytes, tries: before }), known, budget + larger)).toBe('blocking');
          } else {
            expect(chooseWay(pending({ bytes: bytes + more, tries: before }), known, budget)).toBe('logical');
          }
        },
      ),
      cases(),
    );
  });
});

describe('a move that was cancelled', () => {
  test('ends in a bounded number of tries, whatever happens to it, and costs writers few whole budgets', () => {
    fc.assert(
      fc.property(
        costs,
        fc.boolean(),
        fc.integer({ min: 0, max: 1e10 }),
        fc.infiniteStream(fc.constantFrom<Cancelled>('over-budget', 'queued', 'busy')),
        (known, logicalWorks, bytes, endings) => {
          let move = pending({ bytes, logicalWorks });
          do {
            const way = chooseWay(move, known, 300);
            const { value } = endings.next() as { value: Cancelled };
            move = { ...move, tries: [...move.tries, { way, cancelled: value }] };
          } while (comesAgain(move));
          expect(move.tries.length).toBeLessThanOrEqual(MOST_TRIES);
          const blocking = move.tries.filter(
            (each) => each.way === 'blocking' && each.cancelled === 'over-budget',
          );
          expect(blocking.length).toBeLessThanOrEqual(3);
        },
      ),
      cases(),
    );
  });

  test('lets whoever is in the way go, longer each time, and does not wait where nobody is', () => {
    const queued: Try = { way: 'blocking', cancelled: 'queued' };
    const rests = [1, 2, 3, 4, 5, 6].map((times) =>
      restMs({ tries: Array.from({ length: times }, () => queued) }),
    );
    expect(rests).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
    expect(restMs({ tries: [over('blocking')] })).toBe(0);
  });
});

describe('which move is next', () => {
  const moves = [
    pending({ shardId: 1, bytes: 30 }),
    pending({ shardId: 2, bytes: 10 }),
    pending({ shardId: 3, bytes: 20 }),
  ];

  test('the smallest while nothing is known, then the order of the planner', () => {
    expect(nextMove(moves, [])).toBe(1);
    expect(nextMove(moves, [moved(200)])).toBe(0);
    expect(nextMove([], [])).toBeUndefined();
  });

  test('one that need not wait, where others would', () => {
    expect(nextMove(moves, [moved(200)], ({ shardId }) => shardId === 1)).toBe(1);
    expect(nextMove(moves, [moved(200)], () => true)).toBe(0);
  });

  test('a group that moves twice does so in the order planned', () => {
    const twice = [
      pending({ shardId: 1, bytes: 30 }),
      pending({ shardId: 1, bytes: 1 }),
      pending({ shardId: 2, bytes: 40 }),
    ];
    expect(nextMove(twice, [])).toBe(0);
  });
});

describe('the verdict on a try', () => {
  const at = { freeAt: 1000, held: true, waits: false };

  test('a move that holds writers up has the budget less what it takes to let them go', () => {
    expect(verdict(at, 1269, 300)).toBeUndefined();
    expect(verdict(at, 1270, 300)).toBe('over-budget');
  });

  test('one that waits for the lock of another session, with writers queueing behind it, has a third of that', () => {
    expect(verdict({ ...at, waits: true }, 1089, 300)).toBeUndefined();
    expect(verdict({ ...at, waits: true }, 1090, 300)).toBe('queued');
  });

  test('one that holds no writer up may take its time, but not wait for a lock for ever', () => {
    expect(verdict({ freeAt: 1000, held: false, waits: false }, 1e9, 300)).toBeUndefined();
    expect(
      verdict({ freeAt: 1000, held: false, waits: true, stuckSince: 1000 }, 10_999, 300),
    ).toBeUndefined();
    expect(verdict({ freeAt: 1000, held: false, waits: true, stuckSince: 1000 }, 11_000, 300)).toBe('busy');
  });

  test('whoever looks again when told to is never late', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1000 }),
        fc.boolean(),
        fc.integer({ min: 20, max: 5000 }),
        fc.integer({ min: 1000, max: 3000 }),
        (freeAt, waits, budget, now) => {
          const look = { freeAt, held: true, waits };
          const next = now + untilVerdict(look, now, budget);
          expect(verdict(look, next + 0.001, budget)).toBeDefined();
          if (next > now) expect(verdict(look, next - 0.001, budget)).toBeUndefined();
        },
      ),
      cases(),
    );
  });
});
