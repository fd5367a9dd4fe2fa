import fc from 'fast-check';
import type {
  Distribution,
  ExpectedSchema,
  ExpectedTable,
  TableName,
} from '../../../config/workload/distribution-types';
import { diffTables } from '../../../scripts/tables/plan/diff';
import { isSatisfied } from '../../tables/support/satisfied';
import { findPreconditionFailures } from '../../../scripts/database/checks/preconditions';
import type { LiveComment, LiveDatabase, LiveSchema, LiveTable } from '../../../scripts/database/model/live';
import { showTable } from '../../../scripts/database/model/names';
import { TargetState } from '../../../scripts/database/target/target-state';
import { planTables } from '../../../scripts/tables/plan/plan';
import { specifiedTables } from '../../../scripts/database/model/schemas';
import { observedHash, takeSnapshot } from '../../../scripts/database/model/snapshot';
import { checkTables } from '../../../scripts/tables/verify/verify';
import { carryOut } from '../../tables/support/carry-out';
import {
  column,
  distributed,
  foreignKey,
  identityOf,
  inSchema,
  liveDatabase,
  liveTable,
  named,
  primaryKey,
  reference,
  schemaOf,
  policyOf,
} from '../../tables/support/catalog';
import { cases } from '../../support/properties';

const within = (schema: string, name: string, more: Partial<LiveTable> = {}): LiveTable =>
  liveTable(name, { table: { schema, name }, ...more });

const spec = (schemas: readonly ExpectedSchema[], tables: readonly ExpectedTable[] = []): Distribution => ({
  shardCount: 8,
  online: true,
  tables,
  schemas,
});
const whole = (schema: string): ExpectedSchema => ({ kind: 'distributed', schema });
const back = (schema: string): ExpectedSchema => ({ kind: 'local', schema });

const kinds: ExpectedTable = { kind: 'reference', table: named('kinds') };
const toKinds = foreignKey('users', ['id'], 'kinds', { table: { schema: 'a', name: 'users' } });
const fk: LiveComment = { on: 'constraint', schema: 'a', name: toKinds.name, text: 'which' };
const mine: LiveComment = { on: 'table', schema: 'a', name: '', text: 'mine' };

/** One tenant whose users are of kinds that all tenants share. */
const tenant = (more: Partial<LiveDatabase> = {}, users: Partial<LiveTable> = {}): LiveDatabase =>
  liveDatabase(
    [
      liveTable('kinds'),
      within('a', 'users', { foreignKeys: [toKinds], rowEstimate: 500, ...users }),
      within('a', 'log', { rowEstimate: 1000, comments: [mine] }),
    ],
    { schemas: [schemaOf('a')], ...more },
  );

const stepsOf = (expected: Distribution, live: LiveDatabase) => planTables(expected, live).steps;
const ids = (expected: Distribution, live: LiveDatabase): string[] =>
  stepsOf(expected, live).map(({ id }) => id);

