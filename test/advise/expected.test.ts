import { advise } from '../../scripts/advise/advice';
import type { AdvisedQuery } from '../../scripts/advise/workload';
import type { Sketch } from './schemas';
import { asks, situation } from './schemas';

/**
 * Answers that somebody who knows Citus would sign, by kind of schema. They were written down before the code that finds them; `by` is
 * what distributes each table, `-` whatever else becomes of it.
 */
interface Expected {
  readonly name: string;
  readonly schema: Readonly<Record<string, Sketch>>;
  readonly queries?: readonly AdvisedQuery[];
  readonly shards?: number;
  readonly by: Readonly<Record<string, string>>;
}

const table = (columns: Record<string, string>, mib: number, more: Partial<Sketch> = {}): Sketch => ({
  columns: { id: 'bigint', ...columns },
  key: ['id'],
  rows: mib * 5000,
  mib,
  ...more,
});
const refers = (...pairs: [string, string][]): Pick<Sketch, 'references'> => ({
  references: Object.fromEntries(pairs.map(([column, to]) => [column, `${to}.id`])),
});
const tenant = { tenant_id: 'bigint' };
const toTenant: [string, string] = ['tenant_id', 'tenants'];

/** Nine tables, six of them with the tenant: what most people who come to Citus have. */
const saas: Record<string, Sketch> = {
  plans: table({ name: 'text' }, 0.02, { rows: 4 }),
  tenants: table({ plan_id: 'bigint' }, 0.4, {
    rows: 800,
    ...refers(['plan_id', 'plans']),
    distinct: { plan_id: 4 },
  }),
  users: table({ ...tenant, email: 'text' }, 6, refers(toTenant)),
  projects: table({ ...tenant, owner_id: 'bigint' }, 12, refers(toTenant, ['owner_id', 'users'])),
  tasks: table({ ...tenant, project_id: 'bigint', user_id: 'bigint?' }, 300, {
    ...refers(toTenant, ['project_id', 'projects'], ['user_id', 'users']),
    nulls: { user_id: 0.3 },
  }),
  comments: table(
    { task_id: 'bigint', user_id: 'bigint' },
    700,
    refers(['task_id', 'tasks'], ['user_id', 'users']),
  ),
  tags: table({ ...tenant, name: 'text' }, 3, refers(toTenant)),
  invoices: table({ ...tenant, number: 'text' }, 40, {
    ...refers(toTenant),
    unique: [['tenant_id', 'number']],
  }),
  events: table({ ...tenant, kind: 'text' }, 400, refers(toTenant)),
};
const saasBy = {
  plans: '-',
  tenants: 'id',
  users: 'tenant_id',
  projects: 'tenant_id',
  tasks: 'tenant_id',
  comments: 'tenant_id',
  tags: 'tenant_id',
  invoices: 'tenant_id',
  events: 'tenant_id',
};
/** Each tenant is in one of many countries, which determines nothing that anybody asks for. */
const abroad: Record<string, Sketch> = {
  ...saas,
  countries: table({}, 0.05, { rows: 200 }),
  tenants: table({ country_id: 'bigint' }, 0.4, { rows: 800, ...refers(['country_id', 'countries']) }),
};
const abroadBy = { ...saasBy, countries: '-' };
const share = (queries: readonly AdvisedQuery[]): AdvisedQuery[] =>
  queries.map((query) => ({ ...query, share: 1 / queries.length }));
const mixed = share([
  asks('task', ['tasks'], { holds: ['tasks.id'], share: 0 }),
  asks('of a project', ['tasks', 'projects'], {
    holds: ['projects.id'],
    joins: [['tasks.project_id', 'projects.id']],
    share: 0,
  }),
  asks('talk', ['comments', 'users'], {
    holds: ['comments.task_id'],
    joins: [['comments.user_id', 'users.id']],
    share: 0,
  }),
  asks('login', ['users'], { holds: ['users.email'], share: 0 }),
]);
const good = share([
  ...['tasks', 'events', 'projects', 'invoices'].map((each) =>
    asks(`my ${each}`, [each], { holds: [`${each}.tenant_id`], share: 0 }),
  ),
  asks('my open tasks', ['tasks', 'projects'], {
    holds: ['tasks.tenant_id', 'projects.tenant_id'],
    joins: [
      ['tasks.tenant_id', 'projects.tenant_id'],
      ['tasks.project_id', 'projects.id'],
    ],
    share: 0,
  }),
]);

