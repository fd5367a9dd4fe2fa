import { createHash } from 'node:crypto';
import type { GeneratedTable } from '../../../scripts/local/workloads';
import { generateData } from '../../../scripts/local/workloads';
import { chunks } from '../../../scripts/local/workloads/generate';
import { paymentsData } from '../../../scripts/local/workloads/payments';

interface Payment {
  readonly id: number;
  readonly type: string;
  readonly user: number;
  readonly merchant: number;
  readonly details: { readonly amount: number; readonly feet: number };
  readonly at: string;
}

const BOT = 1;

function tableOf(rows: number, name: string, seed?: number): GeneratedTable {
  const table = paymentsData(rows, seed).tables.find((each) => each.table === name);
  if (table === undefined) throw new Error(`no table ${name}`);
  return table;
}

function lines(rows: number, name: string): string[][] {
  return [...tableOf(rows, name).lines()].map((line) => line.trimEnd().split('\t'));
}

function payments(rows: number): Payment[] {
  return lines(rows, 'payment_events').map(
    ([id = '', type = '', user = '', merchant = '', details = '', at = '']) => ({
      id: Number(id),
      type,
      user: Number(user),
      merchant: Number(merchant),
      details: JSON.parse(details) as Payment['details'],
      at,
    }),
  );
}

function hashOf(data: ReturnType<typeof paymentsData>): string {
  const hash = createHash('sha256');
  for (const table of data.tables) for (const chunk of chunks(table.lines())) hash.update(chunk);
  return hash.digest('hex');
}

/** What a fact of that name says. */
function fact(rows: number, name: string): number | undefined {
  return paymentsData(rows).facts.find((each) => each.name === name)?.value;
}

/** Of hundreds of thousands of payments no more than who pays whom, which is read in no time. */
function payers(rows: number): Pick<Payment, 'user' | 'merchant'>[] {
  const known = PAYERS.get(rows);
  if (known !== undefined) return known;
  const all: Pick<Payment, 'user' | 'merchant'>[] = [];
  for (const line of tableOf(rows, 'payment_events').lines()) {
    const [, , user = '', merchant = ''] = line.split('\t', 4);
    all.push({ user: Number(user), merchant: Number(merchant) });
  }
  PAYERS.set(rows, all);
  return all;
}
const PAYERS = new Map<number, Pick<Payment, 'user' | 'merchant'>[]>();

