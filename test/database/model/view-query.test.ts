import { parseNodeTree } from '../../../scripts/database/model/node-tree';
import type { Expression, ViewQuery } from '../../../scripts/database/model/view-query';
import { readViewQuery } from '../../../scripts/database/model/view-query';

const NAMES = {
  relation: (oid: string) => ({
    table: { schema: 'public', name: `t${oid}` },
    isView: false,
    columns: ['k', 'e'],
  }),
  isEquality: () => true,
  volatility: () => 'immutable' as const,
};

const column = (range: number, number: number, up = 0): string =>
  `{VAR :varno ${range} :varattno ${number} :varlevelsup ${up}}`;
const table = (oid: number): string => `{RANGETBLENTRY :eref <> :rtekind 0 :relid ${oid} :inFromCl true}`;
const target = (expression: string, group = 0): string =>
  `{TARGETENTRY :expr ${expression} :ressortgroupref ${group} :resjunk false}`;
const read = (query: string): ViewQuery => readViewQuery(parseNodeTree(`(${query})`), NAMES);

/** SELECT e, (SELECT ... FROM b WHERE b.k = a.k) FROM a GROUP BY e, k: as PostgreSQL 18 writes it, and as all before do. */
const grouped = (e: string, kInside: string, ranges: string): ViewQuery =>
  read(`{QUERY :rtable (${ranges}) :jointree {FROMEXPR :fromlist ({RANGETBLREF :rtindex 1}) :quals <>}
  :targetList (${target(e, 1)}
    ${target(`{SUBLINK :subLinkType 4 :testexpr <> :subselect {QUERY :rtable (${table(2)})
      :jointree {FROMEXPR :fromlist ({RANGETBLREF :rtindex 1}) :quals {OPEXPR :opno 96 :args (${column(1, 1)} ${kInside})}}
      :targetList (${target(column(1, 2))})}}`)})
  :groupClause ({SORTGROUPCLAUSE :tleSortGroupRef 1})}`);

test('what GROUP BY says is what the query means, whether it is written where it is used or once for all', () => {
  const before = grouped(column(1, 2), column(1, 1, 1), table(1));
  const once = `{RANGETBLENTRY :eref <> :rtekind 9 :groupexprs (${column(1, 2)} ${column(1, 1)})}`;
  const since = grouped(column(2, 1), column(2, 2, 1), `${table(1)} ${once}`);
  expect(since).toEqual({ ...before, ranges: [...before.ranges, { kind: 'none' }] });
});

test('a query further in means what is grouped by at its own distance', () => {
  const inner = `{QUERY :rtable (${table(3)}) :jointree {FROMEXPR :fromlist () :quals <>} :targetList (${target(column(1, 2))} ${target(column(1, 1, 1))})}`;
  const exists = `{SUBLINK :subLinkType 0 :testexpr <> :subselect ${inner}}`;
  const once = `{RANGETBLENTRY :eref <> :rtekind 9 :groupexprs (${exists})}`;
  const query = read(`{QUERY :rtable (${table(1)} ${once}) :jointree {FROMEXPR :fromlist () :quals <>}
    :targetList (${target(`{SUBLINK :subLinkType 4 :testexpr <> :subselect {QUERY :rtable ()
      :jointree {FROMEXPR :fromlist () :quals <>} :targetList (${target(column(2, 1, 1))})}}`)})}`);
  const inside = (expression: Expression | undefined): Expression[] =>
    expression?.kind === 'subquery' ? expression.query.targets.map((each) => each.expression) : [];
  const [named] = inside(query.targets[0]?.expression);
  expect(inside(named)).toEqual([
    { kind: 'column', range: 1, column: 2, up: 0 },
    // Out of EXISTS, and out of the query that names it.
    { kind: 'column', range: 1, column: 1, up: 2 },
  ]);
});
