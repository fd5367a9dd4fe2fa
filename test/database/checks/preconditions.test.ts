import { narrowedSequences } from '../../../scripts/database/checks/sequences';
import type { ExpectedTable } from '../../../config/workload/distribution-types';
import { requirePreconditions } from '../../../scripts/database/checks/preconditions';
import type { LiveForeignKey, LiveTable, DefaultSequence } from '../../../scripts/database/model/live';
import { ScaleoutError } from '../../../scripts/lib/errors';
import { TargetState } from '../../../scripts/database/target/target-state';
import {
  column,
  distributed,
  distribution,
  foreignKey,
  inSchema,
  key,
  liveDatabase,
  liveTable,
  named,
  primaryKey,
  reference as citusReference,
  sensors,
} from '../../tables/support/catalog';
import { byId, faultsOf, spec } from '../../tables/support/specifications';

test('the sensors have none', () => {
  expect(faultsOf(distribution(), liveDatabase(sensors()))).toEqual([]);
});

describe('one table', () => {
  const only = (expected: ExpectedTable, table: Partial<LiveTable>): string => {
    const faults = faultsOf(spec(expected), liveDatabase([liveTable('t', table)]));
    expect(faults).toHaveLength(1);
    return faults[0] ?? '';
  };

  test.each<[string, ExpectedTable, Partial<LiveTable>, string]>([
    [
      'another role owns it',
      byId('t'),
      { ours: false, owner: 'billing' },
      'belongs to role billing and this session is citus',
    ],
    [
      'the column is missing',
      byId('t', { distributeBy: 'idd' }),
      {},
      'distribution column idd does not exist in table t (did you mean "id"?)',
    ],
    ['there is no column at all', byId('t'), { columns: [], keys: [] }, 'in table t: it has no columns'],
    [
      'the column holds NULLs',
      byId('t'),
      { columns: [column('id', 'integer', { notNull: false, holdsNull: true })], keys: [] },
      'holds NULLs',
    ],
    [
      'the column is generated',
      byId('t'),
      { columns: [column('id', 'integer', { generated: true })] },
      'is generated',
    ],
    [
      'the column cannot be hashed',
      byId('t'),
      { columns: [column('id', 'point', { hashable: false })] },
      'type point',
    ],
    [
      'it is outside the primary key',
      byId('t'),
      { columns: [column('id'), column('no')], keys: [primaryKey('t', ['no'])] },
      'say primaryKey: [id, no]',
    ],
    [
      'it is outside a unique key',
      byId('t'),
      {
        columns: [column('id'), column('no')],
        keys: [key('u', 'unique', ['no'])],
      },
      'not part of its unique constraint u (no)',
    ],
    [
      'it is outside a unique index on an expression',
      byId('t'),
      { keys: [key('u', 'index', [null])] },
      'unique index u (an expression)',
    ],
    [
      'it is outside an exclusion',
      byId('t'),
      { keys: [key('x', 'exclusion', ['no'])] },
      'exclusion constraint x',
    ],
    [
      'the new key lacks the column',
      byId('t', { primaryKey: ['no'] }),
      { columns: [column('id'), column('no')] },
      'without the distribution column id',
    ],
    [
      'a column of the new key is missing',
      byId('t', { primaryKey: ['id', 'nope'] }),
      {},
      'primary key column nope does not exist',
    ],
    [
      'a column of the new key holds NULLs',
      byId('t', { primaryKey: ['id', 'no'] }),
      { columns: [column('id'), column('no', 'integer', { notNull: false, holdsNull: true })] },
      'primary key column no of table t holds NULLs',
    ],
    [
      'columns have grants of their own',
      byId('t'),
      { leftColumnGrants: ['note', 'price'] },
      'has grants on columns note and price',
    ],
    [
      'its owner revoked from itself what steps do in its name',
      byId('t'),
      { ownerLacks: ['REFERENCES', 'TRUNCATE'] },
      'has no REFERENCES and TRUNCATE on it, which the steps need: GRANT REFERENCES, TRUNCATE ON "public"."t" TO',
    ],
    ['it has triggers', byId('t'), { triggers: ['audit', 'notify'] }, 'has triggers audit and notify'],
    [
      'the key that is to be replaced is deferrable',
      byId('t', { primaryKey: ['id', 'no'] }),
      {
        columns: [column('id'), column('no')],
        keys: [primaryKey('t', ['id'], { deferrable: true })],
      },
      'is DEFERRABLE',
    ],
    ['it inherits', byId('t'), { inherits: true }, 'is parent or child of another table by INHERITS'],
    [
      'it inherits and was to be a reference table',
      { kind: 'reference', table: named('t') },
      { inherits: true },
      'INHERITS',
    ],
    [
      'different values of the column are equal',
      byId('t'),
      { columns: [column('id', 'text', { looseCollation: true })] },
      'non-deterministic collation',
    ],
    [
      'the column has a negative scale',
      byId('t'),
      { columns: [column('id', 'numeric', { negativeScale: true })] },
      'negative scale',
    ],
    [
      'a view rests on the key that is to be replaced',
      byId('t', { primaryKey: ['id', 'no'] }),
      {
        columns: [column('id'), column('no')],
        keys: [primaryKey('t', ['id'], { dependents: ['view public.totals'] })],
      },
      'and view public.totals rests on it',
    ],
    ['it is a view', byId('t'), { kind: 'view' }, 'is a view'],
    ['it is a partition', byId('t'), { kind: 'partition' }, 'is a partition'],
    ['it belongs to a distributed schema', byId('t'), { citus: inSchema(9) }, 'distributed schema public'],
  ])('%s', (_what, expected, table, words) => {
    expect(only(expected, table)).toContain(words);
  });

  test('does not exist', () => {
    const live = liveDatabase([], { otherTables: [named('event'), { schema: 'sales', name: 'orders' }] });
    expect(faultsOf(spec(byId('events')), live)[0]).toContain(
      'there is no table events (did you mean "event"?)',
    );
    expect(faultsOf(spec(byId('orders')), live)[0]).toContain('(did you mean "sales.orders"?)');
    const system: ExpectedTable = { kind: 'reference', table: { schema: 'pg_catalog', name: 'pg_class' } };
    expect(faultsOf(spec(system), live)).toEqual([
      expect.stringMatching(/^schema pg_catalog belongs to .*: take pg_catalog\.pg_class out/),
    ]);
  });
});

