import type { Distribution } from '../../../config/workload/distribution-types';
import { tablesApply, tablesPlan, tablesVerify } from '../../../scripts/tables/commands';
import type { Check } from '../../../scripts/tables/verify/check';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { distribution, named } from '../../tables/support/catalog';
import { query, testContext } from '../../tables/support/sensors';

jest.setTimeout(120_000);

const byFirm = (name: string, beside?: string): Distribution['tables'][number] => ({
  kind: 'distributed',
  table: named(name),
  distributeBy: 'firm_id',
  ...(beside === undefined ? {} : { colocateWith: named(beside) }),
});

const METERS = `
CREATE TABLE meter (firm_id bigint NOT NULL, id bigint NOT NULL, code text, PRIMARY KEY (firm_id, id));
CREATE TABLE tariff (firm_id bigint NOT NULL, id bigint NOT NULL, meter_id bigint NOT NULL, price int, PRIMARY KEY (firm_id, id),
  CONSTRAINT tariff_meter FOREIGN KEY (firm_id, meter_id) REFERENCES meter);
CREATE TABLE usage (firm_id bigint NOT NULL, id bigint NOT NULL, meter_id bigint NOT NULL, PRIMARY KEY (firm_id, id),
  CONSTRAINT usage_meter FOREIGN KEY (firm_id, meter_id) REFERENCES meter);
INSERT INTO meter SELECT g % 100, g, 'c' FROM generate_series(1, 1000) g;
INSERT INTO tariff SELECT g % 100, g, g, 1 FROM generate_series(1, 1000) g;
INSERT INTO usage SELECT g % 100, g, g FROM generate_series(1, 1000) g;
CREATE MATERIALIZED VIEW priced AS SELECT u.id, t.price FROM usage u
  LEFT JOIN (SELECT m.id, t.price FROM meter m JOIN tariff t ON t.meter_id = m.id) t ON t.id = u.meter_id;
ANALYZE meter, tariff, usage`;

const BILLS = `
CREATE TABLE buyer (firm_id bigint NOT NULL, id bigint NOT NULL, email text, PRIMARY KEY (firm_id, id));
CREATE TABLE bill (firm_id bigint NOT NULL, id bigint NOT NULL, email text, amount int, PRIMARY KEY (firm_id, id));
INSERT INTO buyer SELECT g % 100, g, 'e' || g FROM generate_series(1, 1000) g;
INSERT INTO bill SELECT g % 100, g, 'e' || g % 500, g FROM generate_series(1, 3000) g;
CREATE VIEW spent AS SELECT u.email, sum(b.amount) AS amount FROM buyer u JOIN bill b ON b.email = u.email GROUP BY u.email;
CREATE VIEW worst AS SELECT u.id, l.id AS bill FROM buyer u
  LEFT JOIN LATERAL (SELECT b.id FROM bill b WHERE b.email = u.email ORDER BY amount DESC LIMIT 1) l ON true;
CREATE VIEW paid AS SELECT u.id, sum(b.amount) AS amount FROM buyer u JOIN bill b ON b.firm_id = u.firm_id GROUP BY u.id;
ANALYZE buyer, bill`;

const FIRMS = distribution({ tables: [byFirm('buyer'), byFirm('bill', 'buyer')] });

