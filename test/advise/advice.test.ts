import { parseDistribution } from '../../config/workload/distribution';
import { advise } from '../../scripts/advise/advice';
import type { Advice } from '../../scripts/advise/advice-document';
import { toDistributionFile } from '../../scripts/advise/distribution-file';
import { describeAdvice } from '../../scripts/advise/text';
import type { Sketch } from './schemas';
import { asks, situation } from './schemas';

/** What was decided of each table, in one word or two. */
function decisions({ tables }: Advice): Record<string, string> {
  return Object.fromEntries(
    tables.map(({ table, decision, distributeBy, lacksColumn }) => [
      table,
      decision === 'distribute' ? `${lacksColumn ? 'needs' : 'by'} ${distributeBy ?? ''}` : decision,
    ]),
  );
}

const reasons = (advice: Advice, table: string): string =>
  advice.tables.find((each) => each.table === table)?.reasons.join('; ') ?? '';

const sensors: Record<string, Sketch> = {
  device_types: {
    columns: { device_type_id: 'integer', device_type: 'text' },
    key: ['device_type_id'],
    rows: 2,
    mib: 0.03,
  },
  devices: {
    columns: { device_id: 'integer', device_type_id: 'integer', name: 'text' },
    key: ['device_id'],
    references: { device_type_id: 'device_types.device_type_id' },
    rows: 1000,
    mib: 0.1,
    distinct: { device_type_id: 2 },
  },
  events: {
    columns: {
      event_id: 'bigint',
      device_id: 'integer',
      payload: 'jsonb',
      created_at: 'timestamp without time zone',
    },
    key: ['event_id'],
    references: { device_id: 'devices.device_id' },
    rows: 60_000,
    mib: 12,
    distinct: { device_id: 1000 },
    top: { device_id: 0.33 },
  },
};

const payments: Record<string, Sketch> = {
  event_types: { columns: { event_type: 'text' }, key: ['event_type'], rows: 4, mib: 0.03 },
  merchants: { columns: { merchant_id: 'bigint', name: 'text' }, key: ['merchant_id'], rows: 300, mib: 0.06 },
  users: { columns: { user_id: 'bigint', login: 'text' }, key: ['user_id'], rows: 4000, mib: 0.4 },
  events: {
    columns: { event_id: 'bigint', event_type: 'text', user_id: 'bigint', merchant_id: 'bigint' },
    key: ['event_id'],
    references: {
      user_id: 'users.user_id',
      merchant_id: 'merchants.merchant_id',
      event_type: 'event_types.event_type',
    },
    rows: 120_000,
    mib: 14,
    distinct: { event_type: 3, merchant_id: 300 },
  },
};

describe('the two stories', () => {
  it.each([
    ['without a workload', []],
    [
      'with one',
      [
        asks('one', ['events'], { holds: ['events.device_id'], share: 0.5 }),
        asks('all', ['events'], { share: 0.5 }),
      ],
    ],
  ])('sensors %s: devices and events by device_id, types everywhere', (_, queries) => {
    const advice = advise(situation(sensors, queries));
    expect(decisions(advice)).toEqual({
      device_types: 'reference',
      devices: 'by device_id',
      events: 'by device_id',
    });
    expect(advice.groups).toEqual([{ column: 'device_id', tables: ['devices', 'events'] }]);
    expect(advice.tables.find(({ table }) => table === 'events')).toMatchObject({
      colocateWith: 'devices',
      primaryKey: ['device_id', 'event_id'],
      ready: true,
    });
    expect(reasons(advice, 'events')).toMatch(/most frequent value alone holds 33 % of the rows/);
    expect(advice.changes.filter(({ blocking }) => blocking)).toEqual([]);
  });

  it('payments: the workload says user_id', () => {
    const advice = advise(
      situation(payments, [
        asks('mine', ['events'], { holds: ['events.user_id'], share: 0.7 }),
        asks('names', ['events', 'users'], { joins: [['events.user_id', 'users.user_id']], share: 0.3 }),
      ]),
    );
    expect(decisions(advice)).toEqual({
      event_types: 'reference',
      merchants: 'reference',
      users: 'by user_id',
      events: 'by user_id',
    });
    expect(reasons(advice, 'events')).toMatch(
      /rather than merchant_id: 70 % of the workload would run on one shard, against 0 %/,
    );
    expect(advice.queries.map(({ route, tasks }) => [route, tasks])).toEqual([
      ['one-shard', 1],
      ['all-shards', 'all'],
    ]);
  });

  it('payments: another workload says merchant_id, and users become a reference table', () => {
    const advice = advise(
      situation(payments, [asks('theirs', ['events'], { holds: ['events.merchant_id'], share: 1 })]),
    );
    expect(decisions(advice)).toMatchObject({
      events: 'by merchant_id',
      merchants: 'by merchant_id',
      users: 'reference',
    });
  });
});