/** Payments of each user, the most first. */
function byUser(all: readonly Pick<Payment, 'user'>[]): [user: number, payments: number][] {
  const counts = new Map<number, number>();
  for (const { user } of all) counts.set(user, (counts.get(user) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

describe('the data of the payments', () => {
  test('is the same in every version of this program', () => {
    expect(hashOf(generateData('payments', 5000))).toBe(
      '24c81973a3e99dff707486d1e103c2bc2cca7c20178f486bc0d906e249454b2f',
    );
  });

  test('is the same for the same seed, and other payments for another', () => {
    expect(hashOf(paymentsData(2000, 7))).toBe(hashOf(paymentsData(2000, 7)));
    expect(hashOf(paymentsData(2000, 8))).not.toBe(hashOf(paymentsData(2000, 7)));
    expect([...tableOf(2000, 'payment_users', 8).lines()]).toEqual([
      ...tableOf(2000, 'payment_users', 7).lines(),
    ]);
    expect(paymentsData(2000, 8).facts).toEqual(paymentsData(2000, 7).facts);
  });

  test('differs from seed to seed from the first payment on', () => {
    const first = [0, 1, 2, 3, -1, 1e9].map((seed) => {
      const [line] = tableOf(1000, 'payment_events', seed).lines();
      return line;
    });
    expect(new Set(first).size).toBe(first.length);
  });

  test.each([
    [1, { event_types: 3, payment_merchants: 1, payment_users: 2, payment_events: 1 }],
    [1234, { event_types: 3, payment_merchants: 13, payment_users: 124, payment_events: 1234 }],
    [50_000, { event_types: 3, payment_merchants: 500, payment_users: 5000, payment_events: 50_000 }],
  ])(
    'of %d payments has users and merchants in proportion, and as many rows as it says',
    (rows, expected) => {
      const { tables } = paymentsData(rows);
      expect(Object.fromEntries(tables.map(({ table, rows: said }) => [table, said]))).toEqual(expected);
      for (const table of tables) {
        const all = [...table.lines()];
        expect(all).toHaveLength(table.rows);
        expect(new Set(all.map((line) => line.split('\t').length))).toEqual(new Set([table.columns.length]));
      }
    },
  );

  test('refers to nobody who is not there, and numbers everything from 1 without a gap', () => {
    for (const rows of [1, 2, 57, 10_000]) {
      const users = lines(rows, 'payment_users').map(([id]) => Number(id));
      const merchants = lines(rows, 'payment_merchants').map(([id]) => Number(id));
      const types = new Set(lines(rows, 'event_types').map(([name]) => name));
      expect(users).toEqual(users.map((_, index) => index + 1));
      expect(merchants).toEqual(merchants.map((_, index) => index + 1));
      const all = payments(rows);
      expect(all.map(({ id }) => id)).toEqual(all.map((_, index) => index + 1));
      const strangers = all.filter(
        ({ user, merchant, type }) =>
          users[user - 1] === undefined || merchants[merchant - 1] === undefined || !types.has(type),
      );
      expect(strangers).toEqual([]);
    }
  });

  test('gives the bot what the busiest account of the trial had, exactly', () => {
    expect(fact(126_195, 'payments-of-the-bot')).toBe(2232);
    expect(fact(1, 'payments-of-the-bot')).toBe(0);
    expect(byUser(payers(126_195))[0]).toEqual([BOT, 2232]);
  });

  test('has the bot’s payments all along, not in one piece', () => {
    const all = payments(12_000);
    const inEachThousand = Array.from(
      { length: 12 },
      (_, index) => all.slice(index * 1000, (index + 1) * 1000).filter(({ user }) => user === BOT).length,
    );
    for (const part of inEachThousand) expect([17, 18]).toContain(part);
  });

  test.each([10_000, 200_000])('of %d payments has nobody as active as the bot', (rows) => {
    const [first, second] = byUser(payers(rows));
    expect(first?.[0]).toBe(BOT);
    expect(second?.[1]).toBeLessThan(fact(rows, 'payments-of-the-bot') ?? 0);
  });

  test('is skewed among the others: a fifth of them make nearly half of the payments', () => {
    const rows = 200_000;
    const users = rows / 10;
    const others = payers(rows).filter(({ user }) => user !== BOT);
    const busy = others.filter(({ user }) => user <= users / 5).length / others.length;
    expect(busy).toBeGreaterThan(0.45);
    expect(busy).toBeLessThan(0.48);
    const paid = others.filter(({ merchant }) => merchant <= rows / 100 / 5).length / others.length;
    expect(paid).toBeGreaterThan(0.45);
    expect(paid).toBeLessThan(0.48);
  });

  test.each([1, 19, 20, 9_999, 10_000, 10_001, 25_003])('of %d payments is what its facts say', (rows) => {
    const all = payments(rows);
    expect(Object.fromEntries(paymentsData(rows).facts.map(({ name, value }) => [name, value]))).toEqual({
      'payments-of-the-bot': all.filter(({ user }) => user === BOT).length,
      'payments-SendFunds': all.filter(({ type }) => type === 'SendFunds').length,
      'payments-RequestFunds': all.filter(({ type }) => type === 'RequestFunds').length,
      'payments-GiftFunds': all.filter(({ type }) => type === 'GiftFunds').length,
      'hours-of-payments': new Set(all.map(({ at }) => at.slice(0, 13))).size,
      'payments-with-user-and-merchant': rows,
    });
  });

  test('stamps 10,000 payments an hour, within six feet and for money', () => {
    const all = payments(10_001);
    expect(all[0]?.at).toBe('2022-08-08 00:00:00.000');
    expect(all[1]?.at).toBe('2022-08-08 00:00:00.360');
    expect(all[9_999]?.at).toBe('2022-08-08 00:59:59.640');
    expect(all[10_000]?.at).toBe('2022-08-08 01:00:00.000');
    expect(new Set(all.map(({ details }) => details.feet))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    expect(all.every(({ details: { amount } }) => amount >= 1 && amount < 201)).toBe(true);
    const text = [...tableOf(10_000, 'payment_events').lines()];
    expect(text.every((line) => /"amount": \d+\.\d\d,/.test(line))).toBe(true);
  });

  // A generator that kept its rows would never come to the first of a billion payments.
  test('is made as it is sent, in writes of 128 to 256 KiB, however much there is of it', () => {
    for (const table of paymentsData(1e9).tables) {
      let taken = 0;
      for (const { length } of chunks(table.lines())) {
        if (table.rows > 1000) expect(length).toBeGreaterThanOrEqual(128 * 1024);
        expect(length).toBeLessThan(256 * 1024);
        taken += 1;
        if (taken === 20) break;
      }
      expect(taken).toBeGreaterThan(0);
    }
  });
});