describe('colocation', () => {
  const two = (a: Partial<LiveTable>, b: Partial<LiveTable>, together = true): string[] =>
    faultsOf(
      spec(byId('a'), byId('b', together ? { colocateWith: named('a') } : {})),
      liveDatabase([liveTable('a', a), liveTable('b', b)]),
    );

  test('of columns of different types', () => {
    expect(two({}, { columns: [column('id', 'bigint')] })).toEqual([
      expect.stringContaining('b.id is bigint and a.id is integer'),
    ]);
  });
  test('of different collations', () => {
    const text = (collation: string): Partial<LiveTable> => ({
      columns: [column('id', 'text', { collation })],
    });
    expect(two(text('"C"'), text('"de_DE"'))).toHaveLength(1);
    expect(two(text('"C"'), text('"C"'))).toEqual([]);
  });
});

describe('foreign keys', () => {
  const ab = (
    a: ExpectedTable | undefined,
    b: ExpectedTable | undefined,
    key: Partial<LiveForeignKey> = {},
  ): string[] =>
    faultsOf(
      spec(...[a, b].filter((table) => table !== undefined)),
      liveDatabase([
        liveTable('a', {
          columns: [column('id'), column('b')],
          foreignKeys: [foreignKey('a', ['id'], 'b', key)],
        }),
        liveTable('b'),
      ]),
    );
  const ref = (name: string): ExpectedTable => ({ kind: 'reference', table: named(name) });
  const local = (name: string): ExpectedTable => ({ kind: 'local', table: named(name) });

  test.each<[string, string[], string]>([
    [
      'reference to distributed',
      ab(ref('a'), byId('b')),
      'a reference table cannot reference a distributed one',
    ],
    ['local to distributed', ab(local('a'), byId('b')), 'stays on the coordinator cannot reference'],
    ['unlisted to distributed', ab(undefined, byId('b')), 'stays on the coordinator cannot reference'],
    ['distributed to local', ab(byId('a'), undefined), 'Make b a reference table'],
    ['distributed to another group', ab(byId('a'), byId('b')), 'the two are not colocated'],
    [
      'without the distribution column',
      ab(byId('a', { colocateWith: named('b') }), byId('b'), { columns: ['b'], referencedColumns: ['c'] }),
      'must pair the distribution columns, id with id. Add them to the foreign key',
    ],
    [
      'pairing its target with another column',
      ab(byId('a', { colocateWith: named('b') }), byId('b'), { columns: ['b'] }),
      'It pairs id with another column already, so this foreign key cannot be kept here',
    ],
    [
      'changing the distribution column',
      ab(byId('a', { colocateWith: named('b') }), byId('b'), { onDelete: 'n' }),
      'ON DELETE SET NULL',
    ],
    [
      'changing it through a reference table',
      ab(byId('a'), ref('b'), { onUpdate: 'c' }),
      'ON UPDATE CASCADE',
    ],
  ])('%s', (_what, faults, words) => {
    expect(faults).toEqual([expect.stringContaining(words)]);
  });

  test.each<[string, string[]]>([
    ['reference to reference', ab(ref('a'), ref('b'))],
    ['local to reference', ab(local('a'), ref('b'))],
    ['reference to local', ab(ref('a'), local('b'))],
    ['distributed to reference', ab(byId('a'), ref('b'), { onDelete: 'c' })],
    ['distributed to colocated', ab(byId('a', { colocateWith: named('b') }), byId('b'), { onDelete: 'c' })],
  ])('%s is fine', (_what, faults) => {
    expect(faults).toEqual([]);
  });

  test('one that rests on a primary key which is rewritten has nothing to return to', () => {
    const faults = faultsOf(
      spec(byId('b', { primaryKey: ['id', 'no'] }), byId('a', { colocateWith: named('b') })),
      liveDatabase([
        liveTable('a', { foreignKeys: [foreignKey('a', ['id'], 'b')] }),
        liveTable('b', { columns: [column('id'), column('no')] }),
      ]),
    );
    expect(faults).toEqual([
      expect.stringContaining('no key of b keeps unique once its primary key is rewritten'),
    ]);
  });

  test('a recorded one whose table is gone', () => {
    const live = liveDatabase([liveTable('b')], { droppedForeignKeys: [foreignKey('a', ['id'], 'b')] });
    expect(faultsOf(spec(byId('a', { colocateWith: named('b') }), byId('b')), live)).toEqual([
      expect.stringContaining('there is no table a'),
      expect.stringContaining('but table a is gone'),
    ]);
    expect(faultsOf(spec(byId('b')), live)).toEqual([]);
  });

  test('a recorded one is judged only by a specification that names both its tables', () => {
    const recorded = foreignKey('a', ['id'], 'b');
    const live = liveDatabase([liveTable('a'), liveTable('b'), liveTable('c')], {
      droppedForeignKeys: [recorded],
    });
    expect(faultsOf(spec(local('a'), byId('b')), live)).toEqual([
      expect.stringMatching(
        /cannot reference a distributed one.*already away: delete its row from scaleout\./,
      ),
    ]);
    expect(faultsOf(spec(byId('b')), live)).toEqual([]);
    expect(faultsOf(spec(byId('a')), live)).toEqual([]);
    expect(faultsOf(spec(byId('c')), live)).toEqual([]);
  });
});