describe('the plan for a schema', () => {
  test('is one step after the reference tables that it uses; the copy of a plain table goes last', () => {
    expect(ids(spec([whole('a')], [kinds]), tenant())).toEqual([
      'create-reference-table:kinds',
      'distribute-schema:a',
      'truncate-local-copy:a.log',
      'truncate-local-copy:kinds',
    ]);
  });

  test('says what waits and for how long, and can be undone', () => {
    const step = stepsOf(spec([whole('a')], [kinds]), tenant()).find(
      ({ id }) => id === 'distribute-schema:a',
    );
    expect(step).toEqual({
      id: 'distribute-schema:a',
      table: 'a',
      target: { kind: 'schema', schema: 'a' },
      action: 'distribute-schema',
      sql: [`SELECT citus_schema_distribute('"a"')`],
      comment:
        'gives each of its 2 tables a single shard, all of them on one node, and copies their rows there, with writes to all of them waiting until the last is done',
      blocksWrites: true,
      reversible: true,
      transaction: true,
      rows: 1500,
    });
    const uncounted = liveDatabase(
      [within('a', 'log'), { ...within('a', 'new'), rowEstimate: undefined } as never],
      {
        schemas: [schemaOf('a')],
      },
    );
    expect(stepsOf(spec([whole('a')]), uncounted)[0]).not.toHaveProperty('rows');
  });

  test('says what has no way back', () => {
    const identity = stepsOf(
      spec([whole('a')]),
      tenant({}, { identities: [identityOf('t')], foreignKeys: [] }),
    );
    expect(identity.find(({ id }) => id === 'distribute-schema:a')).toMatchObject({
      reversible: false,
      comment: expect.stringMatching(
        /; Citus brings no table with an identity column back, as a\./,
      ) as unknown,
    });
  });

  test('quotes the name of the schema once for the regnamespace and once for the string', () => {
    const schema = `it's "odd"`;
    const live = liveDatabase([], { schemas: [schemaOf(schema)] });
    expect(stepsOf(spec([whole(schema)]), live)[0]?.sql).toEqual([
      `SELECT citus_schema_distribute('"it''s ""odd"""')`,
    ]);
  });

  test('writes down what is written on foreign keys, which Citus makes anew, and nothing else', () => {
    const live = tenant({}, { foreignKeys: [], comments: [{ ...fk, name: 'users_pkey' }] });
    expect(ids(spec([whole('a')], [kinds]), live).join()).not.toContain('comments');
    const self = foreignKey('users', ['id'], 'users', {
      table: { schema: 'a', name: 'users' },
      references: { schema: 'a', name: 'users' },
    });
    const commented = tenant({}, { foreignKeys: [self], comments: [{ ...fk, name: self.name }, mine] });
    const steps = stepsOf(spec([whole('a')], [kinds]), commented);
    const record = steps.find(({ action }) => action === 'record-comments');
    expect(record?.sql.at(-1)).toContain(self.name);
    expect(record?.sql.at(-1)).not.toContain('mine');
    expect(steps.findIndex(({ action }) => action === 'restore-comments')).toBeGreaterThan(
      steps.findIndex(({ action }) => action === 'distribute-schema'),
    );
  });

  test('back to local comes before all else, and tables of it may then go their own way', () => {
    const live = liveDatabase(
      [
        liveTable('kinds', { citus: reference, hasHeap: false }),
        within('a', 'users', {
          foreignKeys: [toKinds],
          citus: inSchema(7),
          hasHeap: false,
          comments: [mine],
        }),
        within('a', 'log', { citus: inSchema(7), hasHeap: false }),
      ],
      { schemas: [schemaOf('a', { colocationId: 7 })] },
    );
    expect(ids(spec([back('a')], [kinds]), live)).toEqual([
      'record-comments:a.users',
      'undistribute-schema:a',
      'restore-comments:a.users',
      'remove-record:scaleout.recorded_comment',
    ]);
    const byColumn: ExpectedTable = {
      kind: 'distributed',
      table: { schema: 'a', name: 'log' },
      distributeBy: 'id',
    };
    expect(ids(spec([back('a')], [kinds, byColumn]), live)).toContain('distribute:a.log');
    expect(ids(spec([], [kinds]), live)).toEqual([]);
    expect(findPreconditionFailures(new TargetState(spec([], [byColumn]), live))[0]).toMatch(
      /table a\.log belongs to the distributed schema a, .* or declare the schema \{ local: true \} under schemas$/,
    );
  });

  test('the snapshot knows the schema, its owner and every table of it', () => {
    const live = tenant();
    expect(Object.keys(takeSnapshot(live)['']!)).toEqual(
      expect.arrayContaining(['owner of schema a', 'distribution of schema a']),
    );
    const others = [
      tenant({ schemas: [schemaOf('a', { owner: 'bob' })] }),
      tenant({ schemas: [schemaOf('a', { colocationId: 3 })] }),
      { ...live, tables: [...live.tables, within('a', 'new')] },
    ];
    expect(new Set([live, ...others].map(observedHash)).size).toBe(4);
  });
});

/** The same in plain PostgreSQL. */
function withoutCitus({ citusVersion, ...live }: LiveDatabase): LiveDatabase {
  expect(citusVersion).toBeDefined();
  return live;
}

