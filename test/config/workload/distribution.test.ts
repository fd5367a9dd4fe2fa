import { parseDistribution } from '../../../config/workload/distribution';
import { faultsOf } from '../../support/faults';

const parse = (text: string) => parseDistribution(text, 'distribution.yaml');

describe('parseDistribution', () => {
  test('reads every kind of table, in the order of the file', () => {
    const text = `
shardCount: 64
online: false
tables:
  device_types: { reference: true }
  sales.orders: { distributeBy: customer_id, primaryKey: [customer_id, order_id] }
  '"Odd.Name"': { distributeBy: '"Customer"', colocateWith: sales.orders }
  audit_log: { local: true }
`;
    expect(parse(text)).toEqual({
      shardCount: 64,
      online: false,
      tables: [
        { kind: 'reference', table: { schema: 'public', name: 'device_types' } },
        {
          kind: 'distributed',
          table: { schema: 'sales', name: 'orders' },
          distributeBy: 'customer_id',
          primaryKey: ['customer_id', 'order_id'],
        },
        {
          kind: 'distributed',
          table: { schema: 'public', name: 'Odd.Name' },
          distributeBy: 'Customer',
          colocateWith: { schema: 'sales', name: 'orders' },
        },
        { kind: 'local', table: { schema: 'public', name: 'audit_log' } },
      ],
    });
  });

  test('takes the shard count and the copying that Citus would', () => {
    expect(parse('tables: { events: { distributeBy: id } }')).toMatchObject({ shardCount: 32, online: true });
  });

  test('shows every fault at once, in the order of the file', () => {
    const text = `shardCont: 3
shardCount: 0
online: yes
tables:
  Events: { distributeBy: device_id }
  events: { reference: true, local: true, primaryKey: [a] }
  public.events: { distributeBy: x, primaryKey: [y, y] }
  a: { distributeBy: x, colocateWith: b }
  b: { distributeBy: x, colocateWith: a }
  c: { distributeBy: x, colocateWith: d }
  d: { reference: true }
  e:
  f: {}
  g: { distribteBy: 1, primaryKey: [] }
`;
    expect(faultsOf(() => parse(text))).toMatchInlineSnapshot(`
      [
        "distribution.yaml:1: shardCont: unknown key (did you mean "shardCount"?): the keys here are shardCount, online, tables, schemas and allow",
        "distribution.yaml:2: shardCount: is 0: it must be a whole number of shards from 1 to 64000",
        "distribution.yaml:3: online: is "yes": it must be true or false",
        "distribution.yaml:5: tables.Events: "Events" has capitals, which PostgreSQL folds to small letters: write events, or '"Events"' if the capitals are really part of the name",
        "distribution.yaml:6: tables.events: is reference and local at once, and a table is only one of them: keep one",
        "distribution.yaml:6: tables.events.primaryKey: means nothing for a reference table: remove it, or give the table distributeBy",
        "distribution.yaml:7: tables.'public.events': is the same table as "events", declared above: keep one of the two",
        "distribution.yaml:7: tables.'public.events'.primaryKey: is ["y","y"], without the distribution column "x": Citus can keep a key unique only within a shard, so add it, as in [x, y]",
        "distribution.yaml:7: tables.'public.events'.primaryKey[1]: names the column "y" twice: name it once",
        "distribution.yaml:8: tables.a.colocateWith: is "b", which leads back to "a": one table of the group stands alone, without colocateWith",
        "distribution.yaml:9: tables.b.colocateWith: is "a", which leads back to "b": one table of the group stands alone, without colocateWith",
        "distribution.yaml:10: tables.c.colocateWith: is "d", which is not distributed and has no shards to live beside: name Events, public.events, a or b",
        "distribution.yaml:12: tables.e: is empty: it must be what becomes of the table: { reference: true }, { local: true } or { distributeBy: COLUMN }",
        "distribution.yaml:13: tables.f: does not say what becomes of the table: add one of reference, local or distributeBy",
        "distribution.yaml:14: tables.g.distribteBy: unknown key (did you mean "distributeBy"?): the keys here are reference, local, distributeBy, colocateWith and primaryKey",
        "distribution.yaml:14: tables.g.primaryKey: is []: it must be a list of columns, as in [device_id, event_id]",
      ]
    `);
  });

  test.each([
    ['the file is empty', '', 'distribution.yaml:1: the file is empty: write the keys it needs'],
    [
      'it is no map',
      '- 1',
      'distribution.yaml:1: is [1]: it must be a map with the keys shardCount, online, tables, schemas and allow',
    ],
    [
      'tables are missing',
      'online: true',
      'distribution.yaml:1: tables: is missing: add the tables, as in events: { distributeBy: device_id }, or schemas, as in tenant_1: { distributed: true }',
    ],
    [
      'no table is named',
      'tables: {}',
      'distribution.yaml:1: tables: names no table: say for each what becomes of it, as in events: { distributeBy: device_id }',
    ],
    [
      'a key is written twice',
      'online: true\nonline: false',
      'distribution.yaml:2: the key "online" is written twice: keep one of the two',
    ],
    [
      'a table is colocated with itself',
      'tables: { a: { distributeBy: x, colocateWith: a } }',
      `distribution.yaml:1: tables.a.colocateWith: is "a", which leads back to "a": one table of the group stands alone, without colocateWith`,
    ],
    [
      'a table is colocated with one that is not there',
      'tables: { a: { distributeBy: x, colocateWith: device }, devices: { distributeBy: x } }',
      `distribution.yaml:1: tables.a.colocateWith: is "device", which this file does not declare as distributed (did you mean "devices"?): name devices`,
    ],
    [
      'a name has a space',
      'tables: { my table: { reference: true } }',
      `distribution.yaml:1: tables.'my table': "my table" is no plain name (letters, digits, _ and $, not starting with a digit): write it in SQL's double quotes, as in '"my table"'`,
    ],
    [
      'a name has three parts',
      'tables: { a.b.c: { reference: true } }',
      `distribution.yaml:1: tables.'a.b.c': "a.b.c" is no table name: write table or schema.table, with a part that holds a dot or a quote in double quotes, as in '"odd.name"'`,
    ],
    [
      'a name is longer than PostgreSQL keeps',
      `tables: { ${'x'.repeat(64)}: { reference: true } }`,
      `distribution.yaml:1: tables.${'x'.repeat(64)}: "${'x'.repeat(64)}" is 64 bytes long and PostgreSQL keeps 63: write the name as the database holds it`,
    ],
    [
      'the shard count is beyond Citus',
      'shardCount: 64001\ntables: { a: { reference: true } }',
      'distribution.yaml:1: shardCount: is 64001: it must be a whole number of shards from 1 to 64000',
    ],
  ])('fails when %s', (_title, text, fault) => {
    expect(faultsOf(() => parse(text))).toEqual([fault]);
  });

  test('fails when the YAML itself is broken, with the line', () => {
    expect(faultsOf(() => parse('tables:\n  a: [1\n'))).toEqual([
      expect.stringMatching(/^distribution\.yaml:3: not valid YAML: /),
    ]);
  });
});
