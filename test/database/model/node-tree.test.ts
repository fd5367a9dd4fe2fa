import { parseNodeTree } from '../../../scripts/database/model/node-tree';

describe('a query tree as PostgreSQL writes it', () => {
  it('has nodes, lists, nothing, and names that need quoting', () => {
    expect(
      parseNodeTree(
        '({ALIAS :aliasname Odd\\ name :colnames ("a\\ b" "it"s" "[" "]x[" "" """ "\\(" <>)} (i 1 2))',
      ),
    ).toEqual([
      {
        tag: 'ALIAS',
        fields: { aliasname: 'Odd name', colnames: ['a b', 'it"s', '[', ']x[', '', '"', '(', null] },
      },
      ['i', '1', '2'],
    ]);
  });

  it('keeps the bytes of a constant, and fields that come after it', () => {
    expect(parseNodeTree('{CONST :constisnull false :constvalue 4 [ 5 0 -1 ] :location 3}')).toEqual({
      tag: 'CONST',
      fields: { constisnull: 'false', constvalue: '4 [ 5 0 -1 ]', location: '3' },
    });
  });

  it('knows braces in names from its own', () => {
    expect(parseNodeTree('{RTE :ctename \\{x\\} :next \\:y}')).toEqual({
      tag: 'RTE',
      fields: { ctename: '{x}', next: ':y' },
    });
  });

  it.each(['{QUERY :a', '({A :b 1}', '{A b}', '{A :b 1} x'])('is none: %s', (text) => {
    expect(() => parseNodeTree(text)).toThrow(/a query tree/);
  });
});
