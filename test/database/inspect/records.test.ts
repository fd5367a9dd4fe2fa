import type { LiveComment } from '../../../scripts/database/model/live';
import { readDroppedForeignKey, readRecordedComment } from '../../../scripts/database/inspect/records';
import { foreignKey, named } from '../../tables/support/catalog';

const key = foreignKey('events', ['device_id'], 'devices', { comment: 'why' });
const row = { schema: 'public', table: 'events', name: key.name };

test('a foreign key comes back as it was written down, with or without a comment', () => {
  const bare = foreignKey('events', ['device_id'], 'devices');
  for (const foreignKey of [key, bare]) {
    const written: unknown = JSON.parse(JSON.stringify(foreignKey));
    expect(readDroppedForeignKey({ ...row, foreignKey: written })).toEqual(foreignKey);
  }
});

test.each<[string, unknown]>([
  ['nothing', null],
  ['something else', { garbage: true }],
  ['more than was written', { ...key, then: 'DROP TABLE devices' }],
  ['another name', { ...key, name: 'other' }],
  ['another table', { ...key, table: named('devices') }],
  ['a rule that is none', { ...key, onDelete: 'x' }],
  ['a definition of something else', { ...key, definition: 'CHECK (true)' }],
])('a row that holds %s is refused, with the way out', (_what, foreignKey) => {
  expect(() => readDroppedForeignKey({ ...row, foreignKey })).toThrow(
    /foreign key events_device_id_fkey of events in scaleout\.dropped_foreign_key is not as this program writes one.*restored_by, and delete the row$/,
  );
});

test('a comment on what has none is refused', () => {
  const comment = { on: 'trigger', schema: 'public', name: 'x', text: 'y' } as unknown as LiveComment;
  expect(() => readRecordedComment({ table: named('t'), comment, missing: false })).toThrow(
    /comment on trigger x of t in scaleout\.recorded_comment/,
  );
  const known = { table: named('t'), comment: { ...comment, on: 'index' as const }, missing: false };
  expect(readRecordedComment(known)).toBe(known);
});
