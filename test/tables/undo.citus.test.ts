import { parseDistribution } from '../../config/workload/distribution';
import { tablesApply, tablesUndo } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const SPEC = parseDistribution(
  'online: false\nshardCount: 4\ntables:\n  kind: { reference: true }\n  team: { distributeBy: id }\n  job: { distributeBy: team_id, colocateWith: team }\n',
  'distribution.yaml',
);

platformSuite('tables undo', () => {
  let database: TestDatabase;
  const run = (sql: string): Promise<Record<string, unknown>[]> => query(database.target, sql);
  const keys = (): Promise<Record<string, unknown>[]> =>
    run(
      "SELECT conrelid::regclass::text AS on, conname::text AS name, convalidated AS valid, obj_description(oid, 'pg_constraint') AS comment FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text IN ('job', 'team') ORDER BY 1, 2",
    );

  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await run(
      `CREATE TABLE kind (id int PRIMARY KEY); CREATE TABLE team (id int PRIMARY KEY);
       CREATE TABLE job (team_id int REFERENCES team, id int, kind int REFERENCES kind, PRIMARY KEY (team_id, id));
       COMMENT ON CONSTRAINT job_kind_fkey ON job IS 'what it is';
       INSERT INTO kind VALUES (1); INSERT INTO team SELECT generate_series(1, 9); INSERT INTO job SELECT i, i, 1 FROM generate_series(1, 9) i`,
    );
  });
  afterEach(() => database.drop());

  const breakOff = async (after: string): Promise<void> => {
    const stopping = testContext((event, ask) => {
      if (event.name === 'step.done' && event.step.startsWith(after)) ask();
    });
    await expect(tablesApply(stopping, { target: database.target, expected: SPEC })).rejects.toMatchObject({
      code: 'run.stopped',
    });
  };
  const undo = () => tablesUndo(testContext(), { target: database.target });

  test('puts back what a run that was broken off took away, and nothing a second time', async () => {
    const before = await keys();
    await breakOff('drop-foreign-key');
    expect(await keys()).not.toEqual(before);
    const { document, outcome } = await undo();
    expect(outcome).toBe('done');
    expect(document).toMatchObject({
      applied: expect.arrayContaining(['restore-foreign-key:job:job_kind_fkey']) as string[],
      left: [],
    });
    expect(await keys()).toEqual(before);
    expect(await run("SELECT FROM pg_namespace WHERE nspname = 'scaleout'")).toEqual([]);
    expect((await undo()).document).toEqual({ formatVersion: 1, applied: [], left: [] });
  });

  test('says what the tables do not allow as they are, which comes back when the run goes on', async () => {
    const before = await keys();
    await breakOff('distribute:team');
    const { document, text, outcome } = await undo();
    expect(outcome).toBe('failed');
    expect(document.left).toEqual([
      {
        table: 'job',
        foreignKey: 'job_team_id_fkey',
        why: expect.stringMatching(
          /a table that stays on the coordinator cannot reference a distributed one/,
        ) as string,
      },
    ]);
    expect(text).toMatch(/comes back when `tables apply` goes on/);
    expect((await keys()).map(({ name }) => name)).toEqual(['job_kind_fkey']);
    await tablesApply(testContext(), { target: database.target, expected: SPEC });
    expect(await keys()).toEqual(before);
  });

  test('leaves a key that would keep its table from ever being distributed, and the run goes on', async () => {
    await run(
      'ALTER TABLE job ADD no int GENERATED ALWAYS AS IDENTITY, ADD CONSTRAINT later CHECK (id > 0) NOT VALID',
    );
    const before = await keys();
    await breakOff('create-reference-table:kind');
    const { document } = await undo();
    expect(document.left).toEqual([
      {
        table: 'job',
        foreignKey: 'job_kind_fkey',
        why: expect.stringMatching(/with the key job would become a table of Citus's own/) as string,
      },
    ]);
    expect((await keys()).map(({ name }) => name)).toEqual(['job_team_id_fkey']);
    await tablesApply(testContext(), { target: database.target, expected: SPEC });
    expect(await keys()).toEqual(before);
  });
});
