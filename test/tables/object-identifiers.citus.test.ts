import { parseDistribution } from '../../config/workload/distribution';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const SCHEMA = `
CREATE TABLE note (x int);
CREATE DOMAIN relation AS regclass;
CREATE TYPE place AS (name text, type regtype[]);
CREATE TABLE audited (id int PRIMARY KEY, plain text, of regclass, "In" relation, at place[], language regconfig, acl aclitem[], file oid);
INSERT INTO audited SELECT i, 'x', 'note', 'note', NULL, 'english', NULL, 5 FROM generate_series(1, 20) i;
`;

platformSuite('columns of object identifiers', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await query(database.target, SCHEMA);
  });
  afterAll(() => database.drop());

  const plan = async (tables: string) =>
    (
      await tablesPlan(testContext(), {
        target: database.target,
        expected: parseDistribution(`online: false\ntables: { ${tables} }`, 'distribution.yaml'),
      })
    ).document.findings.filter(({ id }) => /^(object-identifiers|large-objects):/.test(id));

  test('need an allowance, however deep in a type; oid only beside large objects', async () => {
    const ids = ['of', 'In', 'at', 'language', 'acl'].map((name) => `object-identifiers:audited.${name}`);
    for (const tables of ['audited: { distributeBy: id }', 'audited: { reference: true }']) {
      expect((await plan(tables)).map(({ id, needs }) => [id, needs])).toEqual(
        ids.map((id) => [id, 'allowance']),
      );
    }
    expect(await plan('audited: { local: true }')).toEqual([]);
    await query(database.target, 'SELECT lo_create(5)');
    const found = await plan('audited: { distributeBy: id }');
    expect(found.map(({ id }) => id)).toEqual([...ids, 'large-objects:audited.file']);
    await query(database.target, 'SELECT lo_unlink(5)');
  });

  test('an enum needs an allowance as what tables are distributed by, and nowhere else', async () => {
    await query(
      database.target,
      `CREATE TYPE colour AS ENUM ('red', 'green'); CREATE DOMAIN shade AS colour; CREATE TABLE painted (c colour NOT NULL, s shade[] NOT NULL, id int)`,
    );
    const ids = async (column: string): Promise<string[]> => {
      const { document } = await tablesPlan(testContext(), {
        target: database.target,
        expected: parseDistribution(
          `online: false\ntables: { painted: { distributeBy: ${column} } }`,
          'distribution.yaml',
        ),
      });
      return document.findings.filter(({ needs }) => needs === 'allowance').map(({ id }) => id);
    };
    expect(await ids('c')).toEqual(['enum-hash:painted.c']);
    expect(await ids('s')).toEqual(['enum-hash:painted.s']);
    expect(await ids('id')).toEqual([]);
  });

  test('stop a run, which passes once they are text', async () => {
    const expected = parseDistribution(
      'online: false\ntables: { audited: { distributeBy: id } }',
      'distribution.yaml',
    );
    const input = { target: database.target, expected };
    await expect(tablesApply(testContext(), input)).rejects.toThrow(
      /object-identifiers:audited\.of: .*ALTER TABLE "public"\."audited" ALTER COLUMN "of" TYPE text/,
    );
    await query(
      database.target,
      `ALTER TABLE audited DROP acl, DROP at, ALTER of TYPE text, ALTER "In" TYPE text, ALTER language TYPE text`,
    );
    const { document } = await tablesApply(testContext(), input);
    expect(document.rows?.tables).toEqual([expect.objectContaining({ same: true })]);
    expect(await query(database.target, 'SELECT DISTINCT of, "In", language FROM audited')).toEqual([
      { of: 'note', In: 'note', language: 'english' },
    ]);
  });
});
