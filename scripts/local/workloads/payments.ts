import type { ExpectedFact, GeneratedData } from './generate';
import { randomNumbers } from './generate';

/**
 * Woodgrove Bank's contactless payments: users who pay merchants within six feet. User 1 is a bot that makes as large
 * a part of all payments as the busiest account of Woodgrove's trial did. Of the others, a fifth make nearly half of
 * the rest: the lower the number of a user or a merchant, the more there is of them.
 *
 * The same rows every time for the same number of them and the same seed. How many there are of each kind, and how
 * many of them the bot has, does not depend on the seed: {@link GeneratedData.facts} says it beforehand.
 *
 * @param rows payments; a tenth as many users and a hundredth as many merchants come with them
 * @param seed a whole number
 */
export function paymentsData(rows: number, seed: number = DEFAULT_SEED): GeneratedData {
  const users = Math.max(2, Math.ceil(rows / PAYMENTS_TO_A_USER));
  const merchants = Math.max(1, Math.ceil(rows / PAYMENTS_TO_A_MERCHANT));
  return {
    tables: [
      {
        table: 'event_types',
        columns: ['event_type', 'description'],
        rows: EVENT_TYPES.length,
        lines: () => EVENT_TYPES.map(({ name, description }) => `${name}\t${description}\n`),
      },
      {
        table: 'payment_merchants',
        columns: ['merchant_id', 'name', 'url'],
        rows: merchants,
        lines: () => merchantLines(merchants),
      },
      {
        table: 'payment_users',
        columns: ['user_id', 'url', 'login', 'avatar_url'],
        rows: users,
        lines: () => userLines(users),
      },
      {
        table: 'payment_events',
        columns: ['event_id', 'event_type', 'user_id', 'merchant_id', 'event_details', 'created_at'],
        rows,
        lines: () => paymentLines({ rows, users, merchants, seed }),
      },
    ],
    sequences: [
      { table: 'payment_merchants', column: 'merchant_id' },
      { table: 'payment_users', column: 'user_id' },
      { table: 'payment_events', column: 'event_id' },
    ],
    facts: facts(rows),
    subject: { one: 'user', all: 'users' },
    remark:
      'User 1, a bot, makes 1.8 % of all payments, and a user lives in one shard: the node of that shard holds more.',
  };
}

const DEFAULT_SEED = 1;

/** Seeds are small numbers beside each other, whose first random numbers would be small and alike: this spreads them. */
const SPREAD_SEEDS = 0x9e3779b1;

const PAYMENTS_TO_A_USER = 10;
const PAYMENTS_TO_A_MERCHANT = 100;

/** Who makes the most payments. In the trial it was 2,232 of 126,195. */
const BOT = 1;
const BOT_SHARE = { payments: 2232, of: 126_195 };

/** Kinds of payments, and how many there are of each in a round of {@link ROUND}. */
const EVENT_TYPES = [
  { name: 'SendFunds', description: 'money for a merchant', inRound: 13 },
  { name: 'RequestFunds', description: 'money asked for', inRound: 5 },
  { name: 'GiftFunds', description: 'money for nothing in return', inRound: 2 },
] as const;

/** The kinds of payments in the order they come round in. */
const ROUND: readonly string[] = EVENT_TYPES.flatMap(({ name, inRound }) =>
  Array.from({ length: inRound }, (_, index) => ({ name, place: (index + 0.5) / inRound })),
)
  .sort((a, b) => a.place - b.place)
  .map(({ name }) => name);

/** When the first payment is made; 10,000 an hour follow. A Monday, at midnight. */
export const FIRST_PAYMENT_MS = Date.UTC(2022, 7, 8);
export const MS_BETWEEN_PAYMENTS = 360;
const PAYMENTS_TO_AN_HOUR = 3_600_000 / MS_BETWEEN_PAYMENTS;