describe('other schemas', () => {
  it('tenants: the tenant column wherever it is, and the table without it is told to get one', () => {
    const saas: Record<string, Sketch> = {
      plans: { columns: { id: 'integer', name: 'text' }, key: ['id'], rows: 5, mib: 0.03 },
      companies: {
        columns: { id: 'bigint', plan_id: 'integer' },
        key: ['id'],
        references: { plan_id: 'plans.id' },
        rows: 5000,
        mib: 1,
      },
      campaigns: {
        columns: { id: 'bigint', company_id: 'bigint' },
        key: ['id'],
        references: { company_id: 'companies.id' },
        rows: 50_000,
        mib: 90,
      },
      ads: {
        columns: { id: 'bigint', company_id: 'bigint', campaign_id: 'bigint' },
        key: ['id'],
        references: { company_id: 'companies.id', campaign_id: 'campaigns.id' },
        rows: 500_000,
        mib: 900,
      },
      clicks: {
        columns: { id: 'bigint', ad_id: 'bigint' },
        key: ['id'],
        references: { ad_id: 'ads.id' },
        rows: 900_000,
        mib: 600,
      },
      settings: { columns: { name: 'text', value: 'text' }, key: ['name'], rows: 20, mib: 0.03 },
    };
    const advice = advise(
      situation(saas, [
        asks('ads', ['ads', 'campaigns'], {
          holds: ['ads.company_id', 'campaigns.company_id'],
          joins: [['ads.campaign_id', 'campaigns.id']],
          share: 1,
        }),
      ]),
    );
    expect(decisions(advice)).toEqual({
      plans: 'reference',
      companies: 'by id',
      campaigns: 'by company_id',
      ads: 'by company_id',
      clicks: 'needs company_id',
      settings: 'local',
    });
    const added = advice.changes.find(({ kind }) => kind === 'add-column');
    expect(added).toMatchObject({ table: 'clicks', blocking: true });
    expect(added?.sql?.[1]).toBe(
      'UPDATE "public"."clicks" child SET "company_id" = parent."company_id" FROM "public"."ads" parent WHERE child."ad_id" = parent."id"',
    );
    // ads -> campaigns pairs ids alone: Citus asks for the tenant in it, and plan's own words say so.
    expect(
      advice.changes.some(
        ({ kind, text }) => kind === 'fault' && /ads_campaign_id_fkey.*distribution columns/.test(text),
      ),
    ).toBe(true);
    expect(toDistributionFile(advice)).toMatch(/# clicks: \{ distributeBy: company_id \}, once it can/);
  });

  it('a star: the fact lives with its largest dimension, the others are everywhere', () => {
    const dimension = (name: string, mib: number, rows: number): Sketch => ({
      columns: { [`${name}_key`]: 'integer', name: 'text' },
      key: [`${name}_key`],
      rows,
      mib,
    });
    const star = {
      dim_date: dimension('date', 0.5, 3650),
      dim_store: dimension('store', 0.1, 400),
      dim_product: dimension('product', 8, 20_000),
      dim_customer: dimension('customer', 400, 2_000_000),
      fact_sales: {
        columns: {
          date_key: 'integer',
          store_key: 'integer',
          product_key: 'integer',
          customer_key: 'integer',
          amount: 'numeric',
        },
        references: Object.fromEntries(
          ['date', 'store', 'product', 'customer'].map((each) => [`${each}_key`, `dim_${each}.${each}_key`]),
        ),
        rows: 90_000_000,
        mib: 9000,
        distinct: { customer_key: 1_900_000 },
      },
    };
    const advice = advise(situation(star));
    expect(decisions(advice)).toEqual({
      fact_sales: 'by customer_key',
      dim_customer: 'by customer_key',
      dim_product: 'reference',
      dim_date: 'reference',
      dim_store: 'reference',
    });
    expect(advice.changes).toContainEqual(
      expect.objectContaining({ table: 'fact_sales', kind: 'no-identity', blocking: false }),
    );
  });

  it('no foreign keys: names say what belongs together, and the reason says that it is names alone', () => {
    const legacy: Record<string, Sketch> = {
      customers: { columns: { id: 'integer', name: 'text' }, key: ['id'], rows: 20_000, mib: 5 },
      orders: { columns: { id: 'integer', customer_id: 'integer' }, key: ['id'], rows: 300_000, mib: 70 },
      invoices: { columns: { id: 'integer', customer_id: 'integer' }, key: ['id'], rows: 300_000, mib: 90 },
    };
    const advice = advise(situation(legacy));
    expect(decisions(advice)).toEqual({
      customers: 'by id',
      orders: 'by customer_id',
      invoices: 'by customer_id',
    });
    expect(reasons(advice, 'orders')).toMatch(/by name alone/);
  });

  it('a small table that queries read beside a distributed one is a reference table, by whichever operator they join', () => {
    const hits: Record<string, Sketch> = {
      net: { columns: { addrs: 'cidr', place: 'text' }, key: ['addrs'], rows: 500, mib: 0.1 },
      hit: {
        columns: { site_id: 'bigint', id: 'bigint', ip: 'inet' },
        key: ['site_id', 'id'],
        rows: 30_000,
        mib: 3,
      },
    };
    const advice = advise(
      situation(hits, [
        asks('hits', ['hit', 'net'], { holds: ['hit.site_id'], share: 0.5 }),
        asks('of site', ['hit'], { holds: ['hit.site_id'], share: 0.5 }),
      ]),
    );
    expect(decisions(advice)).toEqual({ hit: 'by site_id', net: 'reference' });
    expect(reasons(advice, 'net')).toMatch(/queries read it together with hit/);
  });

  it('mixed case and quotes: names survive the file', () => {
    const advice = advise(
      situation({
        Customer: { columns: { customerId: 'uuid' }, key: ['customerId'], rows: 9000, mib: 9 },
        'Order "x"': {
          columns: { 'Order Id': 'uuid', customerId: 'uuid' },
          key: ['Order Id'],
          references: { customerId: 'Customer.customerId' },
          rows: 90_000,
          mib: 90,
        },
      }),
    );
    const parsed = parseDistribution(toDistributionFile(advice), 'a test');
    expect(parsed.tables).toEqual([
      { kind: 'distributed', table: { schema: 'public', name: 'Customer' }, distributeBy: 'customerId' },
      {
        kind: 'distributed',
        table: { schema: 'public', name: 'Order "x"' },
        distributeBy: 'customerId',
        colocateWith: { schema: 'public', name: 'Customer' },
        primaryKey: ['customerId', 'Order Id'],
      },
    ]);
  });

  it('int and bigint that mean the same: linked, and told to become one type', () => {
    const { events, devices, device_types: types } = sensors;
    const advice = advise(
      situation({
        device_types: types!,
        devices: devices!,
        events: { ...events!, columns: { ...events!.columns, device_id: 'bigint' } },
      }),
    );
    expect(decisions(advice)).toMatchObject({ events: 'by device_id', devices: 'by device_id' });
    expect(
      advice.changes
        .filter(({ blocking }) => blocking)
        .map(({ text }) => text)
        .join(),
    ).toMatch(/events and devices cannot be colocated: .*bigint.*integer/);
  });
});

describe('thin evidence', () => {
  it('two columns that come out equal: undecided, and what would tell them apart', () => {
    const { events, users, merchants, event_types: types } = payments;
    const advice = advise(
      situation({
        events: events!,
        event_types: types!,
        users: users!,
        merchants: { ...merchants!, rows: 3900, mib: 0.4 },
      }),
    );
    expect(decisions(advice)).toMatchObject({
      events: 'undecided',
      users: 'undecided',
      merchants: 'undecided',
    });
    expect(reasons(advice, 'events')).toMatch(
      /(user_id|merchant_id) and (user_id|merchant_id) come out equal: a file of queries/,
    );
    expect(advice.choices[0]?.chosen).toBeUndefined();
  });

  it('a large table that nothing is known of: undecided', () => {
    const advice = advise(
      situation({ log: { columns: { id: 'bigint', line: 'text' }, key: ['id'], rows: 9e6, mib: 4000 } }),
    );
    expect(decisions(advice)).toEqual({ log: 'undecided' });
    expect(reasons(advice, 'log')).toMatch(/no query filters by id, and no other table has it/);
  });

  it.each([
    ['too few values', { distinct: { device_id: 5 } }, /5 distinct values for 32 shards/],
    ['one value of most rows', { top: { device_id: 0.8 } }, /one value holds 80 % of the rows of events/],
  ])('%s: the column is not chosen, and the reason is in numbers', (_, change, reason) => {
    const advice = advise(situation({ ...sensors, events: { ...sensors['events']!, mib: 4000, ...change } }));
    expect(decisions(advice)['events']).toBe('undecided');
    expect(reasons(advice, 'events')).toMatch(reason);
  });

  it('NULLs in the column: the table has to be filled in first', () => {
    const nulls = { ...sensors, events: { ...sensors['events']!, nulls: { device_id: 0.03 } } };
    const advice = advise(
      situation(nulls, [asks('one', ['devices'], { holds: ['devices.device_id'], share: 1 })]),
    );
    expect(decisions(advice)).toMatchObject({ devices: 'by device_id', events: 'needs device_id' });
    expect(advice.changes).toContainEqual(
      expect.objectContaining({ table: 'events', kind: 'nulls', blocking: true }),
    );
    expect(reasons(advice, 'events')).toMatch(/3 % of its rows hold NULL/);
  });
});

it('triggers, owners and unique constraints are said in the words of tables plan', () => {
  const events = sensors['events']!;
  const advice = advise(
    situation({
      ...sensors,
      events: {
        ...events,
        unique: [['created_at']],
        more: { triggers: ['audit'], owner: 'dba', ours: false },
      },
    }),
  );
  const said = advice.changes
    .filter(({ blocking }) => blocking)
    .map(({ text }) => text)
    .join('\n');
  expect(said).toMatch(/events has trigger audit/);
  expect(said).toMatch(/events belongs to role dba/);
  expect(said).toMatch(/unique constraint events_created_at_key/);
  expect(advice.tables.find(({ table }) => table === 'events')?.ready).toBe(false);
  expect(describeAdvice(advice)).toMatch(/To change first/);
});

it.each([
  ['author', 'task_id', 'bigint', 'bigint?'],
  ['task_id', 'author', 'bigint?', 'bigint'],
])(
  'a table gets the column along the foreign key that every row has, not by %s',
  (_not, by, task, author) => {
    const owned = { key: ['id'], references: { org_id: 'orgs.id' }, rows: 100_000, mib: 500 };
    const advice = advise(
      situation({
        orgs: { columns: { id: 'bigint' }, key: ['id'], rows: 5000, mib: 1 },
        people: { columns: { id: 'bigint', org_id: 'bigint' }, ...owned },
        tasks: { columns: { id: 'bigint', org_id: 'bigint' }, ...owned },
        remarks: {
          columns: { id: 'bigint', task_id: task, author },
          key: ['id'],
          references: { author: 'people.id', task_id: 'tasks.id' },
          rows: 100_000,
          mib: 500,
        },
      }),
    );
    const added = advice.changes.find(({ table, kind }) => kind === 'add-column' && table === 'remarks');
    expect(added?.sql?.join()).toContain(`child."${by}" = parent."id"`);
    expect(added?.text).not.toContain('hold NULL');
  },
);

it('advises on 1,000 tables and 3,000 foreign keys in under 3 s', () => {
  const sketches: Record<string, Sketch> = {
    tenants: { columns: { id: 'bigint' }, key: ['id'], rows: 10_000, mib: 2 },
  };
  for (let n = 1; n < 1000; n += 1) {
    const earlier = [1, 2].map((step) => Math.max(1, n - step * 7));
    sketches[`t${String(n)}`] = {
      columns: { id: 'bigint', tenant_id: 'bigint', a_id: 'bigint', b_id: 'bigint' },
      key: ['id'],
      references: {
        tenant_id: 'tenants.id',
        a_id: `t${String(earlier[0])}.id`,
        b_id: `t${String(earlier[1])}.id`,
      },
      rows: 100_000,
      mib: 50,
    };
  }
  const queries = Array.from({ length: 500 }, (_, n) =>
    asks(`q${String(n)}`, [`t${String(n + 1)}`], { holds: [`t${String(n + 1)}.tenant_id`], share: 1 / 500 }),
  );
  // What is computed, whoever else is at work on this machine.
  const from = process.cpuUsage();
  const advice = advise(situation(sketches, queries));
  const { user, system } = process.cpuUsage(from);
  expect((user + system) / 1000).toBeLessThan(3000);
  expect(new Set(Object.values(decisions(advice)))).toEqual(new Set(['by id', 'by tenant_id']));
});