test('what only matters to a change is no fault where there is none to make', () => {
  const there = liveTable('t', {
    inherits: true,
    citus: distributed('id', 1),
    keys: [primaryKey('t', ['id'], { dependents: ['view public.totals'] })],
  });
  expect(faultsOf(spec(byId('t')), liveDatabase([there]))).toEqual([]);
});

describe('partitions that inherit a check', () => {
  const kinds = liveTable('kinds');
  const byDay = liveTable('by_day', {
    kind: 'partitioned',
    partitionedBy: ['id'],
    inheritedCheck: 'positive',
    foreignKeys: [foreignKey('by_day', ['id'], 'kinds')],
  });
  const reference: ExpectedTable = { kind: 'reference', table: named('kinds') };

  test.each<[string, LiveTable, ExpectedTable[], number]>([
    ['beside a new reference table', byDay, [reference], 1],
    ['that are distributed as well', byDay, [reference, byId('by_day')], 0],
    ['that nothing connects', { ...byDay, foreignKeys: [] }, [reference], 0],
    ['without the check', liveTable('by_day', { foreignKeys: byDay.foreignKeys }), [reference], 0],
  ])('%s', (_what, table, tables, count) => {
    const faults = faultsOf(spec(...tables), liveDatabase([kinds, table]));
    expect(faults).toHaveLength(count);
    for (const fault of faults) {
      expect(fault).toMatch(
        /connect table by_day with kinds, .* inherit a CHECK constraint \(positive\): drop the check/,
      );
    }
  });

  test('the same with a rule', () => {
    const rules = [{ table: named('kept'), rule: 'keep' }];
    const kept = liveTable('kept', { rules, foreignKeys: [foreignKey('kept', ['id'], 'kinds')] });
    expect(faultsOf(spec(reference), liveDatabase([kinds, kept]))).toEqual([
      'foreign keys connect table kept with kinds, and when that becomes a reference table Citus turns kept local, which makes table kept ' +
        'anew without its rule keep: drop the rule, and create it again afterwards',
    ]);
    const itself = liveTable('kinds', { rules: [{ table: named('kinds'), rule: 'keep' }] });
    expect(faultsOf(spec(reference), liveDatabase([itself]))).toEqual([]);
    const local = { ...itself, citus: { kind: 'local', autoConverted: true } as const };
    expect(faultsOf(spec(reference), liveDatabase([local]))[0]).toMatch(/^table kinds is local to Citus/);
  });

  test('the same with grants on columns, which tables that are named have among their own faults', () => {
    const granted = liveTable('granted', {
      leftColumnGrants: ['note'],
      foreignKeys: [foreignKey('granted', ['id'], 'kinds')],
    });
    expect(faultsOf(spec(reference), liveDatabase([kinds, granted]))).toEqual([
      'foreign keys connect table granted with kinds, and when that becomes a reference table Citus turns granted local, without its grants on ' +
        'column note: revoke them and grant on the whole table, or drop the foreign key',
    ]);
    expect(faultsOf(spec(reference, byId('granted')), liveDatabase([kinds, granted]))).toEqual([
      expect.stringMatching(/^table granted has grants on column note/),
    ]);
    expect(faultsOf(spec(), liveDatabase([kinds, granted]))).toEqual([]);
  });

  test('beside a reference table that is there', () => {
    const there = liveTable('kinds', { citus: citusReference });
    expect(faultsOf(spec(reference), liveDatabase([there, byDay]))).toEqual([]);
  });
});

