/** `-- Name: orders; Type: TABLE; Schema: public; Owner: citus`, between two lines of dashes. */
const HEADING =
  /^--\n-- Name: (?<name>.*?); Type: (?<type>[^;]*); Schema: (?<schema>[^;]*); Owner: (?<owner>.*)\n--\n\n/gm;

/**
 * A dump of `pg_dump --schema-only` by what its parts are of. The order of the parts, which follows oids and
 * dependencies, says nothing. Pure.
 */
export function dumpSections(dump: string): Map<string, string> {
  const headings = [...dump.matchAll(HEADING)];
  const sections = new Map<string, string>();
  headings.forEach((heading, index) => {
    const { name = '', type = '', schema = '', owner = '' } = heading.groups ?? {};
    const body = dump.slice(heading.index + heading[0].length, headings[index + 1]?.index);
    const subject = `${type} ${schema}.${name}`;
    const text = `${canonical(body)} (owner ${owner})`;
    const known = sections.get(subject);
    // Grants on the columns of a table have one name.
    sections.set(subject, known === undefined ? text : [known, text].sort().join('\n'));
  });
  return sections;
}

/**
 * What PostgreSQL calls a NOT NULL of its own accord, and tells from 18 on: `orders_id_not_null`. Of a partitioned table that Citus brings
 * back it is another name, with a number behind it after the second time, and what partitions inherit nobody can rename.
 */
const NOT_NULL_NAME = /CONSTRAINT (?:\w+_not_null\d*|"(?:[^"]|"")*_not_null\d*") NOT NULL/g;

/** The statements in an order of their own, without the settings that depend on what came before. */
function canonical(body: string): string {
  return body
    .split(/;\n/)
    .map((statement) =>
      statement
        .replace(/^(?:--|\\).*$/gm, '')
        .replace(NOT_NULL_NAME, 'NOT NULL')
        .trim(),
    )
    .filter(
      (statement) => statement !== '' && !/^SET default_(tablespace|table_access_method) = /.test(statement),
    )
    .sort()
    .join(';\n');
}
