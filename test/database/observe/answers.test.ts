import fc from 'fast-check';
import { AnswerDigest, comparable, queryHash, sameAnswer } from '../../../scripts/database/observe/answers';
import type { Answer } from '../../../scripts/database/observe/answers';
import { compareAnswers } from '../../../scripts/database/observe/observation';
import { cases } from '../../support/properties';

const [TEXT, REAL, DOUBLE, NUMERIC] = [25, 700, 701, 1700];
const digestOf = (rows: (string | null)[][], types = [TEXT, TEXT]): readonly string[] => {
  const digest = new AnswerDigest(types);
  for (const row of rows) digest.add(row);
  return digest.finish().digests;
};

describe('the digest of an answer', () => {
  const rows = fc.array(fc.tuple(fc.option(fc.string()), fc.option(fc.string())));

  it('does not depend on the order of the rows', () => {
    fc.assert(
      fc.property(rows, fc.array(fc.nat(), { minLength: 10 }), (some, keys) => {
        const shuffled = some
          .map((row, place) => ({ row, key: keys[place % keys.length] ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ row }) => row);
        expect(digestOf(shuffled)).toEqual(digestOf(some));
      }),
      cases(),
    );
  });

  it('is another for any other bag of rows', () => {
    const known = [['a', 'b']];
    for (const other of [
      [],
      [['ab', '']],
      [['b', 'a']],
      [['a', null]],
      [['a', 'null']],
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
      [
        ['a', 'b'],
        ['a', 'b'],
        ['a', 'b'],
      ],
    ]) {
      expect(digestOf(other)).not.toEqual(digestOf(known));
    }
    expect(digestOf([['a', null]])).not.toEqual(digestOf([['a', 'null']]));
  });

  it('counts the rows', () => {
    const digest = new AnswerDigest([TEXT]);
    for (let row = 0; row < 3; row += 1) digest.add(['x']);
    expect(digest.finish().rows).toBe(3);
  });
});

describe('floating numbers', () => {
  const answerOf = (values: readonly (number | string)[], type = DOUBLE): { digests: readonly string[] } => ({
    digests: digestOf(
      values.map((value, row) => [String(row), String(value)]),
      [TEXT, type],
    ),
  });
  const same = (a: readonly (number | string)[], b: readonly (number | string)[]): boolean =>
    sameAnswer(answerOf(a), answerOf(b));

  it('are the same when their summands come in another order, in every group', () => {
    const groups = fc.array(
      fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 100 }),
    );
    fc.assert(
      fc.property(groups, (each) => {
        const sums = (order: (a: number, b: number) => number): number[] =>
          each.map((values) => values.toSorted(order).reduce((total, value) => total + value, 0));
        expect(
          same(
            sums((a, b) => a - b),
            sums((a, b) => b - a),
          ),
        ).toBe(true);
      }),
      cases(),
    );
  });

  it('are the same when a thousand of them were summed as real', () => {
    const values = Array.from({ length: 1000 }, (_, index) => Math.log(index + 2) * 1234.5);
    const error = (index: number): number => 1 + (((index * 7919) % 13) - 6) * 3e-8;
    expect(
      same(
        values,
        values.map((value, index) => value * error(index)),
      ),
    ).toBe(true);
    expect(
      same(
        values,
        values.map((value, index) => (index === 500 ? value * 1.01 : value)),
      ),
    ).toBe(false);
    expect(same(values, values.toReversed())).toBe(false);
  });

  it.each([
    ['0.1', '0.10000000000000002'],
    ['-4', '-3.9999999999999996'],
    ['1048576', '1048575.9999999999'],
    ['2.5', '2.5000000000000004'],
    ['0', '-0'],
    ['NaN', 'NaN'],
  ])('%s and %s are one number', (a, b) => {
    expect(same([a], [b])).toBe(true);
  });

  it.each([
    ['1', '1.01'],
    ['1', '-1'],
    ['0', '0.000001'],
    ['NaN', 'Infinity'],
    ['Infinity', '-Infinity'],
    ['1e300', '2e300'],
    ['1e-320', '2e-320'],
  ])('%s and %s are two', (a, b) => {
    expect(same([a], [b])).toBe(false);
  });
});

