import { Memory } from './memory';

const before = new Map([
  ['a:1', '(1,0)'],
  ['a:2', '(2,0)'],
]);
const both = [
  { key: 'a:1', line: '(1,5)' },
  { key: 'a:2', line: undefined },
];
const found = (rows: Readonly<Record<string, string>>): Map<string, string> => new Map(Object.entries(rows));

test('what was acknowledged has to be there, and nothing else', () => {
  const memory = new Memory(before);
  memory.acknowledge(both);
  memory.acknowledge([{ key: 'a:3', line: '(3,1)' }]);
  expect(memory.compare(found({ 'a:1': '(1,5)', 'a:3': '(3,1)' }))).toEqual([]);
  expect(memory.compare(found({ 'a:1': '(1,0)', 'a:2': '(2,0)', 'a:4': '(4,4)' }))).toEqual([
    expect.stringMatching(/^lost: a:1 = \(1,5\), acknowledged at .*Z, which is \(1,0\)$/),
    expect.stringMatching(/^lost: a:3 = \(3,1\), .*, which is not there$/),
    'too much: a:2',
    'too much: a:4',
  ]);
});

test.each([
  ['as a whole', { 'a:1': '(1,5)' }],
  ['not at all', { 'a:1': '(1,0)', 'a:2': '(2,0)' }],
])('what nobody heard of may be there %s', (_how, rows) => {
  const memory = new Memory(before);
  memory.doubt(both);
  expect(memory.compare(found(rows))).toEqual([]);
});

test('and not by half, nor does anybody write it once more', () => {
  const memory = new Memory(before);
  memory.doubt(both);
  expect(memory.read('a:1')).toBeUndefined();
  expect(memory.compare(found({ 'a:1': '(1,5)', 'a:2': '(2,0)' }))).toContain('half of a transaction: a:1');
});