const unlinked = (more: Partial<Sketch> = {}): Sketch => ({
  columns: { firm_id: 'bigint', id: 'bigint', note: 'text' },
  key: ['firm_id', 'id'],
  rows: 20_000,
  mib: 4,
  distinct: { firm_id: 400 },
  ...more,
});
const firmSettings: Record<string, Sketch> = {
  firm: table({ title: 'text' }, 0.07, { rows: 400 }),
  firm_setting: { columns: { firm_id: 'bigint', theme: 'text' }, key: ['firm_id'], rows: 400, mib: 0.07 },
  job: unlinked(),
  step: unlinked(),
  event: unlinked(),
};
const firmBy = { firm: 'id', firm_setting: 'firm_id', job: 'firm_id', step: 'firm_id', event: 'firm_id' };

/** Every table has an identifier of its own rows, and two words that merely end in id. */
const withUuid = (
  name: string,
  columns: Record<string, string>,
  mib: number,
  more: Partial<Sketch> = {},
): Sketch =>
  table({ ...columns, [name]: 'uuid', paid: 'integer', valid: 'integer' }, mib, {
    unique: [[name]],
    ...more,
    distinct: { [name]: mib * 5000, paid: 900, valid: 900, ...more.distinct },
  });
const guilds = (name: string): Record<string, Sketch> => ({
  guild: withUuid(name, {}, 0.1, { rows: 500 }),
  member: withUuid(name, { guild_id: 'bigint' }, 3, refers(['guild_id', 'guild'])),
  raid: withUuid(name, { guild_id: 'bigint' }, 5, refers(['guild_id', 'guild'])),
  loot: withUuid(name, { raid_id: 'bigint?' }, 14, refers(['raid_id', 'raid'])),
});
const guildBy = { guild: 'id', member: 'guild_id', raid: 'guild_id', loot: 'guild_id' };

const orders: Record<string, Sketch> = {
  customers: table({ name: 'text' }, 20, { rows: 100_000 }),
  products: table({ name: 'text' }, 1, { rows: 3000 }),
  orders: table({ customer_id: 'bigint' }, 200, refers(['customer_id', 'customers'])),
  order_items: table(
    { order_id: 'bigint', product_id: 'bigint' },
    600,
    refers(['order_id', 'orders'], ['product_id', 'products']),
  ),
  shipments: table({ order_id: 'bigint' }, 150, refers(['order_id', 'orders'])),
};
const ordersBy = {
  customers: 'id',
  products: '-',
  orders: 'customer_id',
  order_items: 'customer_id',
  shipments: 'customer_id',
};

/** One root, three names for what leads to it, and a user who may be another tomorrow. */
const names: Record<string, Sketch> = {
  organizations: table({ name: 'text' }, 0.3, { rows: 900 }),
  members: table({ organization_id: 'bigint' }, 4, refers(['organization_id', 'organizations'])),
  tickets: table({ org_id: 'bigint', assignee_id: 'bigint' }, 90, {
    ...refers(['org_id', 'organizations'], ['assignee_id', 'members']),
    distinct: { assignee_id: 20_000 },
  }),
  notes: table({ account_id: 'bigint', assignee_id: 'bigint' }, 80, {
    ...refers(['account_id', 'organizations'], ['assignee_id', 'members']),
    distinct: { assignee_id: 20_000 },
  }),
};

const composite: Record<string, Sketch> = {
  org: table({ title: 'text' }, 0.03, { rows: 18 }),
  bill: {
    columns: { org_id: 'bigint', id: 'bigint' },
    key: ['org_id', 'id'],
    ...refers(['org_id', 'org']),
    rows: 20_000,
    mib: 4,
    distinct: { org_id: 18, id: 20_000 },
  },
  line: {
    columns: { org_id: 'bigint', id: 'bigint', bill_id: 'bigint' },
    key: ['org_id', 'id'],
    ...refers(['org_id', 'org']),
    composite: { 'org_id, bill_id': 'bill.org_id, id' },
    rows: 60_000,
    mib: 12,
    distinct: { org_id: 18, id: 60_000, bill_id: 20_000 },
  },
};
const compositeBy = { org: 'id', bill: 'org_id', line: 'org_id' };

