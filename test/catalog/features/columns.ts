import type { Feature } from '../feature';
import { isPlain, quote, text } from '../feature';

/** Columns by their types and by where their values come from. */
export const COLUMNS: readonly Feature[] = [
  {
    name: 'identity',
    weight: 1,
    make: ({ name }, chance) => {
      const options = chance.pick(['', ' (START WITH 1000 INCREMENT BY 5)', ' (CACHE 3 CYCLE)']);
      const kind = chance.pick(['ALWAYS', 'BY DEFAULT']);
      return {
        columns: [{ name: name('number'), definition: `bigint GENERATED ${kind} AS IDENTITY${options}` }],
      };
    },
  },
  {
    name: 'serial',
    weight: 3,
    make: ({ name }, chance) => ({
      columns: [{ name: name('serial'), definition: chance.pick(['bigserial', 'serial', 'smallserial']) }],
    }),
  },
  {
    name: 'shared sequence',
    weight: 2,
    make: ({ name, inSchema }, chance) => {
      const next = `bigint DEFAULT nextval(${text(inSchema('numbers'))})`;
      return {
        before: [
          `CREATE SEQUENCE ${inSchema('numbers')} INCREMENT BY ${String(1 + chance.below(3))} MINVALUE 5`,
          `COMMENT ON SEQUENCE ${inSchema('numbers')} IS 'it''s shared'`,
        ],
        columns: [
          { name: name('first'), definition: next },
          { name: name('second'), definition: next },
        ],
      };
    },
  },
  {
    name: 'generated column',
    weight: 3,
    make: ({ name, sql }) => ({
      columns: [
        { name: name('twice'), definition: 'integer GENERATED ALWAYS AS (coalesce(n, 0) * 2) STORED' },
      ],
      after: [`COMMENT ON COLUMN ${sql}.${name('twice')} IS 'generated'`],
    }),
  },
  {
    name: 'domain',
    weight: 2,
    make: ({ name, inSchema }, chance) => ({
      before: [
        `CREATE DOMAIN ${inSchema('positive')} AS integer DEFAULT 3 CONSTRAINT ${name('above')} CHECK (VALUE > 0)${chance.is(0.3) ? ' NOT NULL' : ''}`,
        `COMMENT ON DOMAIN ${inSchema('positive')} IS 'above 0'`,
      ],
      columns: [{ name: name('positive'), definition: inSchema('positive'), value: '1 + i % 9' }],
    }),
  },
  {
    name: 'enum',
    weight: 2,
    make: ({ name, inSchema, sql }) => ({
      before: [`CREATE TYPE ${inSchema('mood')} AS ENUM ('sad', 'it''s ok', 'Happy')`],
      columns: [
        {
          name: name('mood'),
          definition: `${inSchema('mood')} DEFAULT 'sad'`,
          value: `(ARRAY['sad', 'it''s ok', 'Happy'])[1 + i % 3]::${inSchema('mood')}`,
        },
      ],
      after: [`CREATE INDEX ${name('by mood')} ON ${sql} (${name('mood')}) WHERE ${name('mood')} > 'sad'`],
    }),
  },
  {
    name: 'composite type',
    weight: 2,
    make: ({ name, inSchema }) => ({
      before: [
        `CREATE TYPE ${inSchema('point')} AS (x integer, "y y" text)`,
        `COMMENT ON COLUMN ${inSchema('point')}."y y" IS 'up'`,
      ],
      columns: [
        {
          name: name('point'),
          definition: inSchema('point'),
          value: `ROW(i, 'y' || i)::${inSchema('point')}`,
        },
      ],
    }),
  },
  {
    name: 'array of an enum',
    weight: 1,
    make: ({ name, inSchema }) => ({
      before: [`CREATE TYPE ${inSchema('colour')} AS ENUM ('red', 'green')`],
      columns: [
        {
          name: name('colours'),
          definition: `${inSchema('colour')}[]`,
          value: `ARRAY['red', 'green']::${inSchema('colour')}[]`,
        },
      ],
    }),
  },
  {
    name: 'range',
    weight: 2,
    make: ({ name, sql }, chance) => {
      const [type, value] = chance.pick([
        ['int4range', 'int4range(i, i + 10)'],
        ['daterange', "daterange('2025-01-01', date '2025-01-02' + i)"],
        ['int8multirange', 'int8multirange(int8range(i, i + 2))'],
      ]);
      return {
        columns: [{ name: name('range'), definition: type, value }],
        after: chance.is(0.5)
          ? [`CREATE INDEX ${name('by range')} ON ${sql} USING gist (${name('range')})`]
          : [],
      };
    },
  },
  {
    name: 'collation',
    weight: 2,
    make: ({ name, inSchema }, chance) => {
      const deterministic = chance.is(0.7) ? '' : ', deterministic = false';
      return {
        before: [
          `CREATE COLLATION ${inSchema('german')} (provider = icu, locale = 'de-u-co-phonebk'${deterministic})`,
        ],
        columns: [
          {
            name: name('word'),
            definition: `text COLLATE ${inSchema('german')}`,
            value: "chr(96 + i % 26 + 1) || 'ö'",
          },
        ],
      };
    },
  },
  {
    name: 'plain types',
    weight: 4,
    make: ({ name }, chance) => {
      const [type, value] = chance.pick([
        ['numeric(12,3)', 'i / 3.0'],
        ['double precision', 'i / 7.0'],
        ['jsonb', "jsonb_build_object('i', i, 'ö', ARRAY[i])"],
        ['json', "json_build_object('b', i, 'a', null)"],
        ['bytea', "decode(md5(i::text), 'hex')"],
        ['interval', "i * interval '1 month 2 hours'"],
        ['timestamp with time zone', "timestamptz '2025-03-30 00:30:00+00' + i * interval '1 hour'"],
        ['inet', "('10.0.0.' || i % 250)::inet"],
        ['xml', "('<a>' || i || '</a>')::xml"],
        ['bit varying(8)', 'i::bit(8)::bit varying(8)'],
        ['tsvector', "to_tsvector('simple', 'word ' || i)"],
        ['character(5)', "'c' || i % 10"],
        ['text[]', "ARRAY['a', NULL, i::text]"],
        ['oid', 'i::oid'],
        ['money', 'i::money'],
        ['"char"', "'x'"],
      ]);
      return { columns: [{ name: name('value'), definition: type, value }] };
    },
  },
  {
    name: 'function as a default',
    weight: 2,
    make: ({ name, inSchema }, chance) => {
      const body = chance.is(0.5)
        ? 'LANGUAGE sql AS $$ SELECT 42 $$'
        : 'LANGUAGE plpgsql AS $$ BEGIN RETURN 42; END $$';
      return {
        before: [
          `CREATE FUNCTION ${inSchema('answer')}() RETURNS integer ${chance.pick(['IMMUTABLE', 'STABLE', 'VOLATILE'])} ${body}`,
          `COMMENT ON FUNCTION ${inSchema('answer')}() IS 'the answer'`,
        ],
        columns: [{ name: name('answer'), definition: `integer DEFAULT ${inSchema('answer')}()` }],
      };
    },
  },
  {
    name: 'default',
    weight: 3,
    make: ({ name }, chance) => ({
      columns: [
        {
          name: name('default'),
          definition: chance.pick([
            "text DEFAULT 'it''s \\ % \"quoted\"'",
            "timestamptz NOT NULL DEFAULT timestamptz '2025-01-01 00:00:00+00'",
            'text DEFAULT CURRENT_USER',
            "jsonb NOT NULL DEFAULT '{}'",
            'integer[] DEFAULT ARRAY[1, 2]',
            'numeric DEFAULT -1.50',
          ]),
        },
      ],
    }),
  },
  {
    name: 'dropped column',
    weight: 3,
    make: ({ name, sql }) => ({
      columns: [{ name: name('dropped'), definition: 'integer DEFAULT 1' }],
      late: [`ALTER TABLE ${sql} DROP COLUMN ${name('dropped')}`],
    }),
  },
  {
    name: 'column added to rows',
    weight: 2,
    make: ({ name, sql }) => ({
      late: [`ALTER TABLE ${sql} ADD COLUMN ${name('added')} integer DEFAULT 7 NOT NULL`],
    }),
  },
  {
    name: 'storage of a column',
    weight: 3,
    // Citus leaves it out on the shards of partitions.
    fits: isPlain,
    make: ({ name, sql }, chance) => ({
      columns: [{ name: name('long'), definition: 'text', value: "repeat('long ', i % 50)" }],
      after: [
        chance.pick([
          `ALTER TABLE ${sql} ALTER COLUMN ${name('long')} SET STORAGE EXTERNAL`,
          `ALTER TABLE ${sql} ALTER COLUMN ${name('long')} SET STORAGE MAIN`,
          `ALTER TABLE ${sql} ALTER COLUMN ${name('long')} SET COMPRESSION lz4`,
          `ALTER TABLE ${sql} ALTER COLUMN ${name('long')} SET COMPRESSION pglz`,
        ]),
      ],
    }),
  },
  {
    name: 'statistics of a column',
    weight: 3,
    make: ({ sql }, chance) => ({
      after: [
        chance.pick([
          `ALTER TABLE ${sql} ALTER COLUMN name SET STATISTICS 500`,
          `ALTER TABLE ${sql} ALTER COLUMN name SET STATISTICS 0`,
          `ALTER TABLE ${sql} ALTER COLUMN name SET (n_distinct = -0.5)`,
          `ALTER TABLE ${sql} ALTER COLUMN n SET (n_distinct = 13, n_distinct_inherited = 13)`,
        ]),
      ],
    }),
  },
  {
    name: 'odd column name',
    weight: 2,
    make: ({ sql }, chance) => {
      const column = quote(
        chance.pick(['Upper Case', 'order', 'per%cent', 'q"uote', "o'clock", 'ünï☃', 'a,b']),
      );
      return {
        columns: [{ name: column, definition: 'integer CHECK (true)', value: 'i' }],
        after: [`COMMENT ON COLUMN ${sql}.${column} IS 'odd \\ name''s'`],
      };
    },
  },
  {
    name: 'function in a generated column',
    weight: 1,
    make: ({ name, inSchema }) => ({
      before: [
        `CREATE FUNCTION ${inSchema('shout')}(text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$ SELECT upper($1) $$`,
      ],
      columns: [
        { name: name('loud'), definition: `text GENERATED ALWAYS AS (${inSchema('shout')}(name)) STORED` },
      ],
    }),
  },
  {
    name: 'range type of its own',
    weight: 1,
    refused: () => true,
    fits: isPlain,
    make: ({ name, inSchema }) => ({
      before: [`CREATE TYPE ${inSchema('floats')} AS RANGE (subtype = float8)`],
      columns: [{ name: name('floats'), definition: inSchema('floats') }],
    }),
  },
];
