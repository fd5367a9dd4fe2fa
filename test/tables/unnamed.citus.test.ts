import { parseDistribution } from '../../config/workload/distribution';
import { tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { citusSuite, freshCitusDatabase } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const SPEC = parseDistribution(
  'shardCount: 4\ntables:\n  team: { distributeBy: id }\n  kind: { reference: true }\nschemas:\n  named: { local: true }\n',
  'distribution.yaml',
);

citusSuite('tables that no specification names', { workers: 0 }, () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await query(
      database.target,
      `CREATE TABLE team (id int PRIMARY KEY); CREATE TABLE kind (id int PRIMARY KEY);
       CREATE SCHEMA named; CREATE TABLE named.inside (id int);
       CREATE SCHEMA scaleout; CREATE TABLE scaleout.note (id int);
       CREATE VIEW teams AS TABLE team; CREATE MATERIALIZED VIEW kept AS TABLE team`,
    );
  });
  afterAll(() => database.drop());

  const plan = (strict: boolean) =>
    tablesPlan(testContext(), { target: database.target, expected: SPEC, strict });
  const verify = async (strict: boolean) => {
    const { document, outcome } = await tablesVerify(testContext(), {
      target: database.target,
      expected: SPEC,
      strict,
    });
    return { outcome, check: document.checks.find(({ id }) => id === 'unnamed-tables') };
  };

  test('are none where all are named', async () => {
    expect(await plan(true)).toMatchObject({
      outcome: 'changes',
      document: { unnamedTables: [] },
      text: expect.not.stringContaining('not named') as string,
    });
    expect((await verify(true)).check).toBeUndefined();
  });

  test('are counted and listed, and refused where asked', async () => {
    await query(
      database.target,
      `CREATE TABLE lone (id int); CREATE SCHEMA other; CREATE TABLE other."A part" (at date) PARTITION BY RANGE (at);
       CREATE TABLE other.part_1 PARTITION OF other."A part" DEFAULT; CREATE TABLE member (kind int REFERENCES kind)`,
    );
    const words =
      '3 tables of the database are not named in the specification: other.A part, lone and member';
    const way = '"other.A part": { local: true }';
    expect(await plan(false)).toMatchObject({
      outcome: 'changes',
      document: { unnamedTables: ['other.A part', 'lone', 'member'] },
      text: expect.stringContaining(words) as string,
    });
    expect(await plan(true)).toMatchObject({
      outcome: 'refused',
      text: expect.stringContaining(words) as string,
      verdict: expect.stringContaining(way) as string,
    });
    expect((await verify(false)).check).toEqual({
      id: 'unnamed-tables',
      ok: true,
      warning: true,
      detail: words,
    });
    expect(await verify(true)).toMatchObject({
      outcome: 'failed',
      check: {
        ok: false,
        detail: expect.stringMatching(/--strict .*"other.A part": \{ local: true \}/) as string,
      },
    });
  });
});
