import { parseDistribution } from '../../config/workload/distribution';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import { ScaleoutError } from '../../scripts/lib/errors';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const SPEC = parseDistribution(
  `online: false
shardCount: 4
tables:
  team: { distributeBy: id }
  job: { distributeBy: team_id, colocateWith: team }
  room: { distributeBy: team_id, colocateWith: team }
  '"Odd ""One"""': { distributeBy: team_id, colocateWith: team }
`,
  'distribution.yaml',
);

platformSuite('rows that refer to nothing once foreign keys come back', () => {
  let database: TestDatabase;
  const run = (sql: string): Promise<Record<string, unknown>[]> => query(database.target, sql);
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await run(
      `CREATE TABLE team (id int PRIMARY KEY);
       CREATE TABLE job (team_id int REFERENCES team ON DELETE CASCADE, id int, PRIMARY KEY (team_id, id));
       CREATE TABLE room (team_id int, no int, PRIMARY KEY (team_id, no));
       CREATE TABLE "Odd ""One""" (team_id int NOT NULL, "my no" int,
         CONSTRAINT "as whole" FOREIGN KEY (team_id, "my no") REFERENCES room MATCH FULL);
       INSERT INTO team SELECT generate_series(1, 9); INSERT INTO job SELECT i, i FROM generate_series(1, 9) i;
       INSERT INTO room SELECT i, i FROM generate_series(1, 9) i;
       INSERT INTO "Odd ""One""" SELECT i, i FROM generate_series(1, 9) i`,
    );
  });
  afterAll(() => database.drop());

  const apply = () => tablesApply(testContext(), { target: database.target, expected: SPEC });
  const failure = async (): Promise<ScaleoutError> => {
    const error: unknown = await apply().catch((thrown: unknown) => thrown);
    if (error instanceof ScaleoutError) return error;
    throw error;
  };

  test('are foretold with the actions that a foreign key does not take', async () => {
    const { document } = await tablesPlan(testContext(), { target: database.target, expected: SPEC });
    const comments = Object.fromEntries(document.steps.map(({ id, comment }) => [id, comment]));
    expect(comments['drop-foreign-key:job:job_team_id_fkey']).toMatch(
      /nothing checks that team_id exists in team, a DELETE from team leaves the rows of job as they are \(no CASCADE\), and an UPDATE of its id is not refused \(NO ACTION\)/,
    );
  });

  test('are listed by the query in the error, which names the table and the key', async () => {
    const stopping = testContext((event, ask) => {
      if (event.name === 'step.done' && event.step === 'distribute:team') ask();
    });
    await expect(tablesApply(stopping, { target: database.target, expected: SPEC })).rejects.toMatchObject({
      code: 'run.stopped',
    });
    await run(`DELETE FROM team WHERE id = 3; INSERT INTO "Odd ""One""" VALUES (5, NULL), (6, 1)`);

    const job = await failure();
    expect(job.message).toMatch(
      /foreign key job_team_id_fkey of job was away, .* refer to nothing in team\./,
    );
    expect(await run(String(job.details['orphans']))).toEqual([{ team_id: 3, id: 3 }]);
    await run('DELETE FROM job WHERE team_id = 3');

    const odd = await failure();
    expect(odd).toMatchObject({
      code: 'tables.step-failed',
      details: { sqlState: '23503', table: '"Odd ""One"""' },
    });
    expect(odd.message).toContain('foreign key as whole of "Odd ""One"""');
    expect(odd.message).toContain(String(odd.details['orphans']));
    expect(odd.message.split('\n').length).toBeLessThanOrEqual(10);
    expect(await run(`${String(odd.details['orphans'])} ORDER BY 1`)).toEqual([
      { team_id: 5, 'my no': null },
      { team_id: 6, 'my no': 1 },
    ]);
    await run(`DELETE FROM "Odd ""One""" WHERE "my no" IS DISTINCT FROM team_id`);

    await apply();
    expect(await run(String(job.details['orphans']))).toEqual([]);
    expect(
      await run(
        'SELECT conname FROM pg_constraint WHERE contype = \'f\' AND convalidated AND conrelid IN (to_regclass(\'job\'), to_regclass(\'"Odd ""One"""\'))',
      ),
    ).toHaveLength(2);
  });
});
