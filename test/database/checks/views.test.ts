import type { Range, ViewQuery } from '../../../scripts/database/model/view-query';
import type { LiveDatabase, LiveView } from '../../../scripts/database/model/live';
import { TargetState } from '../../../scripts/database/target/target-state';
import {
  materializedViewFailures,
  viewAgainstConversion,
  viewFindings,
  viewsStuckOnTheWay,
} from '../../../scripts/database/checks/views';
import { column, liveDatabase, liveTable, named } from '../../tables/support/catalog';
import { byId, spec, whole } from '../../tables/support/specifications';

const table = (name: string): Range => ({ kind: 'relation', table: named(name), columns: ['id', 'other'] });

/** `SELECT id FROM` two ranges that are joined by a column of each. */
function join(left: Range, right: Range, by: 1 | 2, more: Partial<ViewQuery> = {}): ViewQuery {
  const side = (range: number, place: number) => ({ kind: 'column', range, column: place, up: 0 }) as const;
  return {
    ranges: [left, right],
    from: [
      { kind: 'range', range: 1 },
      { kind: 'range', range: 2 },
    ],
    where: [{ kind: 'equal', left: side(1, by), right: side(2, by) }],
    targets: [1, 2].map((place) => ({ expression: side(1, place), group: 0, hidden: false })),
    groupBy: [],
    distinctOn: [],
    windows: [],
    with: [],
    aggregates: false,
    groupingSets: false,
    windowFunctions: false,
    setReturning: false,
    sorted: false,
    locksRows: false,
    recursive: false,
    ...more,
  };
}

const view = (name: string, more: Partial<LiveView> = {}): LiveView => ({
  view: named(name),
  kind: 'plain',
  forcedElsewhere: [],
  ownerBound: false,
  emptyByPolicy: [],
  populated: true,
  owner: 'citus',
  ours: true,
  bytes: 0,
  tables: [named('a'), named('b')],
  views: [],
  definition: 'SELECT 1',
  extras: [],
  ...more,
});

const columns = [column('id'), column('other')];
const tables = ['a', 'b'].map((name) => liveTable(name, { columns }));

const withViews = (
  views: readonly LiveView[],
  queries: Readonly<Record<string, ViewQuery | undefined>>,
  postgres = 15,
): LiveDatabase => ({
  ...liveDatabase(tables),
  views,
  viewQueries: {
    postgres,
    queries: Object.entries(queries).map(([name, query]) => ({ view: named(name), query })),
    otherTables: [],
  },
});

const TOGETHER = spec(byId('a'), byId('b', { colocateWith: named('a') }));
const target = (live: LiveDatabase, expected = TOGETHER): TargetState => new TargetState(expected, live);
const ids = (of: TargetState): string[] => viewFindings(of).map(({ id }) => id);

