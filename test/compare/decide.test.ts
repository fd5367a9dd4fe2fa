import { compareSides } from '../../scripts/compare/decide';
import { rowsOfShards } from '../../scripts/compare/read';
import type { RelationRows, Side, SideShard, SideTable } from '../../scripts/compare/side';
import { describeCompared } from '../../scripts/compare/text';
import { side } from './sides';

const table = (name: string, rows: RelationRows, more: Partial<SideTable> = {}): SideTable => ({
  table: { schema: 'public', name },
  citus: { kind: 'plain' },
  columns: ['id', 'note'],
  rows,
  ...more,
});

const held = (rows: number, checksum = String(rows), shards: readonly SideShard[] = []): RelationRows => ({
  rows,
  checksum,
  shards,
});

const shard = (index: number, rows: number, more: Partial<SideShard> = {}): SideShard => ({
  shardId: 100 + index,
  min: String(index * 10),
  max: String(index * 10 + 9),
  node: 'w0:5432',
  rows,
  checksum: String(rows),
  misplaced: 0,
  otherCopies: [],
  ...more,
});

const named = (from: Partial<Side>, to: Partial<Side>): string[] =>
  compareSides(side(from), side(to)).differences.map(
    ({ kind, object, part, detail }) =>
      `${kind}: ${object}${part === undefined ? '' : `, ${part}`} ${detail}`,
  );

describe('two databases held against each other', () => {
  test('nothing differs between two that are the same', () => {
    const one = {
      tables: [table('a', held(5))],
      objects: { a: { 'index i': 'CREATE INDEX', comment: null } },
    };
    expect(
      compareSides(side(one), side({ ...one, objects: { a: { 'index i': 'CREATE INDEX' } } })),
    ).toMatchObject({
      equal: true,
      differences: [],
      notes: [],
    });
  });

  test('the largest difference of rows comes first', () => {
    const [first, second, third] = named(
      { tables: [table('a', held(5)), table('b', held(5)), table('c', held(5, '1'))] },
      { tables: [table('a', held(4)), table('b', held(500)), table('c', held(5, '2'))] },
    );
    expect(first).toBe('rows: table b 5 rows in from, 500 in to (495 more)');
    expect(second).toBe('rows: table a 5 rows in from, 4 in to (1 fewer)');
    expect(third).toBe('rows: table c 5 rows on both sides, but not the same ones');
  });

  test('shards of equal ranges are compared one by one', () => {
    const from = [table('a', held(4, '4', [shard(0, 1), shard(1, 3)]))];
    const to = [table('a', held(3, '3', [shard(0, 1, { shardId: 7 }), shard(1, 2, { shardId: 8 })]))];
    const [difference] = compareSides(side({ tables: from }), side({ tables: to })).differences;
    expect(difference?.shards).toEqual([
      {
        min: '10',
        max: '19',
        from: { shardId: 101, node: 'w0:5432', rows: 3 },
        to: { shardId: 8, node: 'w0:5432', rows: 2 },
      },
    ]);
    expect(difference?.detail).toContain(
      '1 of 2 shards differs: hashes 10 to 19 (shard 101 in from, 8 in to: 3 and 2 rows)',
    );
  });

  test('where columns have other names, rows count and their hashes do not', () => {
    const to = table('a', held(5, 'other'), { columns: ['id', 'text'] });
    expect(named({ tables: [table('a', held(5))] }, { tables: [to] })).toEqual([]);
    const turned = table('a', held(5), { columns: ['note', 'id'] });
    expect(named({ tables: [table('a', held(5))] }, { tables: [turned] })).toEqual([
      'column: table a, order of columns is id, note in from, note, id in to',
    ]);
  });

  test('a table that cannot be read whole is not equal, on whichever side', () => {
    const tables = [table('a', { unreadable: 'permission denied' })];
    expect(named({ tables }, { tables: [table('a', held(5))] })).toEqual([
      'not-comparable: table a cannot be read whole in from: permission denied',
    ]);
  });

  test('what goes with another part is told once', () => {
    const tables = [table('a', held(1))];
    const parts = {
      'column c': 'int',
      'NOT NULL of column c': true,
      'grants on column c': 'x SELECT f',
      'constraint k': 'CHECK (a > 0)',
      'validation of constraint k': true,
      'constraint p': 'PRIMARY KEY (c)',
      'index p': 'CREATE UNIQUE INDEX',
      'partition q': 'FOR VALUES',
      'owner of partition q': 'citus',
    };
    expect(named({ tables, objects: { a: parts } }, { tables, objects: { a: {} } })).toEqual([
      'column: table a, column c is only in from',
      'constraint: table a, constraint k is only in from',
      'constraint: table a, constraint p is only in from',
      'other: table a, partition q is only in from',
    ]);
  });

  test('the order of grants and of roles in a policy is that of numbers that no other server has', () => {
    const tables = [table('a', held(1))];
    const from = { owner: 'citus', grants: 'app SELECT f, citus ALL f', 'policy p': 'r t {x,y} (a)' };
    const to = { owner: 'boss', grants: 'boss ALL f, app SELECT f', 'policy p': 'r t {y,x} (a)' };
    expect(named({ tables, objects: { a: from } }, { tables, objects: { a: to } })).toEqual([
      'owner: table a, owner is citus in from, boss in to',
    ]);
  });

  test('a distribution differs where both sides have one, and is a note where one has', () => {
    const by = (column: string) => ({
      citus: {
        kind: 'distributed',
        column,
        colocationId: 1,
        shardCount: 2,
        layout: null,
        placements: [],
      } as const,
    });
    const a = [table('a', held(1), by('x'))];
    expect(named({ tables: a }, { tables: [table('a', held(1), by('y'))] })).toEqual([
      'distribution: table a is distributed by x in from, distributed by y in to',
    ]);
    const { equal, notes } = compareSides(side({ tables: a }), side({ tables: [table('a', held(1))] }));
    expect({ equal, notes }).toEqual({ equal: true, notes: ['distributed in from and not in to: a'] });
  });

  test('a sequence is equal at one position alone, but on a standby, which may be ahead', () => {
    const at = (next: string) => [
      {
        table: { schema: 'public', name: 'a' },
        column: 'id',
        sequence: { schema: 'public', name: 's' },
        how: 'owned' as const,
        next,
        down: false,
        cycle: false,
      },
    ];
    expect(named({ sequences: at('9') }, { sequences: at('5') })).toEqual([
      'sequence: table a, sequence s of column id goes on from 9 in from, from 5 in to, so that to gives values again that from gave',
    ]);
    expect(named({ sequences: at('9') }, { sequences: at('33'), standby: true })).toEqual([]);
    expect(named({ sequences: at('33'), standby: true }, { sequences: at('9') })).toEqual([]);
    expect(named({ sequences: at('9') }, { sequences: at('5'), standby: true })).toHaveLength(1);
  });

  test('at most ten lines of a kind are written, and all are in the document', () => {
    const tables = Array.from({ length: 14 }, (_, index) => table(`t${String(index)}`, held(1)));
    const document = compareSides(side({ tables }), side());
    expect(document.differences).toHaveLength(14);
    expect(describeCompared(document)).toContain('table (14)\n');
    expect(describeCompared(document)).toContain('\n  and 4 more (--json has them all)');
    expect(
      describeCompared(document)
        .split('\n')
        .filter((line) => line.endsWith('is only in from')),
    ).toHaveLength(10);
  });
});

