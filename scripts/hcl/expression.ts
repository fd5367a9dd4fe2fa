import { literalExpression, templateExpression } from './template';

/** Writes a string of the JSON syntax; which way depends on where it stands. */
type StringWriter = (text: string) => string;

/** A JSON value as an expression, its strings being templates. */
export function expression(value: unknown): string {
  return write(value, templateExpression);
}

/** A JSON value as an expression where Terraform evaluates nothing: settings of variables, backends, versions. */
export function literal(value: unknown): string {
  return write(value, literalExpression);
}

/** An address, which the JSON syntax puts in quotes, some writers of it even in `${}`. */
export function reference(value: unknown): string {
  return String(value).replace(/^\$\{(.*)\}$/s, '$1');
}

/** A list of references, written without `${` and `}`. */
export function references(values: unknown): string {
  return list([values].flat().map(reference));
}

function write(value: unknown, string: StringWriter): string {
  if (typeof value === 'string') return string(value);
  if (Array.isArray(value)) return list(value.map((each) => write(each, string)));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([key, each]) => `${keyOf(key, string)} = ${write(each, string)}`,
  );
  return entries.length === 0 ? '{}' : `{\n${entries.join('\n')}\n}`;
}

function list(items: readonly string[]): string {
  return items.length === 0 ? '[]' : `[\n${items.map((item) => `${item},`).join('\n')}\n]`;
}

/** A key that is one reference needs brackets: bare, it would be the name itself. */
function keyOf(key: string, string: StringWriter): string {
  if (/^[A-Za-z_][\w-]*$/.test(key)) return key;
  const written = string(key);
  return written.startsWith('"') ? written : `(${written})`;
}