test('numeric is compared without trailing zeros, text as it is', () => {
  expect(comparable('10.50', NUMERIC)).toBe('10.5');
  expect(comparable('10.00', NUMERIC)).toBe('10');
  expect(comparable('100', NUMERIC)).toBe('100');
  expect(comparable('10.50', TEXT)).toBe('10.50');
  expect(comparable(null, REAL)).toBeNull();
});

test('answers compared: the same, others, none before, none now, not asked, another query', () => {
  const answer = (more: object = {}): Answer => ({
    query: 'q',
    sql: queryHash({ sql: 'SELECT 1' }),
    rows: 2,
    digests: ['a', 'b'],
    ...more,
  });
  const failed: Answer = { query: 'q', sql: queryHash({ sql: 'SELECT 1' }), failed: '42P01' };
  const verdict = (before: Answer, now: Answer[]): unknown => compareAnswers([before], now)[0];
  expect(verdict(answer(), [answer()])).toEqual({
    query: 'q',
    same: true,
    detail: '2 rows, the same as before',
  });
  expect(verdict(answer(), [answer({ digests: ['b', 'a'] })])).toMatchObject({
    same: false,
    detail: '2 rows as before, but not the same ones',
  });
  expect(verdict(answer(), [answer({ rows: 1, digests: ['b'] })])).toMatchObject({
    same: false,
    detail: 'answered with 2 rows before, with 1 now',
  });
  expect(verdict(answer(), [failed])).toMatchObject({
    same: false,
    detail: expect.stringContaining('(42P01)') as string,
  });
  expect(verdict(failed, [answer()])).toMatchObject({ same: null });
  expect(verdict(answer(), [])).toMatchObject({
    same: null,
    detail: expect.stringContaining('not among the queries') as string,
  });
  expect(verdict(answer(), [answer({ sql: queryHash({ sql: 'SELECT 2' }) })])).toMatchObject({ same: null });
});

test('an answer is the same where it is in UTC and as the application asks; what earlier versions wrote down has UTC alone', () => {
  const answer = (digest: string, asApplication?: string, settings = "TimeZone 'Asia/Tokyo'"): Answer => ({
    query: 'q',
    sql: queryHash({ sql: 'SELECT 1' }),
    rows: 2,
    digests: [digest],
    ...(asApplication === undefined
      ? {}
      : { asApplication: { rows: 2, digests: [asApplication], settings } }),
  });
  const verdict = (before: Answer, now: Answer): unknown => compareAnswers([before], [now])[0];
  const [same, other] = ['2 rows, the same as before', '2 rows as before, but not the same ones'];
  expect(verdict(answer('a', 'x'), answer('a', 'x'))).toEqual({ query: 'q', same: true, detail: same });
  expect(verdict(answer('a', 'x'), answer('a', 'y'))).toEqual({
    query: 'q',
    same: false,
    bySettings: true,
    detail: `as its application asks it (TimeZone 'Asia/Tokyo'): ${other}; in UTC: ${same}`,
  });
  // The same instant is another text.
  expect(verdict(answer('a', 'x'), answer('a', 'y', "TimeZone 'UTC'"))).toEqual({
    query: 'q',
    same: true,
    detail: `${same} in UTC; not compared as its application asks it: its sessions begin with other settings now (TimeZone 'Asia/Tokyo' then, TimeZone 'UTC' now)`,
  });
  expect(verdict(answer('a', 'x'), answer('b', 'x'))).toEqual({
    query: 'q',
    same: false,
    detail: `as its application asks it (TimeZone 'Asia/Tokyo'): ${same}; in UTC: ${other}`,
  });
  expect(verdict(answer('a', 'x'), answer('b', 'y'))).toEqual({ query: 'q', same: false, detail: other });
  expect(verdict(answer('a'), answer('a', 'y'))).toEqual({ query: 'q', same: true, detail: same });
  expect(verdict(answer('a', 'x'), answer('b'))).toEqual({ query: 'q', same: false, detail: other });
});
