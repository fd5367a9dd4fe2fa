import { SqlLines } from '../../../scripts/local/sql/sql-lines';

function cut(text: string) {
  const lines = new SqlLines();
  const found = text.split('\n').flatMap((line, index) => lines.push(line, index + 1));
  return { found, rest: lines.rest, unclosed: lines.unclosed };
}

test('statements end at semicolons, each with the line that it begins on', () => {
  const { found, rest } = cut(
    '\n-- first; of all\nSELECT 1; SELECT\n  2;\n/* not; /* this; */ nor this; */\n\nSELECT 3',
  );
  expect(found).toEqual([
    { sql: 'SELECT 1', line: 3 },
    { sql: 'SELECT\n  2', line: 3 },
  ]);
  expect(rest).toEqual({ sql: 'SELECT 3', line: 7 });
});

test.each([
  ["SELECT ';', 'it''s;', \"a;b\", E'\\';', U&'\\0041;'", 1],
  ['SELECT $$;$$, $tag$ ; $$ ; $tag$, $1', 1],
  ['DO $$ BEGIN\n PERFORM 1;\n END $$', 1],
  ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\n SELECT 1;\n SELECT CASE WHEN true THEN 1 END;\nEND', 1],
  ['BEGIN; SELECT CASE WHEN true THEN 1 END; COMMIT', 3],
  ["INSERT INTO t VALUES ('two\nlines;\n')", 1],
  ['SELECT a$b$ FROM t', 1],
])('%j is one statement, or %d', (sql, count) => {
  const { found, rest, unclosed } = cut(`${sql};`);
  expect([found.length, rest, unclosed]).toEqual([count, undefined, undefined]);
  if (count === 1) expect(found[0]?.sql).toBe(sql);
});

test.each([
  ["SELECT 'a;\n;", "a string (')"],
  ['SELECT "a;', 'a name (")'],
  ['SELECT $x$ ; $$ ;', 'a string ($x$)'],
  ['SELECT 1; /* /* */ ;', 'a comment (/*)'],
])('what is left open is named: %j', (sql, what) => {
  expect(cut(sql).unclosed).toBe(what);
});
