import * as fc from 'fast-check';
import { nextMove } from '../../../scripts/rebalance/cost/budget';
import type { CopyWay, MoveSample } from '../../../scripts/rebalance/cost/move-cost';
import type { Concurrent } from '../../../scripts/rebalance/run/parallel';
import { mayRunBeside, tiesOf } from '../../../scripts/rebalance/run/parallel';
import { cases } from '../../support/properties';

const move = (more: Partial<Concurrent>): Concurrent => ({
  shardId: 1,
  way: 'logical',
  to: 'a:5432',
  group: '1',
  references: [],
  ...more,
});

describe('a move beside others', () => {
  test('is of another group, where this Citus takes one of each, and of another shard in any case', () => {
    expect(mayRunBeside(move({}), [], false)).toBe(true);
    expect(mayRunBeside(move({ shardId: 2 }), [move({})], false)).toBe(false);
    expect(mayRunBeside(move({ shardId: 2 }), [move({})], true)).toBe(true);
    expect(mayRunBeside(move({ shardId: 2, group: '2' }), [move({})], false)).toBe(true);
    expect(mayRunBeside(move({ group: '2', to: 'b:5432' }), [move({})], true)).toBe(false);
  });

  test('never blocks writes beside another that does, nor where another arrives', () => {
    const blocking = move({ shardId: 2, group: '2', way: 'blocking', to: 'b:5432' });
    expect(mayRunBeside(blocking, [move({})], false)).toBe(true);
    expect(mayRunBeside({ ...blocking, to: 'a:5432' }, [move({})], false)).toBe(false);
    expect(mayRunBeside(blocking, [move({ way: 'blocking' })], false)).toBe(false);
    expect(mayRunBeside(move({}), [blocking], false)).toBe(true);
  });

  test('does not block the reference tables of another', () => {
    const references = ['types', 'countries'];
    const blocking = move({ shardId: 2, group: '2', way: 'blocking', to: 'b:5432', references });
    expect(mayRunBeside(blocking, [move({ references: ['countries'] })], true)).toBe(false);
    expect(mayRunBeside(blocking, [move({ references: ['cities'] })], true)).toBe(true);
  });

  test('has what its tables have in common with others', () => {
    const ties = new Map([
      ['events', { table: 'events', group: '7', references: ['types'] }],
      ['devices', { table: 'devices', group: '7', references: ['types', 'makers'] }],
    ]);
    expect(tiesOf(['devices', 'events'], ties)).toEqual({ group: '7', references: ['types', 'makers'] });
    expect(tiesOf(['new'], ties)).toEqual({ group: 'new', references: [] });
  });

  test('in any order of endings all come to be made, and no two that may not are under way at once', () => {
    const known: MoveSample[] = [{ way: 'blocking', bytes: 1, seconds: 1, pauseMs: 1 }];
    const moves = fc.array(
      fc.record({
        shardId: fc.integer({ min: 1, max: 30 }),
        way: fc.constantFrom<CopyWay>('blocking', 'logical'),
        to: fc.constantFrom('a', 'b', 'c'),
        group: fc.constantFrom('1', '2', '3'),
        references: fc.subarray(['x', 'y']),
      }),
      { maxLength: 25 },
    );
    fc.assert(
      fc.property(
        moves,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        fc.infiniteStream(fc.nat()),
        (all, most, several, ends) => {
          let pending = all.map((each) => ({ ...each, bytes: 1, logicalWorks: true, tries: [] }));
          let underWay: typeof pending = [];
          let made = 0;
          while (pending.length + underWay.length > 0) {
            const index =
              underWay.length < most
                ? nextMove(
                    pending,
                    known,
                    () => false,
                    (each) => mayRunBeside(each, underWay, several),
                  )
                : undefined;
            if (index === undefined) {
              expect(underWay.length).toBeGreaterThan(0);
              const { value } = ends.next() as { value: number };
              underWay = underWay.filter((_, at) => at !== value % underWay.length);
              made += 1;
            } else {
              const next = pending[index]!;
              pending = pending.filter((_, at) => at !== index);
              underWay.push(next);
            }
            expect(underWay.filter(({ way }) => way === 'blocking').length).toBeLessThanOrEqual(1);
            expect(new Set(underWay.map(({ shardId }) => shardId)).size).toBe(underWay.length);
            if (!several) expect(new Set(underWay.map(({ group }) => group)).size).toBe(underWay.length);
          }
          expect(made).toBe(all.length);
        },
      ),
      cases(),
    );
  });
});