platformSuite('views that Citus will not run', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 0 });
  });
  afterEach(async () => {
    await database.drop();
  });

  const verified = async (expected: Distribution): Promise<Check[]> => {
    const { document } = await tablesVerify(testContext(), { target: database.target, expected });
    return document.checks.filter(({ id }) => id.startsWith('view:'));
  };

  it('a materialized one is refused by name before anything changes', async () => {
    const { target } = database;
    await query(target, METERS);
    const expected = distribution({
      tables: [byFirm('meter'), byFirm('tariff', 'meter'), byFirm('usage', 'meter')],
    });
    const plan = tablesPlan(testContext(), { target, expected });
    await expect(plan).rejects.toThrow(
      /materialized view priced can be neither created again nor refreshed .* it joins meter and tariff on other columns than their distribution columns\. .*drop it/,
    );
    await query(target, 'DROP MATERIALIZED VIEW priced');
    const { document } = await tablesPlan(testContext(), { target, expected });
    expect(document.steps.length).toBeGreaterThan(3);
  });

  it('plain ones are named in the plan, and verify finds them', async () => {
    const { target } = database;
    await query(target, BILLS);
    const { document } = await tablesPlan(testContext(), { target, expected: FIRMS });
    expect(document.findings).toEqual(
      ['spent', 'worst'].map((name) => ({
        id: `view-will-fail:${name}`,
        needs: 'allowance',
        allowed: false,
        message: expect.stringContaining(
          `view ${name} answers today and fails once its tables are distributed, because it joins buyer and bill on other columns`,
        ) as string,
      })),
    );
    expect(await verified(FIRMS)).toEqual(
      ['paid', 'spent', 'worst'].map((name) => ({ id: `view:${name}`, ok: true, detail: 'can be run' })),
    );

    const allow = document.findings.map(({ id }) => ({ id, reason: 'nobody asks these any more' }));
    await tablesApply(testContext(), { target, expected: { ...FIRMS, online: false, allow } });
    expect(await verified(FIRMS)).toEqual([
      { id: 'view:paid', ok: true, detail: 'can be run' },
      { id: 'view:spent', ok: false, detail: expect.stringContaining('requires repartitioning') as string },
      { id: 'view:worst', ok: false, detail: expect.stringContaining('complex joins are only') as string },
    ]);
    // What fails already is nothing that another run does.
    const more = distribution({ ...FIRMS, shardCount: 8 });
    expect((await tablesPlan(testContext(), { target, expected: more })).document.findings).toEqual([]);
  });

  const OWED = `
CREATE MATERIALIZED VIEW owed AS SELECT b.* FROM bill b
 WHERE EXISTS (SELECT FROM buyer u WHERE u.firm_id = b.firm_id AND u.email = b.email)`;

  it('a materialized one is filled while the tables that it joins are all on the coordinator', async () => {
    const { target } = database;
    await query(target, `${BILLS}; DROP VIEW spent, worst, paid; ${OWED}`);
    const { document } = await tablesPlan(testContext(), { target, expected: FIRMS });
    expect(document.steps.map(({ action, table, blocksWrites }) => [action, table, blocksWrites])).toEqual([
      ['convert-to-citus-local', 'buyer', true],
      ['convert-to-citus-local', 'bill', true],
      ['distribute', 'buyer', false],
      ['distribute', 'bill', false],
    ]);
    const rows = await query(target, 'SELECT count(*), sum(id) FROM owed');
    await tablesApply(testContext(), { target, expected: FIRMS });
    expect(await query(target, 'SELECT count(*), sum(id) FROM owed')).toEqual(rows);
    await query(target, 'REFRESH MATERIALIZED VIEW owed');
    expect(await query(target, 'SELECT count(*), sum(id) FROM owed')).toEqual(rows);
  });

  it('a materialized one that rests on a distributed table keeps another from going by way of a Citus local table', async () => {
    const { target } = database;
    await query(
      target,
      `${BILLS}; DROP VIEW spent, worst, paid; SELECT create_distributed_table('buyer', 'firm_id', shard_count => 32, colocate_with => 'none'); ${OWED} WITH NO DATA`,
    );
    const { document } = await tablesPlan(testContext(), { target, expected: FIRMS });
    const copies = document.steps.filter(({ action }) => action === 'distribute');
    expect(copies.map(({ table, blocksWrites }) => [table, blocksWrites])).toEqual([['bill', true]]);
    expect(copies[0]?.comment).toMatch(/creates materialized view owed again, and cannot/);
    await tablesApply(testContext(), { target, expected: FIRMS });
    await query(target, 'REFRESH MATERIALIZED VIEW owed');
  });

  it('a subquery without a column can be planned and not run, and is named all the same', async () => {
    const { target } = database;
    await query(
      target,
      `${BILLS}; DROP VIEW spent, worst, paid;
       CREATE VIEW any_bill AS SELECT id FROM buyer WHERE EXISTS (SELECT FROM bill);
       CREATE VIEW any_row AS SELECT id FROM buyer WHERE EXISTS (SELECT 1 FROM bill);`,
    );
    const { document } = await tablesPlan(testContext(), { target, expected: FIRMS });
    expect(document.findings.map(({ id }) => id)).toEqual(['view-will-fail:any_bill']);
    const allow = document.findings.map(({ id }) => ({ id, reason: 'tried here' }));
    await tablesApply(testContext(), { target, expected: { ...FIRMS, online: false, allow } });
    await expect(query(target, 'SELECT count(*) FROM any_bill')).rejects.toThrow(/column definition list/);
    expect(await query(target, 'SELECT count(*)::int FROM any_row')).toEqual([{ count: 1000 }]);
  });

  it('what nobody may ask is no failure, and a refused question leaves the session as it was', async () => {
    const { target, platform } = database;
    await query(target, BILLS);
    await query(platform, 'CREATE SCHEMA hidden; CREATE VIEW hidden.emails AS SELECT email FROM buyer');
    await query(
      platform,
      'CREATE VIEW secret AS SELECT email FROM public.bill; REVOKE ALL ON secret FROM PUBLIC',
    );
    const checks = await verified(FIRMS);
    expect(checks.map(({ id, ok, warning }) => [id, ok, warning])).toEqual([
      ['view:hidden.emails', true, true],
      ['view:paid', true, undefined],
      ['view:secret', true, true],
      ['view:spent', true, undefined],
      ['view:worst', true, undefined],
    ]);
    const { document } = await tablesPlan(testContext(), { target, expected: { ...FIRMS, online: false } });
    expect(document.findings.map(({ id }) => id)).toEqual(['view-will-fail:spent', 'view-will-fail:worst']);
  });

  it('tables of distributed schemas and of other files count where they are', async () => {
    const { target } = database;
    await query(
      target,
      `CREATE SCHEMA one; CREATE SCHEMA two;
       CREATE TABLE one.t (id int PRIMARY KEY, n int); CREATE TABLE one.u (id int PRIMARY KEY, n int);
       CREATE TABLE two.t (id int PRIMARY KEY, n int);
       CREATE TABLE far (id int PRIMARY KEY, n int); SELECT create_distributed_table('far', 'id');
       CREATE TABLE near (id int PRIMARY KEY, n int);
       CREATE VIEW within AS SELECT t.id, u.n FROM one.t JOIN one.u USING (n);
       CREATE VIEW across AS SELECT t.id, u.n FROM one.t JOIN two.t u USING (n);
       CREATE VIEW beyond AS SELECT t.id, far.n FROM one.t JOIN far USING (n);
       CREATE VIEW beside AS SELECT t.id, near.n FROM one.t JOIN near USING (n);
       CREATE VIEW upon AS SELECT count(*) FROM across;`,
    );
    const expected = distribution({
      tables: [],
      schemas: [
        { kind: 'distributed', schema: 'one' },
        { kind: 'distributed', schema: 'two' },
      ],
    });
    const { document } = await tablesPlan(testContext(), { target, expected });
    const ids = document.findings.map(({ id }) => id.replace('view-will-fail:', ''));
    await tablesApply(testContext(), {
      target,
      expected: { ...expected, allow: document.findings.map(({ id }) => ({ id })) },
    });
    const failing = (await verified(expected)).filter(({ ok }) => !ok).map(({ id }) => id.slice(5));
    expect(ids.sort()).toEqual(failing.sort());
    expect(ids.sort()).toEqual(['across', 'beyond', 'upon']);
  });
});