describe('views that will fail', () => {
  it.each([
    ['by the distribution columns of one group', TOGETHER, 1, []],
    ['by other columns', TOGETHER, 2, ['view-will-fail:v']],
    ['by the distribution columns of two groups', spec(byId('a'), byId('b')), 1, ['view-will-fail:v']],
    ['by other columns, one of them a reference table', spec(byId('a'), whole('b')), 2, []],
    ['by other columns, one of them local', spec(byId('a')), 2, []],
  ] as const)('joined %s', (_, expected, by, found) => {
    const live = withViews([view('v')], { v: join(table('a'), table('b'), by) });
    expect(ids(target(live, expected))).toEqual(found);
  });

  it('are found through views, which Citus may run first', () => {
    const inner: Range = { kind: 'view', view: named('v') };
    const views = [view('v'), view('w', { views: [named('v')] })];
    const over = join(inner, table('a'), 2);
    const good = withViews(views, { v: join(table('a'), table('b'), 1), w: over });
    expect(ids(target(good))).toEqual([]);
    const bad = withViews(views, { v: join(table('a'), table('b'), 2), w: over });
    expect(ids(target(bad))).toEqual(['view-will-fail:v', 'view-will-fail:w']);
  });

  it('need a word where the query, or that of a view they read, is not understood, and none where nobody asked', () => {
    const inner: Range = { kind: 'view', view: named('v') };
    const live = withViews([view('v'), view('w'), view('x')], {
      v: undefined,
      w: join(inner, table('a'), 1),
    });
    expect(ids(target(live))).toEqual(['view-will-fail:v', 'view-will-fail:w']);
    expect(viewFindings(target(live))[0]?.message).toMatch(
      /^view v may fail once its tables are distributed/,
    );
    expect(ids(target({ ...live, viewQueries: { postgres: 15, queries: [], otherTables: [] } }))).toEqual([]);
  });

  it('are faults where they are materialized, and say what to do', () => {
    const live = withViews([view('m', { kind: 'materialized' })], { m: join(table('a'), table('b'), 2) });
    expect(ids(target(live))).toEqual([]);
    expect(materializedViewFailures(target(live))).toEqual([
      'materialized view m can be neither created again nor refreshed once its tables are distributed, because it joins a and b on other columns than their distribution columns. ' +
        'Join a and b by their distribution columns, write the query another way, distribute the tables otherwise, or drop it and keep its rows in a table that the application fills',
    ]);
  });

  it('are older than a column that a table lost, and fail where its policies permit nothing', () => {
    const older: Range = {
      kind: 'relation',
      table: named('a'),
      columns: ['id', 'other', null],
      dropped: ['gone'],
    };
    const queries = {
      v: join(older, table('b'), 1),
      w: join({ kind: 'view', view: named('v') }, table('b'), 1),
    };
    const over = view('w', { views: [named('v')] });
    const answering = withViews([view('v'), over], queries);
    expect(viewFindings(target(answering)).map(({ id, needs }) => [id, needs])).toEqual([
      ['view-names-dropped-columns:v', 'none'],
      ['view-names-dropped-columns:w', 'none'],
    ]);
    const empty = withViews([view('v', { emptyByPolicy: [named('a')] }), over], queries);
    const [of, through] = viewFindings(target(empty));
    expect([of?.id, through?.id]).toEqual(['view-will-fail:v', 'view-will-fail:w']);
    // What is to be written down again is the view that names the column.
    expect(through?.message).toMatch(
      /^view w answers today and fails once table a is in Citus, .* column gone /,
    );
    expect(through?.message).toContain(`oid = '"public"."v"'::regclass`);
    expect(through?.message).not.toContain('"w"');
    expect(ids(target(empty, spec(whole('b'))))).toEqual([]);
  });

  it('are no news where they fail already, or nothing changes for their tables', () => {
    const placed = {
      kind: 'distributed',
      column: 'id',
      shardCount: 32,
      layout: 'x',
      placements: [],
    } as const;
    const there = ['a', 'b'].map((name) =>
      liveTable(name, { columns, hasHeap: false, citus: { ...placed, colocationId: 1 } }),
    );
    const query = join(table('a'), table('b'), 2);
    const live = { ...withViews([view('v')], { v: query }), tables: there };
    expect(ids(target(live))).toEqual([]);
    expect(ids(target(live, spec(byId('a'), byId('b'))))).toEqual([]);
  });

  it('are told by the version of PostgreSQL where that matters', () => {
    const query = join(table('a'), table('b'), 1, {
      from: [
        {
          kind: 'join',
          type: 'left',
          left: { kind: 'range', range: 1 },
          right: { kind: 'range', range: 2 },
          on: join(table('a'), table('b'), 1).where,
        },
      ],
      where: [{ kind: 'call', volatility: 'stable', of: [] }],
    });
    expect(ids(target(withViews([view('v')], { v: query }, 15)))).toEqual(['view-will-fail:v']);
    expect(ids(target(withViews([view('v')], { v: query }, 17)))).toEqual([]);
  });
});

describe('a materialized view on the way', () => {
  const inside = join(table('b'), table('b'), 1, {
    ranges: [table('b')],
    from: [{ kind: 'range', range: 1 }],
    where: [
      {
        kind: 'equal',
        left: { kind: 'column', range: 1, column: 1, up: 0 },
        right: { kind: 'column', range: 1, column: 1, up: 1 },
      },
    ],
  });
  const query = {
    ...inside,
    ranges: [table('a')],
    where: [{ kind: 'subquery', link: 'exists', query: inside }],
  };
  const live = withViews([view('m', { kind: 'materialized' })], { m: query as ViewQuery });

  it.each([
    ['b', ['a'], 'm'],
    ['b', [], undefined],
    ['a', ['b'], 'm'],
    ['a', [], undefined],
  ] as const)('lets %s become local once %j is there: %s', (name, there, found) => {
    const isThere = (each: { readonly name: string }): boolean =>
      (there as readonly string[]).includes(each.name);
    const against = viewAgainstConversion({ target: target(live), isThere }, named(name));
    expect(against?.view.name).toBe(found);
  });
});

describe('a materialized view that Citus creates again while its tables are apart', () => {
  const placed = { kind: 'distributed', column: 'id', layout: 'x', placements: [] } as const;
  const inTwelve = ['a', 'b'].map((name) =>
    liveTable(name, { columns, hasHeap: false, citus: { ...placed, colocationId: 1, shardCount: 12 } }),
  );
  const stuck = (query: ViewQuery, expected = TOGETHER): string[] =>
    viewsStuckOnTheWay(
      target(
        { ...withViews([view('m', { kind: 'materialized' })], { m: query }), tables: inTwelve },
        expected,
      ),
      [[named('a')], [named('b')]],
    );
  const inner = join(table('a'), table('b'), 1);
  const outer: ViewQuery = {
    ...inner,
    from: [
      {
        kind: 'join',
        type: 'left',
        left: { kind: 'range', range: 1 },
        right: { kind: 'range', range: 2 },
        on: inner.where,
      },
    ],
    where: [],
  };

  it('comes through where rows may change nodes for its join, or the other table is local by then', () => {
    expect(stuck(inner)).toEqual([]);
    const back = spec({ kind: 'local', table: named('a') }, { kind: 'local', table: named('b') });
    expect(stuck(outer, back)).toEqual([]);
  });

  it('is told with the tables that it waits for where they may not', () => {
    expect(stuck(outer)).toEqual([
      expect.stringMatching(
        /^materialized view m cannot be created again when a is copied and b is not yet, because it joins a and b/,
      ),
    ]);
  });
});
