import { compareSequences } from '../../../scripts/database/observe/sequences';
import type { SequencePosition } from '../../../scripts/database/observe/sequences';
import { named } from '../../tables/support/catalog';

const sequence = (more: Partial<SequencePosition> = {}): SequencePosition => ({
  table: named('events'),
  column: 'id',
  sequence: named('events_id_seq'),
  how: 'owned',
  next: '501',
  down: false,
  cycle: false,
  ...more,
});
const verdict = (was: Partial<SequencePosition>, is?: Partial<SequencePosition>): unknown =>
  compareSequences([sequence(was)], is === undefined ? [] : [sequence({ ...was, ...is })])[0]?.same;

test.each<[string, Partial<SequencePosition>, Partial<SequencePosition> | undefined, boolean | null]>([
  ['as it was', {}, {}, true],
  ['ahead, as writers draw values', {}, { next: '502' }, true],
  ['set back', {}, { next: '500' }, false],
  [
    'far ahead of what a number of JavaScript holds',
    { next: '9223372036854775806' },
    { next: '9223372036854775805' },
    false,
  ],
  ['counting down, further down', { down: true, next: '-11' }, { next: '-21' }, true],
  ['counting down, set back', { down: true, next: '-11' }, { next: '-1' }, false],
  ['behind where it cycles', { cycle: true }, { next: '1' }, null],
  [
    'behind where it cycles, too far from its end to have come round',
    { cycle: true, left: '9223372036854775306' },
    { next: '1' },
    false,
  ],
  ['behind where it cycles, and near its end', { cycle: true, left: '32000' }, { next: '1' }, null],
  ['ahead where it cycles', { cycle: true }, { next: '502' }, true],
  ['gone', {}, undefined, false],
  ['not to be read', {}, { next: null }, null],
  ['of an identity column, under another name', { how: 'identity' }, { sequence: named('other') }, true],
  [
    'of an identity column, under another name and set back',
    { how: 'identity' },
    { sequence: named('other'), next: '1' },
    false,
  ],
  ['of a default, another sequence by now', { how: 'used' }, { sequence: named('other') }, false],
])('a sequence that is %s', (_what, was, is, same) => {
  expect(verdict(was, is)).toBe(same);
});

test('a sequence set back is told with the statement that mends it, under its present name', () => {
  const [compared] = compareSequences(
    [sequence({ how: 'identity' })],
    [sequence({ how: 'identity', sequence: { schema: 'public', name: "it's" }, next: '1' })],
  );
  expect(compared).toMatchObject({ table: 'events', column: 'id', sequence: 'the identity of column id' });
  expect(compared?.detail).toContain(`was 501, and is 1 now`);
  expect(compared?.detail).toContain(`SELECT setval('"public"."it''s"', 501, false)`);
});
