import type { Schema } from './openapi';
import { differences, lost } from './openapi';

const name: Schema = { type: 'string', pattern: '^[a-z]+$' };
const schema: Schema = {
  allOf: [{ type: 'object', properties: { id: { type: 'string' } } }],
  properties: {
    name,
    size: { type: 'integer' },
    kind: { type: 'string', enum: ['a', 'b'] },
    parts: { type: 'array', items: { type: 'object', properties: { name } } },
    tags: { type: 'object', additionalProperties: { type: 'string' } },
    password: { type: 'string', 'x-ms-secret': true },
    mode: { type: 'string', 'x-ms-mutability': ['create', 'update'] },
    state: { type: 'string', readOnly: true },
  },
  required: ['name', 'password'],
};

describe('differences from a published schema', () => {
  it('are none in an answer that is like it', () => {
    const answer = { id: 'x', name: 'x', size: 1, kind: 'a', parts: [{ name: 'y' }], tags: { a: '1' } };
    expect(differences(answer, schema, __filename)).toEqual([]);
    expect(differences({ name: 'x', size: null }, schema, __filename)).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ['another type', { name: 'x', size: '1' }, /\.size is "1", and no integer/],
    ['another word', { name: 'x', kind: 'c' }, /\.kind is "c", and none of a,b/],
    ['another form', { name: 'X' }, /\.name is "X", and not like/],
    ['a part', { name: 'x', parts: [{}, { name: 1 }] }, /\.parts\[1\]\.name is 1, and no string/],
    ['what is unknown', { name: 'x', color: 1 }, /\.color is unknown/],
    ['what is missing', {}, /\.name is missing/],
    ['a secret', { name: 'x', password: 'p' }, /\.password is "p", and a secret/],
    ['what is only written', { name: 'x', mode: 'm' }, /\.mode is "m", and is never read/],
  ])('are %s', (_, answer, message) => {
    expect(differences(answer, schema, __filename)).toEqual([expect.stringMatching(message)]);
  });
});

describe('what of a request is lost', () => {
  const stated = {
    name: 'x',
    size: 1,
    parts: [{ name: 'y' }],
    password: 'p',
    mode: 'm',
    state: 's',
    kind: '',
  };

  it('is nothing that an answer has, or need not have', () => {
    const answer = { id: 'x', name: 'x', size: 1, parts: [{ name: 'y' }], state: 'other' };
    expect(lost(stated, answer, schema, __filename)).toEqual([]);
  });

  it('is what an answer has otherwise, or has not', () => {
    expect(lost(stated, { name: 'x', parts: [{ name: 'z' }] }, schema, __filename)).toEqual([
      '.size is missing, and was 1',
      '.parts is [{"name":"z"}], and was [{"name":"y"}]',
    ]);
  });
});
