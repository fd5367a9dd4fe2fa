import { labelNodes } from '../../scripts/citus/node-labels';

const labels = (...names: string[]): string[] =>
  labelNodes(names.map((name, groupId) => ({ groupId, name })));

test('workers are numbered by group id where names say nothing', () => {
  expect(labels('127.0.0.1', '127.0.0.1', '127.0.0.1')).toEqual(['coordinator', 'w0', 'w1']);
  expect(
    labelNodes([
      { groupId: 7, name: 'b' },
      { groupId: 0, name: 'a' },
      { groupId: 2, name: 'c' },
    ]),
  ).toEqual(['w1', 'coordinator', 'w0']);
});

test("Azure's names win over group ids, which need not follow them", () => {
  expect(labels('private-c.x.postgres', 'private-w1.x.postgres', 'private-w0.x.postgres')).toEqual([
    'coordinator',
    'w1',
    'w0',
  ]);
  expect(labels('c-wwi.abc.postgres', 'w0-wwi.abc.postgres', 'w10-wwi.abc.postgres')).toEqual([
    'coordinator',
    'w0',
    'w10',
  ]);
});

test('names that do not tell all workers apart are not used for any', () => {
  expect(labels('c.x', 'w1.x', 'w1.y')).toEqual(['coordinator', 'w0', 'w1']);
  expect(labels('c.x', 'w1.x', 'other.y')).toEqual(['coordinator', 'w0', 'w1']);
  expect(labels('c.x', 'web1.x')).toEqual(['coordinator', 'w0']);
});
