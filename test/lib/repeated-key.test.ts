import fc from 'fast-check';
import { repeatedKey } from '../../scripts/lib/repeated-key';
import { cases } from '../support/properties';

test.each<[string, string]>([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":1,"\\u0061":1}', 'a'],
  ['{"steps":[{},{"sql":["a","a"],"id":"x","sql":[]}]}', 'steps[1].sql'],
  ['[[0,1,{"a":{"b":1,"c":{"b":[]},"b":1}}]]', '[0][2].a.b'],
  ['{"a":"\\"},{","__proto__":1,"__proto__":2}', '__proto__'],
  ['{"a\\\\":1,"b":"a\\\\","a\\\\":1}', 'a\\'],
  ['{ "" : [ ] , "" : 0 }', ''],
])('a key that an object has twice is found at any depth: %s', (json, where) => {
  expect(() => JSON.parse(json) as unknown).not.toThrow();
  expect(repeatedKey(json)).toBe(where);
});

test.each(['{}', '[]', '"a"', '1', '[{"a":1},{"a":1}]', '{"a":"a","b":["a","a"],"c":{"a":{"a":1}}}'])(
  'the same key in two objects is none: %s',
  (json) => {
    expect(repeatedKey(json)).toBeUndefined();
  },
);

test('no JSON that JavaScript writes has one, and one that is put in is found', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.nat(1), (value, key, indent) => {
      expect(repeatedKey(JSON.stringify(value, undefined, indent))).toBeUndefined();
      const inner = JSON.stringify({ [key]: value });
      const twice = `[0,{"outer":${inner.slice(0, -1)},${inner.slice(1)}}]`;
      expect(repeatedKey(twice)).toBe(`[1].outer.${key}`);
    }),
    cases(),
  );
});

test('a long string is as good as a short one', () => {
  const long = '\\"x'.repeat(1_000_000);
  expect(repeatedKey(`{"a":"${long}","b":1}`)).toBeUndefined();
  expect(repeatedKey(`{"a":"${long}","a":1}`)).toBe('a');
});
