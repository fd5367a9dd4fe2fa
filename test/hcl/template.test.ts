import { literalExpression, templateExpression } from '../../scripts/hcl/template';

describe('a template of the JSON syntax in the native syntax', () => {
  test.each([
    ['plain', '"plain"'],
    ['', '""'],
    ['${a.b}', 'a.b'],
    ['${ a.b }', 'a.b'],
    ['x-${a.b}', '"x-${a.b}"'],
    ['${a}${b}', '"${a}${b}"'],
    ['a "quoted" \\ path', '"a \\"quoted\\" \\\\ path"'],
    ['two\nlines\tand \u0007', '"two\\nlines\\tand \\u0007"'],
    ['$${not.this}', '"$${not.this}"'],
    ['%%{ not }', '"%%{ not }"'],
    ['costs $5 and 3%', '"costs $5 and 3%"'],
    ['${f("}", "a\\"}")}', 'f("}", "a\\"}")'],
    ['x${f("${g("}")}")}y', '"x${f("${g("}")}")}y"'],
    ['${f("$${")}', 'f("$${")'],
    ['${{ a = 1 }}', '{ a = 1 }'],
    ['${a\n+ b}', '(a\n+ b)'],
    ['${~ a ~}', '"${~ a ~}"'],
    ['%{ if a }"%{ endif }', '"%{ if a }\\"%{ endif }"'],
  ])('%j is %s', (text, expected) => {
    expect(templateExpression(text)).toBe(expected);
  });

  test.each(['${a', 'x ${f("a)}', '%{ if'])('%j is never closed', (text) => {
    expect(() => templateExpression(text)).toThrow('opens a sequence and never closes it');
  });

  test.each([
    ['${a}', '"$${a}"'],
    ['%{ if }', '"%%{ if }"'],
    ['say "no"', '"say \\"no\\""'],
  ])('%j is %s where nothing is evaluated', (text, expected) => {
    expect(literalExpression(text)).toBe(expected);
  });
});
