import type { Distribution } from '../../config/workload/distribution-types';
import { parseDistribution } from '../../config/workload/distribution';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';
import { databaseState } from './support/state';

jest.setTimeout(120_000);

const spec = (text: string): Distribution => parseDistribution(text, 'distribution.yaml');

const TABLES =
  'CREATE TABLE cust (org int NOT NULL, id int NOT NULL, name text, PRIMARY KEY (org, id)); CREATE TABLE other (id int PRIMARY KEY)';
const OPERATOR = `
CREATE FUNCTION alike(int, int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 = $2';
CREATE OPERATOR === (FUNCTION = alike, LEFTARG = int, RIGHTARG = int);`;
const NAME_OF = "CREATE FUNCTION name_of(c cust) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT c.name';";

/** What table `cust` may need, and what the plan says of it; `other` is a table that Citus does not know. */
const REFUSED: readonly [name: string, sql: string, words: RegExp][] = [
  [
    'a view by a function of the row',
    `${NAME_OF} CREATE VIEW v AS SELECT name_of(c) FROM cust c; CREATE VIEW w AS SELECT * FROM v`,
    /view public\.v needs function public\.name_of\(public\.cust\), which rests on table cust itself/,
  ],
  [
    'a view by a function of many rows',
    "CREATE FUNCTION f(c cust[]) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW v AS SELECT f(array[c]) FROM cust c",
    /view public\.v needs function public\.f\(public\.cust\[\]\), which rests on table cust itself/,
  ],
  [
    'a view by a function of another view',
    "CREATE VIEW u AS SELECT * FROM cust; CREATE FUNCTION f(u) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW v AS SELECT f(u) FROM u",
    /view public\.v needs function public\.f\(public\.u\), which rests on table cust itself/,
  ],
  [
    'a view by an aggregate',
    "CREATE FUNCTION add(n int, c cust) RETURNS int LANGUAGE sql AS 'SELECT n'; CREATE AGGREGATE total(cust) (SFUNC = add, STYPE = int); CREATE VIEW v AS SELECT total(c) FROM cust c",
    /view public\.v needs function public\.total\(public\.cust\), which rests on table cust itself/,
  ],
  [
    'a view by a composite type',
    'CREATE TYPE wrap AS (c cust, n int); CREATE VIEW v AS SELECT row(c, 1)::wrap FROM cust c',
    /view public\.v needs type public\.wrap, which rests on table cust itself/,
  ],
  [
    'a view by a domain',
    'CREATE DOMAIN whole AS cust; CREATE VIEW v AS SELECT c.id FROM cust c WHERE c::whole IS NULL',
    /view public\.v needs type public\.whole, which rests on table cust itself/,
  ],
  [
    'a view by a body in standard SQL',
    'CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM other; END; CREATE VIEW v AS SELECT f() FROM cust',
    /view public\.v needs function public\.f\(\), which rests on table other, .* distribute other in a run before/,
  ],
  [
    'a default',
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT count(*)::int FROM cust; END; ALTER TABLE cust ALTER id SET DEFAULT f()',
    /default value for column id of table public\.cust needs function public\.f\(\), which rests on table cust itself/,
  ],
  [
    'an index',
    `${NAME_OF} CREATE INDEX named ON cust (name_of(cust))`,
    /index public\.named needs function public\.name_of\(public\.cust\), which rests on table cust itself/,
  ],
  [
    'a policy',
    'CREATE FUNCTION f() RETURNS bool LANGUAGE sql BEGIN ATOMIC SELECT true FROM cust; END; CREATE POLICY p ON cust USING (f())',
    /policy p on table public\.cust needs function public\.f\(\), which rests on table cust itself/,
  ],
  [
    'a check of the whole row',
    'ALTER TABLE cust ADD CONSTRAINT there CHECK (cust IS NOT NULL)',
    /constraint there on table public\.cust needs the whole row, which rests on table cust itself/,
  ],
  [
    'a column of another row',
    'ALTER TABLE cust ADD COLUMN o other',
    /table public\.cust needs type public\.other, which rests on table other,/,
  ],
  [
    'a range',
    'CREATE TYPE span AS RANGE (subtype = int); ALTER TABLE cust ADD s span',
    /table public\.cust needs type public\.span, and Citus creates no ranges/,
  ],
  [
    'ranges in an array, by a domain, as several',
    'CREATE TYPE span AS RANGE (subtype = int); CREATE DOMAIN wide AS span; ALTER TABLE cust ADD s span[], ADD w wide, ADD m span_multirange',
    /needs type public\.span\[\], and(.|\n)*needs type public\.span_multirange, and(.|\n)*needs type public\.wide, and/,
  ],
  [
    'a range in a function of a view',
    "CREATE TYPE span AS RANGE (subtype = int); CREATE FUNCTION f(span) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW v AS SELECT f(span(1, id)) FROM cust",
    /view public\.v needs function public\.f\(public\.span\), and Citus creates no ranges/,
  ],
  [
    'an operator of a check',
    `${OPERATOR} ALTER TABLE cust ADD CONSTRAINT same CHECK (id === id)`,
    /constraint same on table public\.cust needs operator public\.===\(integer,integer\), and Citus creates no/,
  ],
  [
    'an operator of an index',
    `${OPERATOR} CREATE INDEX same ON cust (id) WHERE id === id`,
    /index public\.same needs operator public\.===\(integer,integer\), and Citus creates no/,
  ],
  [
    'an operator of a body in standard SQL',
    `${OPERATOR} CREATE FUNCTION f(int) RETURNS bool IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT $1 === $1; END; CREATE VIEW v AS SELECT f(id) FROM cust`,
    /view public\.v needs function public\.f\(integer\), and Citus creates no/,
  ],
];