describe('a sequence of columns of two types', () => {
  const use = (table: string, type: string, known = false): DefaultSequence['uses'][number] => ({
    table: named(table),
    column: 'id',
    type,
    known,
  });
  const numbers = {
    sequence: named('numbers'),
    type: 'bigint',
    min: '1',
    max: String(2n ** 63n - 1n),
    last: null,
  };
  const faults = (uses: DefaultSequence['uses'], ...tables: ExpectedTable[]): string[] =>
    faultsOf(
      spec(...tables),
      liveDatabase([liveTable('a'), liveTable('b')], {
        defaultSequences: [{ ...numbers, uses }],
      }),
    );

  test('both of which Citus is to take', () => {
    const words = 'sequence numbers gives a.id (integer) and b.id (bigint) their defaults';
    expect(faults([use('a', 'integer'), use('b', 'bigint')], byId('a'), byId('b'))).toEqual([
      expect.stringContaining(words),
    ]);
  });
  test('one of which Citus has', () => {
    expect(faults([use('a', 'integer'), use('other', 'bigint', true)], byId('a'))).toHaveLength(1);
  });
  test('that stands, or ends, beyond the type that Citus gives it', () => {
    const of = (more: Partial<DefaultSequence>): string[] =>
      faultsOf(
        spec(byId('a')),
        liveDatabase([liveTable('a')], {
          defaultSequences: [{ ...numbers, uses: [use('a', 'integer')], ...more }],
        }),
      );
    expect(of({})).toEqual([]);
    expect(of({ last: '2147483647' })).toEqual([]);
    expect(of({ last: '2147483648' })).toEqual([expect.stringContaining('2147483648 is where it stands')]);
    expect(of({ max: '5000000000' })).toEqual([expect.stringContaining('5000000000 is a bound of it')]);
    expect(of({ min: '-5000000000' })).toHaveLength(1);
    expect(of({ type: 'smallint', max: '32767', last: '32767' })).toEqual([]);
    expect(of({ last: '2147483648', uses: [use('a', 'integer', true)] })).toEqual([]);
  });
  test.each([
    [{}, 'allowance', /ends at 2147483647, for b\.id \(bigint\) too/],
    [{ max: '-1', min: String(-(2n ** 63n)) }, 'allowance', /ends at -2147483648, for b/],
    [{ max: '1000' }, 'none', /ends at 1000, as before$/],
  ])('that gets narrower ends where it does: %j', (more, needs, words) => {
    const uses = [use('a', 'integer'), use('b', 'bigint', true)];
    const [found] = narrowedSequences([{ ...numbers, uses, ...more }], () => true);
    expect(found).toMatchObject({ needs, message: expect.stringMatching(words) as string });
  });

  test('one of which stays out of Citus', () => {
    expect(faults([use('a', 'integer'), use('b', 'bigint')], byId('a'))).toEqual([]);
  });
});

