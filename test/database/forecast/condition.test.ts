import type { SqlParser } from '../../../config/workload/sql-parser';
import { loadSqlParser } from '../../../config/workload/sql-parser';
import { parseCondition, parseOperand, parseQuery } from '../../../scripts/database/forecast/condition';

let parser: SqlParser;
beforeAll(async () => {
  parser = await loadSqlParser();
});

const column = (text: string, cast?: string): object => {
  const [alias, name] = text.split('.');
  return { kind: 'column', alias, column: name, ...(cast === undefined ? {} : { cast }) };
};

describe('conditions as PostgreSQL writes them in plans', () => {
  it.each([
    ['(e.user_id = $1)', { kind: 'equal', left: column('e.user_id'), right: { kind: 'value', text: '$1' } }],
    [
      "(e.user_id = '42'::bigint)",
      { kind: 'equal', left: column('e.user_id'), right: { kind: 'value', text: '42' } },
    ],
    [
      "(u.login = 'it''s (a) = b'::text)",
      { kind: 'equal', left: column('u.login'), right: { kind: 'value', text: "it's (a) = b" } },
    ],
    ['(e.n = -5)', { kind: 'equal', left: column('e.n'), right: { kind: 'value', text: '-5' } }],
    ['("E".user_id = u."userId")', { kind: 'equal', left: column('E.user_id'), right: column('u.userId') }],
    [
      "((u.name)::text = 'x'::text)",
      { kind: 'equal', left: column('u.name', 'text'), right: { kind: 'value', text: 'x' } },
    ],
    [
      "(u.user_id = ANY ('{1,2,3}'::bigint[]))",
      { kind: 'any', left: column('u.user_id'), values: ['1', '2', '3'] },
    ],
    ['(u.name = ANY (\'{"a,b",c}\'::text[]))', { kind: 'any', left: column('u.name'), values: ['a,b', 'c'] }],
    [
      '(u.name = ANY (\'{"say \\"no\\"",NULL,"NULL",it\'\'s}\'::text[]))',
      { kind: 'any', left: column('u.name'), values: ['say "no"', 'NULL', "it's"] },
    ],
    [
      "(u.user_id = ANY (ARRAY[$1, '-2'::bigint, NULL::bigint]))",
      { kind: 'any', left: column('u.user_id'), values: ['$1', '-2'] },
    ],
    [
      '(u.user_id = ANY (ARRAY[$1, (u.n + 1)]))',
      { kind: 'any', left: column('u.user_id'), values: undefined },
    ],
    ['(u.user_id = ANY ($1))', { kind: 'any', left: column('u.user_id'), values: undefined }],
    ['(e.n = (u.n + 1))', { kind: 'equal', left: column('e.n'), right: { kind: 'other' } }],
    ['(e.n <> 3)', { kind: 'other' }],
    ['(NOT (e.n = 3))', { kind: 'other' }],
    ['(e.n IS NULL)', { kind: 'other' }],
  ])('%s', (text, expected) => {
    expect(parseCondition(parser, text)).toEqual(expected);
  });

  it('reads AND and OR as far as they go', () => {
    expect(parseCondition(parser, '((e.a = 1) AND ((e.b = 2) OR (e.c > 3)))')).toMatchObject({
      kind: 'and',
      of: [{ kind: 'equal' }, { kind: 'or', of: [{ kind: 'equal' }, { kind: 'other' }] }],
    });
  });

  it('tells NULL from a value, and a function from a column', () => {
    expect(parseOperand(parser, 'NULL::bigint')).toEqual({ kind: 'null' });
    expect(parseOperand(parser, "nextval('s'::regclass)")).toEqual({ kind: 'other' });
    expect(parseOperand(parser, '"*VALUES*".column2')).toEqual({
      kind: 'column',
      alias: '*VALUES*',
      column: 'column2',
    });
  });

  it.each([
    '(hashed SubPlan 1)',
    '(NOT (SubPlan 2))',
    '(alternatives: SubPlan 1 or hashed SubPlan 2)',
    'EXISTS(SubPlan 1)',
    '(ANY (e.b = (hashed SubPlan 1).col1))',
    '(e.b < (InitPlan 1).col1)',
  ])('reads what stands beside %s', (subplan) => {
    expect(parseCondition(parser, `((e.a = 1) AND ${subplan})`)).toMatchObject({
      kind: 'and',
      of: [{ kind: 'equal' }, { kind: 'other' }],
    });
  });

  it.each(['PARTIAL count(*)', 'row_number() OVER (?)', 'e.*', ''])('claims nothing of %j', (text) => {
    expect(parseOperand(parser, text)).toEqual({ kind: 'other' });
  });
});

describe('the text of a query', () => {
  it.each([
    ['UPDATE t SET a = 1, ("B", c) = (SELECT 1, 2), d[1] = 3 WHERE e = f', ['a', 'B', 'c', 'd']],
    ['INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.b, "C" = 1', ['b', 'C']],
    ['INSERT INTO t VALUES (1)', []],
    ["SELECT 'set a = 1'", []],
    ['SELECT FROM', []],
  ])('%s sets %j', (sql, sets) => {
    expect(parseQuery(parser, sql).sets).toEqual(sets);
  });

  it.each([
    ['SELECT 1 WHERE a AND NOT EXISTS (SELECT FROM t)', true],
    ["SELECT 'exists (select)' FROM t WHERE a IN (SELECT b FROM u)", false],
  ])('%s: %j', (sql, exists) => {
    expect(parseQuery(parser, sql).exists).toBe(exists);
  });
});