describe('what stands in the way of a schema', () => {
  const faults = (live: LiveDatabase, expected = spec([whole('a')])): string[] =>
    findPreconditionFailures(new TargetState(expected, live));
  const withTable = (more: Partial<LiveTable>): string[] =>
    faults(liveDatabase([within('a', 't', more)], { schemas: [schemaOf('a')] }));
  const withSchema = (more: Partial<LiveSchema>): string[] =>
    faults(liveDatabase([], { schemas: [schemaOf('a', more)] }));

  test.each([
    ['it has none', {}, []],
    [
      'it belongs to somebody else',
      { ours: false, owner: 'bob' },
      [/schema a belongs to role bob and this session is citus/],
    ],
    [
      'tables of it belong to others, each of whom is named once',
      {
        othersTables: [
          { table: { schema: 'a', name: 'x' }, owner: 'bob' },
          { table: { schema: 'a', name: 'y' }, owner: 'bob' },
          { table: { schema: 'a', name: 'z' }, owner: 'eve' },
        ],
      },
      [/^a\.x and a\.y of schema a belong to role bob/, /^a\.z of schema a belongs to role eve/],
    ],
    ['an extension lives in it', { extensions: ['postgis'] }, [/schema a holds postgis/]],
    [
      'a partition lives elsewhere',
      { strayPartitions: [{ partition: named('p'), parent: { schema: 'a', name: 't' } }] },
      [/^p is a partition of a\.t, and in a distributed schema the two must be together/],
    ],
  ])('%s', (_what, more, words) => {
    expect(withSchema(more)).toEqual(words.map((each) => expect.stringMatching(each) as unknown));
  });

  test.each([
    ['a reference table', { citus: reference }, /table a\.t is a reference table, and Citus distributes/],
    ['a table that is distributed', { citus: distributed('id', 3) }, /table a\.t is distributed by itself/],
    ['a foreign table', { kind: 'foreign' as const }, /^a\.t is a foreign table/],
    ['inheritance', { inherits: true }, /INHERITS/],
    ['partitions of partitions', { kind: 'partitioned' as const, nested: true }, /partitioned itself/],
    ['grants on columns', { leftColumnGrants: ['x'] }, /has grants on column x, and Citus takes none/],
    ['triggers', { triggers: ['x', 'y'] }, /has triggers x and y/],
    [
      'a policy that looks into tables',
      { policies: [policyOf({ schema: 'a', name: 't' }, { subquery: true })] },
      /^policy own of table a\.t has a subquery/,
    ],
  ])('%s in it', (_what, more, words) => {
    expect(withTable(more)).toEqual([expect.stringMatching(words)]);
  });

  test('none of it matters to a schema that is where it is to be', () => {
    const live = liveDatabase([within('a', 't', { triggers: ['x'], citus: inSchema(3) })], {
      schemas: [schemaOf('a', { colocationId: 3, extensions: ['postgis'] })],
    });
    expect(faults(live)).toEqual([]);
    expect(faults(tenant({ schemas: [schemaOf('a', { ours: false })] }), spec([back('a')]))).toEqual([]);
  });

  test('foreign keys that leave it or come from outside', () => {
    const out = foreignKey('t', ['id'], 'elsewhere', { table: { schema: 'a', name: 't' } });
    const live = (becomes: Partial<LiveTable>, key = out): LiveDatabase =>
      liveDatabase(
        [
          within('a', 't', key === out ? { foreignKeys: [out] } : {}),
          liveTable('elsewhere', { ...becomes, ...(key === out ? {} : { foreignKeys: [key] }) }),
        ],
        { schemas: [schemaOf('a')] },
      );
    expect(faults(live({}))[0]).toMatch(
      /Make elsewhere a reference table, move it into schema a, or drop the foreign key$/,
    );
    expect(faults(live({ citus: distributed('id', 3) }))).toHaveLength(1);
    expect(faults(live({ citus: reference }))).toEqual([]);
    const inward = foreignKey('elsewhere', ['id'], 't', { references: { schema: 'a', name: 't' } });
    for (const citus of [{ kind: 'plain' } as const, reference, inSchema(5)]) {
      expect(faults(live({ citus }, inward))[0]).toMatch(
        /references a\.t of the distributed schema a, and Citus lets no table/,
      );
    }
  });

  test('what the way back would lose', () => {
    const rules = [{ table: { schema: 'a', name: 't' }, rule: 'r' }];
    const live = liveDatabase(
      [within('a', 't', { citus: inSchema(7), identities: [identityOf('t')], rules })],
      { schemas: [schemaOf('a', { colocationId: 7 })] },
    );
    expect(faults(live, spec([back('a')]))).toEqual(
      [/with an identity column back, as a\.t has/, /anew without its rule r/].map(
        (each) => expect.stringMatching(each) as unknown,
      ),
    );
  });

  test('Citus 11 and plain PostgreSQL distribute none', () => {
    const old = liveDatabase([within('a', 't')], { schemas: [schemaOf('a')], citusVersion: '11.3-1' });
    expect(faults(old)).toEqual([
      expect.stringMatching(/^schemas are distributed since Citus 12\.0, and this database has 11\.3-1/),
    ]);
    expect(faults(withoutCitus(old))).toEqual([expect.stringMatching(/and this database has no Citus/)]);
    expect(faults(old, spec([back('a')]))).toEqual([]);
  });

  test('a schema that is not there, with a guess', () => {
    const live = liveDatabase([], { schemas: [schemaOf('b')], otherSchemas: ['tenant_1'] });
    expect(faults(live, spec([back('tenant1')]))).toEqual([
      'there is no schema tenant1 (did you mean "tenant_1"?): correct the name, create the schema, or take it out of the specification',
    ]);
  });

  test('no node that may hold shards', () => {
    expect(faults(tenant({ nodes: [] }))[0]).toMatch(/^Citus knows no node/);
  });
});

