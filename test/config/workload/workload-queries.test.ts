import { parseQueries } from '../../../config/workload/workload-queries';
import { issuesOf } from '../../support/faults';

const parse = (text: string) => parseQueries(text, 'queries.sql');

describe('parseQueries', () => {
  test('reads names, expected tasks and one statement each', async () => {
    const text = `-- Some words about: nothing.

-- name: outliers
-- tasks: all
SELECT ';' AS semicolon, $$;$$ -- a comment; here
  FROM events;

-- name: one-device
-- tasks: 1
-- role: Web App
SELECT 1;
-- name: anything
SELECT 2; -- closing words
`;
    expect(
      await parse(text.replace('-- Some words about: nothing.', '-- Some words, about nothing.')),
    ).toEqual([
      {
        name: 'outliers',
        expectedTasks: 'all',
        sql: `SELECT ';' AS semicolon, $$;$$ -- a comment; here\n  FROM events`,
      },
      { name: 'one-device', expectedTasks: 1, role: 'Web App', sql: 'SELECT 1' },
      { name: 'anything', sql: expect.stringMatching(/^SELECT 2/) as string },
    ]);
  });

  test.each([
    [String.raw`SELECT E'a\'; b';`, String.raw`SELECT E'a\'; b'`],
    ['/* x /* ; */ ; */ SELECT 1;', '/* x /* ; */ ; */ SELECT 1'],
    [`SELECT U&"d\\0061t;" FROM "a;b" /* ; */ ; -- ;`, `SELECT U&"d\\0061t;" FROM "a;b" /* ; */`],
    ['SELECT $x$ $y$ ; $x$, $1;', 'SELECT $x$ $y$ ; $x$, $1'],
    ["SELECT 'größer; ü' ;;", "SELECT 'größer; ü'"],
    // Whether it is one that PostgreSQL understands, the server says.
    ['SELEC 1;', 'SELEC 1'],
  ])('takes %s for one statement', async (text, sql) => {
    expect(await parse(`-- name: a\n${text}\n`)).toEqual([{ name: 'a', sql }]);
  });

  test.each([
    [
      'there is none',
      '-- nothing here',
      ['queries.sql:1: holds no query: start one with a line "-- name: NAME"'],
    ],
    [
      'a statement has no name',
      '\nSELECT 1;',
      ['queries.sql:2: "SELECT 1;" stands before the first query: name it with a line "-- name: NAME" above'],
    ],
    [
      'a header is misspelt',
      '-- name: a\n-- task: 1\nSELECT 1;',
      [
        'queries.sql:2: a: unknown header "task" (did you mean "tasks"?): the headers are name, tasks or role',
      ],
    ],
    [
      'a header comes too early or twice',
      '-- tasks: 1\n-- name: a\n-- tasks: 1\n-- tasks: 2\nSELECT 1;',
      [
        'queries.sql:1: a tasks header stands before the first name: put it under one',
        'queries.sql:4: a: has a second tasks header: keep one',
      ],
    ],
    [
      'a role has no name or comes twice',
      '-- role: a\n-- name: a\n-- role:\nSELECT 1;\n-- name: b\n-- role: app\n-- role: other\nSELECT 1;',
      [
        'queries.sql:1: a role header stands before the first name: put it under one',
        'queries.sql:3: a: has a role header without a name: write one, or take it out',
        'queries.sql:7: b: has a second role header: keep one',
      ],
    ],
    [
      'the tasks are no count',
      '-- name: a\n-- tasks: 0\nSELECT 1;',
      ['queries.sql:2: a: tasks is "0": it must be all (one to a shard) or a whole number from 1'],
    ],
    [
      'statements are missing, open, or several',
      '-- name: a\n-- name: b\nSELECT 1\n-- name: c\nSELECT 1; SELECT 2;',
      [
        'queries.sql:1: a: has no statement: write one under its header',
        'queries.sql:2: b: does not end with a semicolon: close the statement',
        'queries.sql:4: c: holds more than one statement: give each its own name',
      ],
    ],
    [
      'a string or a comment is left open',
      "-- name: a\nSELECT 'x;\n-- name: b\nSELECT 1; /* /* */",
      [
        expect.stringMatching(
          /^queries.sql:1: a: cannot be read as SQL \(unterminated quoted string at or near "'x;"\): close/,
        ),
        expect.stringMatching(/^queries.sql:3: b: cannot be read as SQL \(unterminated \/\* comment/),
      ] as string[],
    ],
    [
      'names are odd or taken',
      '-- name: Two words\nSELECT 1;\n-- name: a\nSELECT 1;\n-- name: a\nSELECT 1;',
      [
        'queries.sql:1: "Two words" is no name of a query: use small letters, digits and hyphens, as in outliers',
        'queries.sql:5: a: is the name of an earlier query as well: give each its own',
      ],
    ],
  ])('fails when %s', async (_title, text, faults) => {
    expect(await issuesOf(parse(text))).toEqual(faults);
  });
});