describe('a table from its shards', () => {
  const placement = (shardId: number, port: number) => ({
    shardId,
    table: { schema: 'public', name: 'a' },
    relation: `public.a_${String(shardId)}`,
    partitioned: false,
    node: { name: 'w', port },
    column: 'id',
    hash: 'hashint4',
    min: String(shardId),
    max: String(shardId),
  });

  test('counts each shard once, and names copies that are other', () => {
    const [one, two, copy] = [placement(1, 1), placement(2, 1), placement(2, 2)];
    const read = new Map([
      [one, { rows: 1, checksum: '-5', misplaced: 1 }],
      [two, { rows: 2, checksum: '7' }],
      [copy, { rows: 2, checksum: '8' }],
    ]);
    expect(rowsOfShards([one, two, copy], read)).toMatchObject({
      rows: 3,
      checksum: '2',
      shards: [
        { misplaced: 1, otherCopies: [] },
        { misplaced: 0, otherCopies: ['w:2'] },
      ],
    });
  });

  test('one shard that cannot be read makes the table unreadable', () => {
    const [one, two] = [placement(1, 1), placement(2, 1)];
    const read = new Map([
      [one, { rows: 1, checksum: '1' }],
      [two, { unreadable: 'permission denied' }],
    ] as const);
    expect(rowsOfShards([one, two], read)).toEqual({
      unreadable: 'shard public.a_2 cannot be read, on w:1: permission denied',
    });
  });

  test('an answer that is the same in UTC alone is named, unless sessions write values otherwise', () => {
    const answer = (settings: string, digest: string): Partial<Side> => ({
      answers: [
        {
          query: 'days',
          sql: 'sha256:0',
          rows: 2,
          digests: ['a'],
          asApplication: { rows: 2, digests: [digest], settings },
        },
      ],
    });
    const tokyo = "TimeZone 'Asia/Tokyo'";
    expect(named(answer(tokyo, 'b'), answer(tokyo, 'b'))).toEqual([]);
    expect(named(answer(tokyo, 'b'), answer("TimeZone 'UTC'", 'c'))).toEqual([]);
    expect(named(answer(tokyo, 'b'), answer(tokyo, 'c'))).toEqual([
      "answer: query days answers with 2 rows on both sides, but not the same ones, as its application asks it (TimeZone 'Asia/Tokyo')",
    ]);
  });
});

test('shards that a standby has its primary read are not called equal', () => {
  const tables = [
    table('a', held(3, '3', [shard(0, 1), shard(1, 2, { node: 'w1:5432' })])),
    table('b', held(1)),
  ];
  expect(named({ tables }, { tables })).toEqual([]);
  expect(named({ tables }, { tables, standby: true })).toEqual([
    expect.stringMatching(
      /^not-comparable: table a has 2 shards that both sides read from the same nodes \(w0:5432 and w1:5432\)/,
    ),
  ]);
  const moved = [table('a', held(3, '3', [shard(0, 3, { node: 'other:5432' })])), table('b', held(1))];
  expect(named({ tables }, { tables: moved, standby: true })).toEqual([]);
});
