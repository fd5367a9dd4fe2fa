import { distributionSchema, parseDistribution } from '../../../config/workload/distribution';
import { faultsOf } from '../../support/faults';

const parse = (text: string) => parseDistribution(text, 'distribution.yaml');

describe('schemas in distribution.yaml', () => {
  test('are read in the order of the file, with and without tables', () => {
    const text = `
schemas:
  tenant_1: { distributed: true }
  '"Tenant Two"': { distributed: true }
  archive: { local: true }
`;
    const schemas = [
      { kind: 'distributed', schema: 'tenant_1' },
      { kind: 'distributed', schema: 'Tenant Two' },
      { kind: 'local', schema: 'archive' },
    ];
    expect(parse(text)).toEqual({ shardCount: 32, online: true, tables: [], schemas });
    const beside = `tables: { kinds: { reference: true }, archive.log: { distributeBy: id } }${text}`;
    expect(parse(beside)).toMatchObject({
      tables: [{ table: { name: 'kinds' } }, { table: { schema: 'archive' } }],
      schemas,
    });
  });

  test('leave a file that names none as it was', () => {
    expect(parse('tables: { kinds: { reference: true } }')).not.toHaveProperty('schemas');
    expect(parse('tables: { kinds: { reference: true } }\nschemas: {}')).not.toHaveProperty('schemas');
  });

  test('show every fault at once, in the order of the file', () => {
    const text = `
tables:
  t.events: { distributeBy: id }
  '"T".events': { local: true }
  other.events: { reference: true }
schemas:
  t: { distributed: true }
  '"t"': { local: true }
  '"T"': { distributed: true }
  other: { local: true }
  public: { distributed: true }
  pg_catalog: { distributed: true }
  scaleout: { local: true }
  Tenant: { distributed: true }
  both: { distributed: true, local: true }
  neither: {}
  empty:
  odd: { distribted: true }
  no: { distributed: false }
  a.b: { distributed: true }
`;
    expect(faultsOf(() => parse(text))).toMatchInlineSnapshot(`
      [
        "distribution.yaml:3: tables.'t.events': belongs to the schema "t", which this file distributes as a whole: leave the table out, or declare the schema { local: true }",
        "distribution.yaml:4: tables.'"T".events': belongs to the schema ""T"", which this file distributes as a whole: leave the table out, or declare the schema { local: true }",
        "distribution.yaml:8: schemas.'"t"': is the same schema as "t", declared above: keep one of the two",
        "distribution.yaml:11: schemas.public: cannot be distributed as a whole, nor need it be said that it is not: distribute its tables one by one, under tables",
        "distribution.yaml:12: schemas.pg_catalog: belongs to PostgreSQL, to Citus or to scaleout itself, and none of its tables is yours: leave it out",
        "distribution.yaml:13: schemas.scaleout: belongs to PostgreSQL, to Citus or to scaleout itself, and none of its tables is yours: leave it out",
        "distribution.yaml:14: schemas.Tenant: "Tenant" has capitals, which PostgreSQL folds to small letters: write tenant, or '"Tenant"' if the capitals are really part of the name",
        "distribution.yaml:15: schemas.both: is distributed and local at once, and a schema is only one of them: keep one",
        "distribution.yaml:16: schemas.neither: does not say what becomes of the schema: add one of distributed or local",
        "distribution.yaml:17: schemas.empty: is empty: it must be what becomes of the schema: { distributed: true } or { local: true }",
        "distribution.yaml:18: schemas.odd.distribted: unknown key (did you mean "distributed"?): the keys here are distributed and local",
        "distribution.yaml:19: schemas.no.distributed: is false: it must be true, or absent",
        "distribution.yaml:20: schemas.'a.b': "a.b" is no plain name (letters, digits, _ and $, not starting with a digit): write it in SQL's double quotes, as in '"a.b"'",
      ]
    `);
  });

  test.each([
    [
      'schemas: {}',
      /schemas: names no schema: say for each what becomes of it, as in tenant_1: \{ distributed: true \}$/,
    ],
    ['tables: {}\nschemas: {}', /tables: names no table/],
    ['schemas: [a]', /schemas: is \["a"\]: it must be the schemas, as in tenant_1: \{ distributed: true \}$/],
  ])('%j is refused', (text, message) => {
    expect(faultsOf(() => parse(text))).toEqual([expect.stringMatching(message)]);
  });

  test('an editor is told as much', () => {
    expect(distributionSchema.meta()).toMatchObject({
      anyOf: [{ required: ['tables'] }, { required: ['schemas'] }],
    });
  });
});