const EXPECTED: readonly Expected[] = [
  { name: 'software as a service, no queries', schema: saas, by: saasBy },
  { name: 'software as a service, four mixed queries', schema: saas, queries: mixed, by: saasBy },
  { name: 'software as a service, five good queries', schema: saas, queries: good, by: saasBy },
  { name: 'tenants of many countries, no queries', schema: abroad, by: abroadBy },
  { name: 'tenants of many countries, four mixed queries', schema: abroad, queries: mixed, by: abroadBy },
  { name: 'tenants of many countries, five good queries', schema: abroad, queries: good, by: abroadBy },
  { name: 'settings of each firm', schema: firmSettings, by: firmBy },
  {
    name: 'settings of each firm, queries',
    schema: firmSettings,
    queries: share([
      asks('jobs', ['job'], { holds: ['job.firm_id'], share: 0 }),
      asks('steps', ['job', 'step'], {
        holds: ['job.firm_id', 'step.firm_id'],
        joins: [
          ['job.firm_id', 'step.firm_id'],
          ['job.id', 'step.id'],
        ],
        share: 0,
      }),
    ]),
    by: firmBy,
  },
  {
    name: 'settings of each firm, and no table of firms',
    schema: Object.fromEntries(Object.entries(firmSettings).filter(([name]) => name !== 'firm')),
    by: { firm_setting: 'firm_id', job: 'firm_id', step: 'firm_id', event: 'firm_id' },
  },
  ...['uuid', 'rowguid', 'public_id'].map((name): Expected => ({
    name: `${name} in every table`,
    schema: guilds(name),
    by: guildBy,
  })),
  { name: 'few tenants', schema: composite, by: compositeBy },
  { name: 'few tenants, and shards for them', schema: composite, shards: 16, by: compositeBy },
  { name: 'orders and what belongs to them', schema: orders, by: ordersBy },
  {
    name: 'orders and what belongs to them, read by order',
    schema: orders,
    queries: share([
      asks('order', ['orders', 'order_items'], {
        holds: ['orders.id', 'order_items.order_id'],
        joins: [['orders.id', 'order_items.order_id']],
        share: 0,
      }),
      asks('parcels', ['shipments'], { holds: ['shipments.order_id'], share: 0 }),
    ]),
    by: { customers: '-', products: '-', orders: 'id', order_items: 'order_id', shipments: 'order_id' },
  },
  {
    name: 'three names for one root',
    schema: names,
    by: { organizations: 'id', members: 'organization_id', tickets: 'org_id', notes: 'account_id' },
  },
  {
    name: 'a column that is reassigned',
    schema: names,
    queries: share([
      asks('mine', ['tickets'], { holds: ['tickets.assignee_id'], share: 0 }),
      asks('my notes', ['notes'], { holds: ['notes.assignee_id'], share: 0 }),
      asks('give', ['tickets'], { holds: ['tickets.id'], sets: ['assignee_id'], share: 0 }),
      asks('give note', ['notes'], { holds: ['notes.id'], sets: ['assignee_id'], share: 0 }),
    ]),
    by: { organizations: 'id', members: 'organization_id', tickets: 'org_id', notes: 'account_id' },
  },
  {
    name: 'a column that may be NULL',
    schema: {
      teams: table({}, 0.5, { rows: 5000 }),
      shops: table({}, 0.5, { rows: 5000 }),
      sales: table(
        { team_id: 'bigint?', shop_id: 'bigint' },
        80,
        refers(['team_id', 'teams'], ['shop_id', 'shops']),
      ),
    },
    by: { teams: '-', shops: 'id', sales: 'shop_id' },
  },
  {
    name: 'two columns that lead to the same table, one of them in the key',
    schema: {
      depot: table({}, 0.1, { rows: 200 }),
      leg: {
        columns: { against: 'bigint', depot: 'bigint', no: 'integer' },
        key: ['depot', 'no'],
        ...refers(['against', 'depot'], ['depot', 'depot']),
        rows: 20_000,
        mib: 4,
      },
    },
    by: { depot: 'id', leg: 'depot' },
  },
  {
    name: 'a root that is led to twice, and a group that stands without it',
    schema: {
      depot: table({}, 0.1, { rows: 200 }),
      trip: {
        columns: { depot: 'bigint', trip: 'bigint' },
        key: ['depot', 'trip'],
        ...refers(['depot', 'depot']),
        rows: 4000,
        mib: 0.4,
      },
      leg: {
        columns: { against: 'bigint', depot: 'bigint', trip: 'bigint', no: 'integer' },
        key: ['depot', 'trip', 'no'],
        ...refers(['against', 'depot']),
        composite: { 'depot, trip': 'trip.depot, trip' },
        rows: 20_000,
        mib: 4,
      },
    },
    by: { depot: '-', trip: 'depot', leg: 'depot' },
  },
  {
    name: 'a status in most tables',
    schema: {
      statuses: table({}, 0.02, { rows: 6 }),
      ...Object.fromEntries(
        Object.entries(orders).map(([name, sketch]) => [
          name,
          {
            ...sketch,
            columns: { ...sketch.columns, status_id: 'bigint' },
            references: { ...sketch.references, status_id: 'statuses.id' },
            distinct: { status_id: 6 },
          },
        ]),
      ),
    },
    by: { statuses: '-', ...ordersBy },
  },
];

describe.each(EXPECTED)('$name', ({ schema, queries, shards, by }) => {
  const { tables } = advise(situation(schema, queries, shards));
  const found = Object.fromEntries(
    tables.map(({ name, decision, distributeBy }) => [name, decision === 'distribute' ? distributeBy : '-']),
  );

  it('is distributed as it should be', () => {
    expect(found).toEqual(by);
  });
});