function facts(rows: number): ExpectedFact[] {
  return [
    {
      name: 'payments-of-the-bot',
      sql: `SELECT count(*) FROM payment_events WHERE user_id = ${String(BOT)}`,
      value: paymentsOfTheBot(rows),
    },
    ...EVENT_TYPES.map(({ name }) => ({
      name: `payments-${name}`,
      sql: `SELECT count(*) FROM payment_events WHERE event_type = '${name}'`,
      value: ofType(name, rows),
    })),
    {
      name: 'hours-of-payments',
      sql: "SELECT count(DISTINCT date_trunc('hour', created_at)) FROM payment_events",
      value: Math.ceil(rows / PAYMENTS_TO_AN_HOUR),
    },
    {
      name: 'payments-with-user-and-merchant',
      sql: 'SELECT count(*) FROM payment_events JOIN payment_users USING (user_id) JOIN payment_merchants USING (merchant_id)',
      value: rows,
    },
  ];
}

/** Of the first `rows` payments. */
function paymentsOfTheBot(rows: number): number {
  return Math.floor((rows * BOT_SHARE.payments) / BOT_SHARE.of);
}

/** Of the first `rows` payments. */
function ofType(name: string, rows: number): number {
  const inRounds = (kinds: readonly string[]): number => kinds.filter((kind) => kind === name).length;
  const rounds = Math.floor(rows / ROUND.length);
  return rounds * inRounds(ROUND) + inRounds(ROUND.slice(0, rows % ROUND.length));
}

function* merchantLines(merchants: number): Generator<string> {
  for (let merchant = 1; merchant <= merchants; merchant += 1) {
    const number = String(merchant);
    yield `${number}\tmerchant ${number}\thttps://merchants.woodgrove.example/${number}\n`;
  }
}

function* userLines(users: number): Generator<string> {
  for (let user = 1; user <= users; user += 1) {
    const number = String(user);
    const login = user === BOT ? 'payments-bot' : `user-${number}`;
    const url = `https://pay.woodgrove.example/${login}`;
    yield `${number}\t${url}\t${login}\t${url}/avatar.png\n`;
  }
}

interface Payments {
  readonly rows: number;
  readonly users: number;
  readonly merchants: number;
  readonly seed: number;
}

function* paymentLines({ rows, users, merchants, seed }: Payments): Generator<string> {
  const random = randomNumbers(Math.imul(seed, SPREAD_SEEDS));
  let minute = -1;
  let minuteText = '';
  let botHad = 0;
  for (let row = 0; row < rows; row += 1) {
    const botHas = paymentsOfTheBot(row + 1);
    const user = botHas > botHad ? BOT : BOT + 1 + skewed(users - 1, random());
    botHad = botHas;
    const merchant = 1 + skewed(merchants, random());
    const cents = 100 + Math.floor(random() * 20_000);
    const feet = 1 + Math.floor(random() * 6);
    const sinceFirst = row * MS_BETWEEN_PAYMENTS;
    if (Math.floor(sinceFirst / 60_000) !== minute) {
      minute = Math.floor(sinceFirst / 60_000);
      minuteText = new Date(FIRST_PAYMENT_MS + minute * 60_000).toISOString().slice(0, 16).replace('T', ' ');
    }
    const type = ROUND[row % ROUND.length] ?? '';
    const amount = `${String(Math.floor(cents / 100))}.${padded(cents % 100, 2)}`;
    const seconds = `${padded(Math.floor((sinceFirst % 60_000) / 1000), 2)}.${padded(sinceFirst % 1000, 3)}`;
    yield `${String(row + 1)}\t${type}\t${String(user)}\t${String(merchant)}\t{"amount": ${amount}, "feet": ${String(feet)}}\t${minuteText}:${seconds}\n`;
  }
}

/**
 * One of `0` to `count - 1`, the lower the likelier: 0 comes up seven times as often as the average, the last less than
 * half as often, and the first fifth of them 46 % of the time. No more than multiplications, so that every machine and
 * every version of the runtime answers the same.
 *
 * @param share in [0, 1)
 */
function skewed(count: number, share: number): number {
  const grown = 1 + 3 * share;
  return Math.floor((count * (grown * grown * grown - 1)) / 63);
}

/** A number below 1,000 with zeros before it: making such text anew costs more than all the rest of a row. */
function padded(value: number, digits: 2 | 3): string {
  return (digits === 2 ? TWO_DIGITS : THREE_DIGITS)[value] ?? '';
}
const TWO_DIGITS = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));
const THREE_DIGITS = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, '0'));
