import fc from 'fast-check';
import { differencesOf } from '../../scripts/cdktn/compare';
import { cases } from '../support/properties';

describe('where two JSON documents differ', () => {
  test.each<[string, unknown, unknown, unknown]>([
    ['a value', { a: { b: 1 } }, { a: { b: 2 } }, [{ pointer: '/a/b', before: 1, after: 2 }]],
    ['a kind', { a: '1' }, { a: 1 }, [{ pointer: '/a', before: '1', after: 1 }]],
    ['a key less', { a: 1 }, {}, [{ pointer: '/a', before: 1, after: undefined }]],
    ['a key more', {}, { a: null }, [{ pointer: '/a', before: undefined, after: null }]],
    ['an element more', [1], [1, 2], [{ pointer: '/1', before: undefined, after: 2 }]],
    ['an array for an object', { a: [] }, { a: {} }, [{ pointer: '/a', before: [], after: {} }]],
    ['null for an object', { a: {} }, { a: null }, [{ pointer: '/a', before: {}, after: null }]],
    ['the whole document', 1, 2, [{ pointer: '', before: 1, after: 2 }]],
    [
      'keys that a pointer escapes',
      { '//': { 'a~b': 1 } },
      { '//': { 'a~b': 2 } },
      [{ pointer: '/~1~1/a~0b', before: 1, after: 2 }],
    ],
    [
      'a key that every object inherits',
      {},
      { constructor: 1 },
      [{ pointer: '/constructor', before: undefined, after: 1 }],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(differencesOf(before, after)).toEqual(expected);
  });

  test('the order of keys is none', () => {
    expect(differencesOf({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })).toEqual([]);
  });

  test('none in a document and itself, and some wherever two texts differ in value', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (one, other) => {
        const parse = (text: string): unknown => JSON.parse(text);
        expect(differencesOf(parse(one), parse(one))).toEqual([]);
        let same = true;
        try {
          expect(parse(one)).toStrictEqual(parse(other));
        } catch {
          same = false;
        }
        expect(differencesOf(parse(one), parse(other)).length === 0).toBe(same);
      }),
      cases(),
    );
  });
});