describe('verify', () => {
  const live = (users: Partial<LiveTable>, log: Partial<LiveTable>, colocationId = 7): LiveDatabase =>
    liveDatabase([within('a', 'users', users), within('a', 'log', log)], {
      schemas: [schemaOf('a', { colocationId })],
    });
  const there = { citus: inSchema(7), hasHeap: false };
  const wrong = (expected: Distribution, found: LiveDatabase): string[] =>
    checkTables(expected, found)
      .filter(({ ok }) => !ok)
      .map(({ id }) => id);

  test('a schema on one node, table by table', () => {
    const checks = checkTables(spec([whole('a')]), live(there, there));
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['schema:a', 'table:a.users', 'placements:a.log', 'leftovers:a.log']),
    );
    expect(checks.find(({ id }) => id === 'schema:a')?.detail).toBe(
      'distributed as colocation group 7, 2 tables on 127.0.0.1:5432',
    );
  });

  test('what is not as it should be', () => {
    expect(wrong(spec([whole('gone')]), live(there, there))).toEqual(['schema:gone']);
    expect(wrong(spec([back('a')]), live(there, there))).toEqual(['schema:a']);
    expect(wrong(spec([whole('a')]), tenant())).toEqual(['schema:a']);
    const elsewhere = {
      citus: { ...inSchema(7), placements: [{ groupId: 2, shards: 1, inactive: 0 }] } as const,
    };
    expect(wrong(spec([whole('a')]), live(there, { ...there, ...elsewhere }))).toEqual(['schema:a']);
    expect(wrong(spec([whole('a')]), live(there, {}))).toEqual(['schema:a', 'table:a.log']);
    expect(wrong(spec([whole('a')]), live(there, { ...there, hasHeap: true }))).toEqual(['leftovers:a.log']);
  });
});

test('speaks of every table of its schemas once, views and foreign tables left out', () => {
  const live = liveDatabase(
    [
      within('a', 't'),
      within('a', 'p', { kind: 'partitioned' }),
      within('a', 'q', { kind: 'partition' }),
      within('a', 'v', { kind: 'view' }),
      within('a', 'f', { kind: 'foreign' }),
      liveTable('elsewhere'),
    ],
    { schemas: [schemaOf('a')] },
  );
  const listed: ExpectedTable = { kind: 'local', table: { schema: 'a', name: 'p' } };
  expect(specifiedTables(spec([back('a')], [listed]), live).map(showTable)).toEqual(['a.p', 'a.t']);
});

