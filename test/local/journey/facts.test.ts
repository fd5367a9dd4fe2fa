import { judgeFact } from '../../../scripts/local/journey/facts';

test('a fact holds when the database says what was generated', () => {
  expect(judgeFact('payments-of-the-bot', 3537, 3537)).toEqual({
    id: 'fact:payments-of-the-bot',
    ok: true,
    detail: '3,537, as generated',
  });
});

test.each([
  ['a row is missing', 3536, '3,536, and 3,537 were generated'],
  ['a row is there twice', 3538, '3,538, and 3,537 were generated'],
  ['there is no answer', Number.NaN, 'NaN, and 3,537 were generated'],
])('it does not when %s', (_, found, detail) => {
  expect(judgeFact('payments-of-the-bot', 3537, found)).toMatchObject({ ok: false, detail });
});