/** What looks like the above, and Citus takes. */
const TAKEN = `
${OPERATOR}
CREATE TYPE kind AS ENUM ('a', 'b'); CREATE TYPE pair AS (a int, k kind); CREATE DOMAIN small AS int CHECK (VALUE > 0);
ALTER TABLE cust ADD k kind, ADD p pair, ADD ps pair[], ADD s small, ADD r int4range;
CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT $1 * 2; END;
ALTER TABLE cust ADD CHECK (twice(id) > 0); CREATE INDEX ON cust (twice(id)); CREATE VIEW v3 AS SELECT twice(id) FROM cust JOIN other USING (id);
CREATE SEQUENCE s OWNED BY cust.id; ALTER TABLE cust ALTER id SET DEFAULT nextval('s');
CREATE COLLATION plain (LOCALE = 'C'); ALTER TABLE cust ADD t text COLLATE plain;
CREATE VIEW v1 AS SELECT id === id AS same FROM cust;
CREATE VIEW v2 AS SELECT c, array_agg(c) AS rows FROM cust c WHERE c IS NOT NULL GROUP BY c;
${NAME_OF}`;

platformSuite('what Citus would have to create before a table', () => {
  let database: TestDatabase;
  const expected = spec('online: false\ntables:\n  cust: { distributeBy: org }\n');
  const run = (sql: string): Promise<Record<string, unknown>[]> => query(database.target, sql);

  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await run(TABLES);
  });
  afterEach(async () => database.drop());

  test.each(REFUSED)(
    'and cannot is refused by name, as Citus itself refuses the table: %s',
    async (_name, sql, words) => {
      await run(sql);
      const before = await databaseState(database.platform);
      await expect(tablesPlan(testContext(), { target: database.target, expected })).rejects.toMatchObject({
        code: 'tables.preconditions',
        message: expect.stringMatching(words) as string,
      });
      expect(await databaseState(database.platform)).toEqual(before);
      await expect(run("SELECT create_distributed_table('cust', 'org')")).rejects.toMatchObject({
        severity: 'ERROR',
      });
    },
  );

  test('and can is taken', async () => {
    await run(TAKEN);
    await tablesApply(testContext(), { target: database.target, expected });
    expect(
      await run("SELECT count(*)::int AS n FROM citus_tables WHERE table_name = 'cust'::regclass"),
    ).toEqual([{ n: 1 }]);
  });

  test('another table comes first where it is distributed before', async () => {
    await run('ALTER TABLE cust ADD COLUMN o other');
    await tablesApply(testContext(), {
      target: database.target,
      expected: spec('tables:\n  other: { reference: true }\n'),
    });
    const both = spec(
      'online: false\ntables:\n  other: { reference: true }\n  cust: { distributeBy: org }\n',
    );
    await tablesApply(testContext(), { target: database.target, expected: both });
    expect(
      (await tablesPlan(testContext(), { target: database.target, expected: both })).document.steps,
    ).toEqual([]);
  });
});
