import type { Feature } from '../feature';
import { hasPrimaryKey, isDistributed, isPlain } from '../feature';

/** Indexes, and what rests on them. */
export const INDEXES: readonly Feature[] = [
  {
    name: 'index',
    weight: 6,
    make: ({ name, sql }, chance) => {
      const how = chance.pick([
        '(n)',
        '(n DESC NULLS LAST, name text_pattern_ops)',
        '(name COLLATE "C")',
        '(lower(name))',
        "((n + 1), (name || 'x'))",
        '(n) WHERE n > 3',
        '(org) INCLUDE (n, name)',
        'USING hash (name)',
        'USING brin (at) WITH (pages_per_range = 4)',
        '(n) WITH (fillfactor = 60)',
        "USING gin (to_tsvector('simple', name))",
        '(n) WITH (deduplicate_items = off)',
      ]);
      return {
        after: [
          `CREATE INDEX ${name('index')} ON ${sql} ${how}`,
          `COMMENT ON INDEX ${name('index')} IS 'it''s fast'`,
        ].map((each) => each.replace(/COMMENT ON INDEX /, `COMMENT ON INDEX ${schemaOf(sql)}`)),
      };
    },
  },
  {
    name: 'unique index',
    weight: 3,
    fits: isPlain,
    make: ({ name, sql }, chance) => ({
      after: [
        `CREATE UNIQUE INDEX ${name('unique index')} ON ${sql} ${chance.pick(['(org, lower(name), id)', '(id, org DESC) WHERE n > 2', '(org, id) INCLUDE (n)', '(org, id, n) NULLS NOT DISTINCT'])}`,
      ],
    }),
  },
  {
    name: 'statistics of an index',
    weight: 1,
    make: ({ name, sql }) => ({
      after: [
        `CREATE INDEX ${name('stats')} ON ${sql} ((n * 2), name)`,
        `ALTER INDEX ${schemaOf(sql)}${name('stats')} ALTER COLUMN 1 SET STATISTICS 321`,
      ],
    }),
  },
  {
    name: 'cluster',
    weight: 2,
    fits: isPlain,
    make: ({ name, sql }) => ({
      late: [
        `CREATE INDEX ${name('order')} ON ${sql} (n, id)`,
        `ALTER TABLE ${sql} CLUSTER ON ${name('order')}`,
      ],
    }),
  },
  {
    name: 'replica identity',
    weight: 2,
    make: ({ name, sql, drawn }, chance) =>
      chance.is(0.5) || !isPlain(drawn)
        ? { late: [`ALTER TABLE ${sql} REPLICA IDENTITY ${chance.pick(['FULL', 'NOTHING'])}`] }
        : {
            late: [
              `CREATE UNIQUE INDEX ${name('identity')} ON ${sql} (org, id)`,
              `ALTER TABLE ${sql} REPLICA IDENTITY USING INDEX ${name('identity')}`,
            ],
          },
  },
  {
    name: 'comment on the key',
    weight: 2,
    fits: hasPrimaryKey,
    make: ({ sql }) => ({
      late: [
        `DO $$ BEGIN EXECUTE (SELECT format('COMMENT ON CONSTRAINT %I ON ${sql.replaceAll("'", "''").replaceAll('%', '%%')} IS ''the key''', conname) FROM pg_constraint WHERE conrelid = ${regclass(sql)} AND contype = 'p'); END $$`,
        `DO $$ BEGIN EXECUTE (SELECT format('COMMENT ON INDEX %s IS ''its index''', conindid::regclass) FROM pg_constraint WHERE conrelid = ${regclass(sql)} AND contype = 'p'); END $$`,
      ],
    }),
  },
  {
    name: 'unique index without the tenant',
    weight: 1,
    refused: isDistributed,
    fits: isPlain,
    make: ({ name, sql }) => ({ after: [`CREATE UNIQUE INDEX ${name('unique')} ON ${sql} (name)`] }),
  },
];

const regclass = (sql: string): string => `'${sql.replaceAll("'", "''")}'::regclass`;

/** `"schema".` of a quoted name. */
function schemaOf(sql: string): string {
  return /^"(?:[^"]|"")*"\./.exec(sql)?.[0] ?? '';
}