/** Two specifications of the same tables in three schemas, with foreign keys that both allow. */
const changes = fc
  .record({
    online: fc.boolean(),
    wholes: fc.record({
      a: fc.constantFrom('never', 'first', 'second', 'both'),
      b: fc.constantFrom('never', 'first', 'second', 'both'),
    }),
    tables: fc.array(
      fc.record({
        schema: fc.constantFrom('public', 'a', 'b'),
        first: fc.constantFrom('reference', 'distributed', 'local'),
        second: fc.constantFrom('reference', 'distributed', 'local'),
        commented: fc.boolean(),
        hasHeap: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    links: fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 7 }),
  })
  .map(({ online, wholes, tables, links }) => {
    const nameOf = (index: number): TableName => ({
      schema: tables[index]?.schema ?? '',
      name: `t${String(9 - index)}`,
    });
    const isWhole = (schema: string, which: 'first' | 'second'): boolean =>
      schema !== 'public' && ['both', which].includes(wholes[schema as 'a' | 'b']);
    const specification = (which: 'first' | 'second'): Distribution => {
      // What is distributed by itself is not taken into a schema that is distributed afterwards.
      const kindOf = (index: number): string => {
        const { schema = '', [which]: kind = 'local' } = tables[index] ?? {};
        return which === 'first' && isWhole(schema, 'second') ? 'local' : kind;
      };
      const listed = tables.flatMap(({ schema }, index) => (isWhole(schema, which) ? [] : [index]));
      const root = listed.find((index) => kindOf(index) === 'distributed');
      return {
        shardCount: 8,
        online,
        tables: listed.map((index): ExpectedTable => {
          const [kind, table] = [kindOf(index), nameOf(index)];
          if (kind === 'reference' || kind === 'local') return { kind, table };
          return {
            kind: 'distributed',
            table,
            distributeBy: 'id',
            ...(root === undefined || root === index ? {} : { colocateWith: nameOf(root) }),
          };
        }),
        schemas: (['a', 'b'] as const).map((schema) => ({
          schema,
          kind: isWhole(schema, which) ? 'distributed' : 'local',
        })),
      };
    };
    const live = tables.map(({ commented, hasHeap }, index) => {
      const table = nameOf(index);
      const keys = [...new Map(links.map((link) => [link.join(), link])).values()]
        .filter(([from, to]) => from === index && to < tables.length)
        .map(([, to]) =>
          foreignKey(table.name, ['id'], nameOf(to).name, {
            name: `fk_${table.name}_${nameOf(to).name}`,
            table,
            references: nameOf(to),
            ...(commented ? { comment: 'why' } : {}),
          }),
        );
      return liveTable(table.name, {
        table,
        columns: [column('id')],
        keys: [primaryKey(table.name, ['id'])],
        hasHeap,
        foreignKeys: keys,
        comments: [
          { on: 'table', schema: table.schema, name: '', text: 'mine' },
          ...(commented
            ? keys.map(({ name }) => ({ on: 'constraint' as const, schema: table.schema, name, text: 'why' }))
            : []),
        ],
      });
    });
    return {
      first: specification('first'),
      second: specification('second'),
      live: liveDatabase(live, { schemas: [schemaOf('a'), schemaOf('b')] }),
    };
  })
  .filter(({ first, second, live }) =>
    [first, second].every(
      (expected) => findPreconditionFailures(new TargetState(expected, live)).length === 0,
    ),
  );

test('any specification with schemas leads to any other, by steps that one plan names, and nothing is lost', () => {
  let wholes = 0;
  fc.assert(
    fc.property(changes, ({ first, second, live }) => {
      const kept = ({ tables }: LiveDatabase): string[] =>
        tables
          .flatMap(({ table, foreignKeys, comments }) => [
            ...foreignKeys.map(({ name }) => `${showTable(table)} ${name}`),
            ...comments.map(({ on, name }) => `${showTable(table)} ${on} ${name}`),
          ])
          .sort();
      const between = carryOut(first, live);
      expect(findPreconditionFailures(new TargetState(second, between))).toEqual([]);
      if (between.schemas.some(({ colocationId }) => colocationId !== undefined)) wholes += 1;
      const end = carryOut(second, between);
      for (const [expected, reached] of [
        [first, between],
        [second, end],
      ] as const) {
        expect(isSatisfied(diffTables(new TargetState(expected, reached)))).toBe(true);
        expect(checkTables(expected, reached).filter(({ ok }) => !ok)).toEqual([]);
        expect(kept(reached)).toEqual(kept(live));
      }
    }),
    cases(200),
  );
  expect(wholes).toBeGreaterThan(cases(30).numRuns);
});

test('a thousand tenants that share a reference table are planned in seconds', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `tenant_${String(index)}`);
  const tables = names.flatMap((schema) => {
    const users = { schema, name: 'users' };
    const comments = [{ on: 'table' as const, schema, name: '', text: 'mine' }];
    return [
      within(schema, 'users', {
        comments,
        foreignKeys: [foreignKey('users', ['id'], 'kinds', { table: users })],
      }),
      within(schema, 'orders', {
        comments,
        foreignKeys: [
          foreignKey('orders', ['id'], 'users', { table: { schema, name: 'orders' }, references: users }),
        ],
      }),
    ];
  });
  const live = liveDatabase([liveTable('kinds'), ...tables], {
    schemas: names.map((name) => schemaOf(name)),
  });
  const from = process.cpuUsage();
  // Comments recorded and made again for each table, a step for each schema, the reference table, its local copy, the record.
  expect(stepsOf(spec(names.map(whole), [kinds]), live)).toHaveLength(2 * 2000 + 1000 + 3);
  const { user, system } = process.cpuUsage(from);
  expect((user + system) / 1e6).toBeLessThan(5);
});
