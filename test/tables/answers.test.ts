import fc from 'fast-check';
import { AnswerDigest, comparable, queryHash } from '../../scripts/tables/answers';
import type { Answer } from '../../scripts/tables/answers';
import { compareAnswers } from '../../scripts/tables/observation';

const [TEXT, REAL, DOUBLE, NUMERIC] = [25, 700, 701, 1700];
const digestOf = (rows: (string | null)[][], types = [TEXT, TEXT]): string => {
  const digest = new AnswerDigest();
  for (const row of rows) digest.add(row, types);
  return digest.finish().digest;
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
        expect(digestOf(shuffled)).toBe(digestOf(some));
      }),
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
      expect(digestOf(other)).not.toBe(digestOf(known));
    }
    expect(digestOf([['a', null]])).not.toBe(digestOf([['a', 'null']]));
  });

  it('counts the rows', () => {
    const digest = new AnswerDigest();
    for (let row = 0; row < 3; row += 1) digest.add(['x'], [TEXT]);
    expect(digest.finish().rows).toBe(3);
  });
});

describe('a value, wherever it was computed', () => {
  it('is the same double when its summands come in another order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (values) => {
          const sum = (order: readonly number[]): number => order.reduce((total, each) => total + each, 0);
          const [ascending, descending] = [
            sum(values.toSorted((a, b) => a - b)),
            sum(values.toSorted((a, b) => b - a)),
          ];
          expect(comparable(String(ascending), DOUBLE)).toBe(comparable(String(descending), DOUBLE));
        },
      ),
      // One sum in a million has an edge between two orders: always the same sums, so that no run meets it by chance.
      { seed: 4 },
    );
  });

  it.each([
    ['0.1', '0.10000000000000002'],
    ['-4', '-3.9999999999999996'],
    ['1048576', '1048575.9999999999'],
    ['2.5', '2.5000000000000004'],
    ['0', '-0'],
  ])('%s and %s are one double', (a, b) => {
    expect(comparable(a, DOUBLE)).toBe(comparable(b, DOUBLE));
  });

  it.each([
    ['1', '1.00001'],
    ['1', '-1'],
    ['0', '0.000001'],
    ['NaN', 'Infinity'],
    ['Infinity', '-Infinity'],
    ['1e300', '2e300'],
    ['1e-320', '2e-320'],
  ])('%s and %s are two', (a, b) => {
    expect(comparable(a, DOUBLE)).not.toBe(comparable(b, DOUBLE));
  });

  it('real is compared to fewer digits, numeric without trailing zeros, text as it is', () => {
    expect(comparable('1234.56', REAL)).toBe(comparable('1234.57', REAL));
    expect(comparable('1234', REAL)).not.toBe(comparable('1244', REAL));
    expect(comparable('10.50', NUMERIC)).toBe('10.5');
    expect(comparable('10.00', NUMERIC)).toBe('10');
    expect(comparable('100', NUMERIC)).toBe('100');
    expect(comparable('10.50', TEXT)).toBe('10.50');
    expect(comparable(null, DOUBLE)).toBeNull();
  });
});

test('answers compared: the same, others, none before, none now, not asked, another query', () => {
  const answer = (more: object = {}): Answer => ({
    query: 'q',
    sql: queryHash('SELECT 1'),
    rows: 2,
    digest: 'a',
    ...more,
  });
  const failed: Answer = { query: 'q', sql: queryHash('SELECT 1'), failed: '42P01' };
  const verdict = (before: Answer, now: Answer[]): unknown => compareAnswers([before], now)[0];
  expect(verdict(answer(), [answer()])).toEqual({
    query: 'q',
    same: true,
    detail: '2 rows, the same as before',
  });
  expect(verdict(answer(), [answer({ digest: 'b' })])).toMatchObject({
    same: false,
    detail: '2 rows as before, but not the same ones',
  });
  expect(verdict(answer(), [answer({ rows: 1, digest: 'b' })])).toMatchObject({
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
  expect(verdict(answer(), [answer({ sql: queryHash('SELECT 2') })])).toMatchObject({ same: null });
});
