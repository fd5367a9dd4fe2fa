import fc from 'fast-check';
import type { Distribution, ExpectedTable, TableName } from '../../../config/workload/distribution-types';
import { foreignKeyFault } from '../../../scripts/database/target/foreign-keys';
import type { LiveForeignKey } from '../../../scripts/database/model/live';
import { sqlTable } from '../../../scripts/database/model/names';
import { TargetState } from '../../../scripts/database/target/target-state';
import { column, foreignKey, key, liveDatabase, liveTable, primaryKey } from './catalog';

/** A small database of plain tables, and what it is to become, one specification after the other. */
export interface RandomChanges {
  /** What makes it. */
  readonly sql: string;
  readonly tables: readonly TableName[];
  readonly specifications: readonly Distribution[];
}

/** The schemas of the tables. The first is never distributed as a whole. */
export const SCHEMAS = ['public', 'a', 'b'] as const;

/** What a table may become; two colocation groups, and not spoken of. */
const KINDS = ['local', 'reference', 'first', 'second', 'unnamed'] as const;
type Kind = (typeof KINDS)[number];
const COMMENTED = ['table', 'column', 'key', 'unique', 'index'] as const;

const drafts = fc.record({
  tables: fc.array(
    fc.record({
      schema: fc.constantFrom('public', ...SCHEMAS),
      rows: fc.constantFrom(0, 3, 20),
      comments: fc.subarray([...COMMENTED]),
    }),
    { minLength: 1, maxLength: 6, size: 'max' },
  ),
  links: fc.array(
    fc.record({
      from: fc.nat(5),
      to: fc.nat(5),
      firm: fc.boolean(),
      validated: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
      commented: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12, size: 'max' },
  ),
  specifications: fc.array(
    fc.record({
      online: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
      shardCount: fc.constantFrom(2, 4),
      column: fc.constantFrom('id', 'other'),
      wholes: fc.oneof({ weight: 2, arbitrary: fc.constant<readonly string[]>([]) }, fc.subarray(['a', 'b'])),
      kinds: fc.array(fc.constantFrom('local', 'first', ...KINDS), { minLength: 6, maxLength: 6 }),
    }),
    { minLength: 3, maxLength: 3 },
  ),
});

type Draft = typeof drafts extends fc.Arbitrary<infer T> ? T : never;
type DraftSpecification = Draft['specifications'][number];
type Linked = Pick<Draft['links'][number], 'validated' | 'commented' | 'firm'> & {
  readonly key: LiveForeignKey;
};

/**
 * Most foreign keys would fail one of the specifications. What some lead to is a reference table there instead, and the others are
 * left out, so that most cases have some and go all the way.
 */
function changesOf({ tables, links, specifications: drafted }: Draft): RandomChanges {
  const names = tables.map(({ schema }, index): TableName => ({ schema, name: `t${String(index)}` }));
  const live = liveDatabase(
    names.map((table) =>
      liveTable(table.name, {
        table,
        columns: [column('id'), column('other')],
        keys: [primaryKey(table.name, ['id', 'other']), key(`${table.name}_key`, 'unique', ['other', 'id'])],
      }),
    ),
  );
  const wanted = new Map(
    links.flatMap(({ from, to, ...link }): [string, Linked][] => {
      const [table, references] = [names[from % names.length], names[to % names.length]];
      if (table === undefined || references === undefined) return [];
      const name = `fk_${table.name}_${references.name}`;
      return [
        [name, { ...link, key: foreignKey(table.name, ['id', 'other'], '', { name, table, references }) }],
      ];
    }),
  );
  const fits = (expected: Distribution, { key }: Linked): boolean =>
    foreignKeyFault(new TargetState(expected, live), key) === undefined;
  const specifications = drafted.map((draft, which) => {
    const kinds = kindsOf(draft, drafted[which + 1], names);
    for (;;) {
      const expected = specificationOf(draft, names, kinds);
      const stray = [...wanted.values()].find(
        (link) =>
          link.firm &&
          !['reference', 'whole', 'whole next'].includes(kinds.get(link.key.references) ?? '') &&
          !fits(expected, link),
      );
      if (stray === undefined) return expected;
      kinds.set(stray.key.references, 'reference');
    }
  });
  const keys = [...wanted.values()].filter((link) =>
    specifications.every((expected) => fits(expected, link)),
  );
  const rows = new Map(names.map((table, index): [TableName, number] => [table, tables[index]?.rows ?? 0]));
  // Every table holds the first so many of the same rows: a foreign key leads to a table that has no fewer.
  for (let pass = 0; pass < names.length; pass += 1) {
    for (const { key } of keys) {
      rows.set(key.table, Math.min(rows.get(key.table) ?? 0, rows.get(key.references) ?? 0));
    }
  }
  return {
    sql: [
      ...SCHEMAS.slice(1).map((schema) => `CREATE SCHEMA ${schema}`),
      ...names.flatMap((table, index) => [
        `CREATE TABLE ${sqlTable(table)} (id int NOT NULL, other int NOT NULL, note text, CONSTRAINT ${table.name}_pkey PRIMARY KEY (id, other), CONSTRAINT ${table.name}_key UNIQUE (other, id))`,
        `CREATE INDEX ${table.name}_note ON ${sqlTable(table)} (note)`,
        `INSERT INTO ${sqlTable(table)} SELECT i, i, 'row ' || i FROM generate_series(1, ${String(rows.get(table))}) i`,
        ...(tables[index]?.comments ?? []).map((subject) => commentOn(subject, table)),
      ]),
      ...keys.flatMap(({ key: { name, table, references }, validated, commented }) => [
        `ALTER TABLE ${sqlTable(table)} ADD CONSTRAINT ${name} FOREIGN KEY (id, other) REFERENCES ${sqlTable(references)} (id, other)${validated ? '' : ' NOT VALID'}`,
        ...(commented ? [`COMMENT ON CONSTRAINT ${name} ON ${sqlTable(table)} IS 'why'`] : []),
      ]),
    ].join(';\n'),
    tables: names,
    specifications,
  };
}

export const randomChanges: fc.Arbitrary<RandomChanges> = drafts.map(changesOf);

/** Empties a database that such changes were made in. */
export const CLEAR = `
DROP SCHEMA IF EXISTS a, b, scaleout CASCADE;
DROP TABLE IF EXISTS ${Array.from({ length: 6 }, (_, index) => `public.t${String(index)}`).join(', ')} CASCADE;`;

function commentOn(subject: (typeof COMMENTED)[number], table: TableName): string {
  const { schema, name } = table;
  const on = {
    table: `TABLE ${sqlTable(table)}`,
    column: `COLUMN ${sqlTable(table)}.other`,
    key: `CONSTRAINT ${name}_pkey ON ${sqlTable(table)}`,
    unique: `CONSTRAINT ${name}_key ON ${sqlTable(table)}`,
    index: `INDEX ${schema}.${name}_note`,
  }[subject];
  return `COMMENT ON ${on} IS 'of ${name}'`;
}

type Kinds = Map<TableName, Kind | 'whole' | 'whole next'>;

function kindsOf(
  { wholes, kinds }: DraftSpecification,
  next: DraftSpecification | undefined,
  names: readonly TableName[],
): Kinds {
  return new Map(
    names.map((table, index) => {
      if (wholes.includes(table.schema)) return [table, 'whole'];
      // What is distributed by itself is not taken into a schema that is distributed afterwards.
      if (next?.wholes.includes(table.schema) === true) return [table, 'whole next'];
      return [table, kinds[index] ?? 'unnamed'];
    }),
  );
}

function specificationOf(
  { online, shardCount, column: distributeBy, wholes }: DraftSpecification,
  names: readonly TableName[],
  kinds: Kinds,
): Distribution {
  return {
    shardCount,
    online,
    tables: names.flatMap((table): ExpectedTable[] => {
      const kind = kinds.get(table);
      if (kind === undefined || kind === 'unnamed' || kind === 'whole') return [];
      if (kind === 'local' || kind === 'whole next') return [{ kind: 'local', table }];
      if (kind === 'reference') return [{ kind, table }];
      const root = names.find((each) => kinds.get(each) === kind) ?? table;
      const colocateWith = root === table ? {} : { colocateWith: root };
      return [{ kind: 'distributed', table, distributeBy, ...colocateWith }];
    }),
    schemas: SCHEMAS.slice(1).map((schema) => ({
      schema,
      kind: wholes.includes(schema) ? 'distributed' : 'local',
    })),
  };
}
