import { parseDistribution } from '../../config/workload/distribution';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const SPEC = parseDistribution(
  'online: false\nshardCount: 4\ntables:\n  t: { distributeBy: org }\n',
  'distribution.yaml',
);

platformSuite('a sequence that gives columns their defaults', () => {
  let database: TestDatabase;
  const run = (sql: string): Promise<Record<string, unknown>[]> => query(database.target, sql);
  const plan = () => tablesPlan(testContext(), { target: database.target, expected: SPEC });
  const apply = (...ids: string[]) =>
    tablesApply(testContext(), {
      target: database.target,
      expected: SPEC,
      allow: ids.map((id) => ({ id })),
    });
  const T = "CREATE TABLE t (org int NOT NULL, id int NOT NULL DEFAULT nextval('s'), PRIMARY KEY (org, id))";

  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
  });
  afterEach(() => database.drop());

  test.each([
    [
      'MAXVALUE 5000000000',
      '',
      /sequence s gives t\.id \(integer\) its default.*5000000000 is a bound of it/,
    ],
    ['', "SELECT setval('s', 3000000000)", /3000000000 is where it stands: make the column bigint/],
  ])('is refused where it does not fit the column: %s%s', async (options, then, message) => {
    await run(`CREATE SEQUENCE s ${options}; ${T}; INSERT INTO t (org) VALUES (1); ${then}`);
    await expect(plan()).rejects.toMatchObject({
      code: 'tables.preconditions',
      message: expect.stringMatching(message) as string,
    });
    // Citus's own refusal.
    await expect(run("SELECT create_distributed_table('t', 'org')")).rejects.toThrow(/out of range|MAXVALUE/);
  });

  test('is named where Citus narrows it, and asks for an allowance where another column loses by that', async () => {
    await run(`CREATE SEQUENCE s; ${T}; INSERT INTO t (org) VALUES (1)`);
    expect((await plan()).document.findings).toContainEqual(
      expect.objectContaining({ id: 'sequence-narrows:s', needs: 'none' }),
    );
    await run(
      "CREATE TABLE beside (id bigint DEFAULT nextval('s'), n int); INSERT INTO beside (n) VALUES (1)",
    );
    expect((await plan()).document.findings).toContainEqual(
      expect.objectContaining({
        id: 'sequence-narrows:s',
        needs: 'allowance',
        message: expect.stringMatching(/it ends at 2147483647, for beside\.id \(bigint\) too/) as string,
      }),
    );
    await expect(apply()).rejects.toMatchObject({ code: 'tables.not-allowed' });
    await apply('sequence-narrows:s');
    expect(
      await run("SELECT seqtypid::regtype::text AS type FROM pg_sequence WHERE seqrelid = 's'::regclass"),
    ).toEqual([{ type: 'integer' }]);
    expect((await plan()).document.findings).toEqual([]);
  });
});
