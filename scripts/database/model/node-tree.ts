/** A node of a query tree as PostgreSQL writes it down (`pg_node_tree`), by its fields. */
export interface TreeNode {
  readonly tag: string;
  readonly fields: Readonly<Record<string, TreeValue>>;
}

/** Atoms are texts; `<>` is null; the bytes of a constant are one text of them all. */
export type TreeValue = TreeNode | readonly TreeValue[] | string | null;

/** Blanks, parentheses and braces within a name have a backslash before them; quotes and brackets have none. */
const TOKEN = /[{}()]|\[ [^\]]*\]|(?:\\.|[^\s{}()\\])+/gsu;

/**
 * Reads the text of a `pg_node_tree`. It is made of `{TAG :field value ...}` and `(list ...)`, the same in all versions of PostgreSQL;
 * which fields a node has differs. Pure.
 *
 * @throws Error where the text is no such tree
 */
export function parseNodeTree(text: string): TreeValue {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;
  const next = (): string => {
    const token = tokens[at];
    if (token === undefined) throw new Error('a query tree ends too early');
    at += 1;
    return token;
  };
  const value = (): TreeValue => {
    const token = next();
    if (token === '{') return node();
    if (token !== '(') return token === '<>' ? null : unescape(token);
    const items: TreeValue[] = [];
    while (tokens[at] !== ')') items.push(value());
    at += 1;
    return items;
  };
  const node = (): TreeNode => {
    const tag = next();
    const fields: Record<string, TreeValue> = {};
    while (tokens[at] !== '}') {
      const name = next();
      if (!name.startsWith(':')) throw new Error(`a query tree has "${name}" where a field begins`);
      // A field may have no value, and a constant has its length before its bytes.
      const following = tokens[at];
      if (following === undefined) throw new Error('a query tree ends too early');
      let read: TreeValue = following === '}' || following.startsWith(':') ? null : value();
      while (tokens[at]?.startsWith('[') === true) read = `${typeof read === 'string' ? read : ''} ${next()}`;
      fields[name.slice(1)] = read;
    }
    at += 1;
    return { tag, fields };
  };
  const root = value();
  if (at < tokens.length) throw new Error('a query tree goes on after its end');
  return root;
}

function unescape(token: string): string {
  const bare = token.startsWith('"') && token.endsWith('"') && token.length > 1 ? token.slice(1, -1) : token;
  return bare.replace(/\\(.)/gsu, '$1');
}
