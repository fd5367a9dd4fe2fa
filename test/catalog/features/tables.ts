import type { Feature } from '../feature';
import { entersCitus, isPlain, OWNER, READER, text, WRITER } from '../feature';

/** Options, statistics, rights and comments of a table. */
export const TABLES: readonly Feature[] = [
  {
    name: 'storage options',
    weight: 3,
    fits: isPlain,
    make: ({ sql }, chance) => ({
      after: [
        `ALTER TABLE ${sql} SET (${chance.pick(['fillfactor = 70', 'autovacuum_enabled = off', 'autovacuum_vacuum_scale_factor = 0.05, parallel_workers = 2', 'toast.autovacuum_enabled = off', 'toast_tuple_target = 256', 'user_catalog_table = false'])})`,
      ],
    }),
  },
  {
    name: 'unlogged',
    weight: 1,
    fits: isPlain,
    // A table that is logged cannot refer to one that is not.
    make: ({ sql, drawn }) => ({ after: drawn.uses.length === 1 ? [`ALTER TABLE ${sql} SET UNLOGGED`] : [] }),
  },
  {
    name: 'extended statistics',
    weight: 3,
    make: ({ inSchema, sql }, chance) => {
      const what = chance.pick([
        '(ndistinct, dependencies) ON org, n',
        '(mcv) ON n, name',
        'ON (n + 1), (lower(name))',
        'ON org, n, name',
      ]);
      return {
        after: [
          `CREATE STATISTICS ${inSchema('statistics')} ${what} FROM ${sql}`,
          `COMMENT ON STATISTICS ${inSchema('statistics')} IS 'together'`,
          ...(chance.is(0.3) ? [`ALTER STATISTICS ${inSchema('statistics')} SET STATISTICS 42`] : []),
        ],
      };
    },
  },
  {
    name: 'comments',
    weight: 4,
    make: ({ sql }) => ({
      after: [
        `COMMENT ON TABLE ${sql} IS ${text('it\'s "a" table \\ of % ☃\nin two lines')}`,
        `COMMENT ON COLUMN ${sql}.org IS 'the tenant'`,
        `COMMENT ON COLUMN ${sql}.n IS ''' '`,
      ],
    }),
  },
  {
    name: 'grants',
    weight: 4,
    make: ({ sql }, chance) => ({
      after: [
        chance.pick([
          `GRANT SELECT ON ${sql} TO ${READER}`,
          `GRANT SELECT, INSERT ON ${sql} TO "${WRITER}" WITH GRANT OPTION`,
          `GRANT ALL ON ${sql} TO "${WRITER}"; GRANT SELECT ON ${sql} TO PUBLIC`,
          `REVOKE ALL ON ${sql} FROM CURRENT_USER; GRANT SELECT, TRIGGER, TRUNCATE ON ${sql} TO ${READER}; GRANT ALL ON ${sql} TO CURRENT_USER`,
        ]),
      ],
    }),
  },
  {
    name: 'grants on columns',
    weight: 1,
    refused: entersCitus,
    make: ({ sql }, chance) => ({
      after: [
        `GRANT SELECT (id, name), UPDATE (n) ON ${sql} TO ${READER}${chance.is(0.5) ? ' WITH GRANT OPTION' : ''}`,
      ],
    }),
  },
  {
    name: 'another owner',
    weight: 1,
    make: ({ sql }) => ({ late: [`ALTER TABLE ${sql} OWNER TO ${OWNER}`] }),
  },
  {
    name: 'publication',
    weight: 1,
    fits: isPlain,
    make: ({ name, sql }, chance) => ({
      late: [
        `CREATE PUBLICATION ${name('publication')} FOR TABLE ${sql}${chance.pick(['', ' WHERE (org IS NOT NULL)', ' (org, id)'])} WITH (publish = 'insert, update')`,
        `COMMENT ON PUBLICATION ${name('publication')} IS 'for all'`,
      ],
    }),
  },
  {
    name: 'policy',
    weight: 3,
    make: ({ name, sql }, chance) => ({
      last: [
        `ALTER TABLE ${sql} ENABLE ROW LEVEL SECURITY`,
        ...(chance.is(0.4) ? [`ALTER TABLE ${sql} FORCE ROW LEVEL SECURITY`] : []),
        `CREATE POLICY ${name('policy')} ON ${sql} ${chance.pick([
          'USING (n > 3)',
          `FOR SELECT TO ${READER} USING (true)`,
          'FOR INSERT WITH CHECK (n IS NOT NULL)',
          `FOR UPDATE TO ${READER}, "${WRITER}" USING (id > 0) WITH CHECK (name <> '')`,
          "USING (name <> current_setting('app.name', true))",
        ])}`,
        `COMMENT ON POLICY ${name('policy')} ON ${sql} IS 'it''s why'`,
      ],
    }),
  },
  {
    name: 'restrictive policy',
    weight: 1,
    refused: entersCitus,
    make: ({ name, sql }) => ({
      last: [
        `ALTER TABLE ${sql} ENABLE ROW LEVEL SECURITY`,
        `CREATE POLICY ${name('restricts')} ON ${sql} AS RESTRICTIVE USING (n < 9)`,
      ],
    }),
  },
  {
    name: 'rule',
    weight: 1,
    make: ({ name, sql }) => ({
      late: [`CREATE RULE ${name('rule')} AS ON DELETE TO ${sql} WHERE old.id = 1 DO INSTEAD NOTHING`],
    }),
  },
  {
    name: 'trigger',
    weight: 2,
    refused: entersCitus,
    make: ({ name, inSchema, sql }, chance) => ({
      before: [
        `CREATE FUNCTION ${inSchema('touch')}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$`,
      ],
      late: [
        `CREATE TRIGGER ${name('trigger')} ${chance.pick(['BEFORE INSERT', 'AFTER UPDATE OF n'])} ON ${sql} FOR EACH ROW WHEN (new.n > 5) EXECUTE FUNCTION ${inSchema('touch')}()`,
        `COMMENT ON TRIGGER ${name('trigger')} ON ${sql} IS 'why'`,
        ...(chance.is(0.5) ? [`ALTER TABLE ${sql} DISABLE TRIGGER ${name('trigger')}`] : []),
      ],
    }),
  },
  {
    name: 'inheritance',
    weight: 1,
    refused: entersCitus,
    fits: isPlain,
    make: ({ inSchema, sql }) => ({
      late: [`CREATE TABLE ${inSchema('heir')} (more integer) INHERITS (${sql})`],
    }),
  },
];