test('no node may hold shards', () => {
  const node = { groupId: 0, name: 'c', port: 5432, shouldHaveShards: false, active: true };
  expect(faultsOf(spec(byId('t')), liveDatabase([liveTable('t')], { nodes: [node] }))).toEqual([
    expect.stringContaining('no node may hold shards'),
  ]);
  expect(faultsOf(spec(byId('t')), liveDatabase([liveTable('t')], { nodes: [] }))).toEqual([
    expect.stringContaining('Citus knows no node'),
  ]);
});

test('all faults come at once, in one error, with what was done before them', () => {
  const live = liveDatabase(sensors({ events: { ours: false, owner: 'other', triggers: ['x'] } }).slice(1));
  const target = new TargetState(distribution(), live);
  expect(() => {
    requirePreconditions(target, 'nothing was changed');
  }).toThrow(
    /in 3 places, and nothing was changed:\n- .*no table device_types[^]*\n- .*role other[^]*\n- .*trigger x/,
  );
  const one = new TargetState(distribution(), liveDatabase(sensors({ events: { triggers: ['x'] } })));
  expect(() => {
    requirePreconditions(one, '2 steps are done');
  }).toThrow(/trigger x.*\. 2 steps are done$/);
});

test('of many faults a message has ten, and the details of the error have all', () => {
  const names = Array.from({ length: 30 }, (_, index) => `missing${String(index)}`);
  const target = new TargetState(spec(...names.map((name) => byId(name))), liveDatabase([]));
  let error: unknown;
  try {
    requirePreconditions(target, 'nothing was changed');
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof ScaleoutError)) throw new Error('nothing was thrown');
  expect(error.message.split('\n')).toHaveLength(12);
  expect(error.message).toMatch(/and 20 more, which --json lists in error\.details\.failures$/);
  expect(error.details['failures']).toHaveLength(30);
});
