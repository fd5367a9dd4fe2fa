import { advise } from '../../scripts/advise/advice';
import { parseAssumptions, withAssumptions } from '../../scripts/advise/assume';
import { describeAdvice } from '../../scripts/advise/text';
import type { Sketch } from './schemas';
import { asks, situation } from './schemas';

const shop: Record<string, Sketch> = {
  orgs: { columns: { id: 'bigint' }, key: ['id'], rows: 18, mib: 0.1 },
  users: {
    columns: { id: 'bigint', org_id: 'bigint' },
    key: ['id'],
    references: { org_id: 'orgs.id' },
    rows: 9000,
    mib: 3,
    distinct: { org_id: 18 },
  },
  files: {
    columns: { id: 'bigint', org_id: 'bigint', user_id: 'bigint', folder_id: 'bigint?' },
    key: ['id'],
    references: { org_id: 'orgs.id', user_id: 'users.id' },
    rows: 900_000,
    mib: 300,
    distinct: { org_id: 18, user_id: 9000 },
    nulls: { folder_id: 0.4 },
  },
  logs: {
    columns: { id: 'bigint', org_id: 'bigint', folder_id: 'bigint?' },
    key: ['id'],
    references: { org_id: 'orgs.id' },
    rows: 90_000,
    mib: 30,
    distinct: { org_id: 18 },
    nulls: { folder_id: 0.4 },
  },
  notes: { columns: { id: 'bigint', text: 'text' }, key: ['id'], rows: 100, mib: 0.1 },
};

it('lists every candidate with its table, its points, why it lost and what would make it win', () => {
  const advice = advise(situation(shop));
  const [{ chosen, candidates, others, alone, runnerUp } = fail()] = advice.choices;
  expect(chosen).toBe('org_id');
  expect(candidates.map(({ column, table }) => [column, table])).toEqual([
    ['org_id', 'orgs'],
    ['user_id', 'users'],
  ]);
  expect(candidates[0]).not.toHaveProperty('lost');
  expect(candidates[1]).toMatchObject({
    lost: expect.stringMatching(/^\d+ points against the \d+ of org_id \(it stands above/) as string,
    wins: expect.stringMatching(/more queries that hold it to one value/) as string,
  });
  expect(runnerUp).toMatchObject({
    column: 'user_id',
    cost: expect.stringMatching(/^org_id is better: /) as string,
  });
  expect(others).toEqual([
    expect.objectContaining({
      column: 'folder_id',
      lost: expect.stringMatching(/40 % of its rows hold NULL/) as string,
      wins: 'a value in every row, and NOT NULL',
    }),
  ]);
  expect(alone).toEqual(['files.id', 'logs.id', 'notes.id']);
  // Few values, which a copy of production often has, are a warning.
  expect(advice.caveats).toContainEqual(
    expect.stringMatching(/18 distinct values for 32 shards.*--shards 16, or more/),
  );
  expect(describeAdvice(advice)).toMatch(
    /runner-up user_id: .*not folder_id of files: .*It would take a value/s,
  );
  expect(advise(situation(shop, [], 16)).caveats.join()).not.toMatch(/distinct values/);
});

it('what is set by a query is said so, with the query', () => {
  const [choice] = advise(
    situation(shop, [asks('give', ['files'], { holds: ['files.id'], sets: ['user_id'], share: 1 })]),
  ).choices;
  const user = [...(choice?.candidates ?? []), ...(choice?.others ?? [])].find(
    ({ column }) => column === 'user_id',
  );
  expect(user).toMatchObject({ tables: 1 });
});

describe('a column that somebody asks for', () => {
  it('is the one, beside what would have been', () => {
    const advice = advise({ ...situation(shop), asked: { column: 'user_id' } });
    expect(advice.choices[0]).toMatchObject({
      chosen: 'user_id',
      because: 'is what --column asks for',
      runnerUp: { column: 'org_id' },
    });
    expect(advice.tables.find(({ name }) => name === 'files')?.distributeBy).toBe('user_id');
  });

  it('may be in one table, and in no key', () => {
    const advice = advise({ ...situation(shop), asked: { table: 'notes', column: 'text' } });
    expect(advice.tables.find(({ name }) => name === 'notes')?.distributeBy).toBe('text');
  });

  it('that cannot be is said so', () => {
    const advice = advise({ ...situation(shop), asked: { column: 'folder_id' } });
    expect(advice.choices[0]?.chosen).toBeUndefined();
    expect(advice.choices[0]?.because).toMatch(/--column asks for: 40 % of its rows hold NULL/);
  });
});

describe('what is assumed of production', () => {
  const text = `{ "formatVersion": 1, "tables": { "orgs": { "rows": 5000 },
    "public.files": { "bytes": 9e11, "columns": { "org_id": { "distinct": 5000, "top": 0.02 } } } } }`;

  it('takes the place of statistics, and nothing else does', () => {
    const input = situation(shop);
    const statistics = withAssumptions(input.statistics, parseAssumptions(text, 'a.json'));
    const advice = advise({ ...input, statistics });
    expect(advice.caveats.join()).not.toMatch(/distinct values/);
    expect(advice.choices[0]?.candidates[0]).toMatchObject({ column: 'org_id', distinct: 5000, top: 0.02 });
    expect(advice.tables.find(({ name }) => name === 'files')).toMatchObject({ bytes: 9e11, rows: 900_000 });
    expect(advice.tables.find(({ name }) => name === 'orgs')).toMatchObject({
      rows: 5000,
      bytes: 0.1 * 1024 ** 2,
    });
  });

  it.each([
    [
      'a share above one',
      '{formatVersion: 1, tables: {a: {columns: {b: {top: 3}}}}}',
      /a\.columns\.b\.top: is 3.*from 0 to 1/,
    ],
    ['another key', '{formatVersion: 1, tables: {a: {row: 3}}}', /unknown key.*rows/],
    ['a name twice', '{formatVersion: 1, tables: {a: {}, public.a: {}}}', /is the same table as "a"/],
  ])('%s is refused', (_, wrong, message) => {
    expect(() => parseAssumptions(wrong, 'a.json')).toThrow(message);
  });
});

function fail(): never {
  throw new Error('nothing was compared');
}
