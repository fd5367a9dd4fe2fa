import type { Feature } from '../feature';
import { entersCitus, isDistributed, READER, text } from '../feature';

/** Views over tables and over views, and functions that read tables. */
export const VIEWS: readonly Feature[] = [
  {
    name: 'view',
    weight: 4,
    make: ({ inSchema, sql }, chance) => {
      const view = inSchema('view');
      const options = chance.pick([
        '',
        ' WITH (security_barrier)',
        ' WITH (security_invoker = true)',
        ' WITH (check_option = local)',
      ]);
      return {
        late: [
          `CREATE VIEW ${view}${options} AS SELECT org, id, name AS "Its Name", n FROM ${sql} WHERE id > 5`,
          `COMMENT ON VIEW ${view} IS 'a look'`,
          `COMMENT ON COLUMN ${view}."Its Name" IS 'a name'`,
          // Citus asks whoever reads a view for the rights that PostgreSQL asks of its owner.
          ...(chance.is(0.5) ? [`GRANT SELECT ON ${sql}, ${view} TO ${READER}`] : []),
          ...(chance.is(0.3) ? [`ALTER VIEW ${view} ALTER COLUMN n SET DEFAULT 4`] : []),
        ],
      };
    },
  },
  {
    name: 'view for readers of it alone',
    weight: 1,
    refused: entersCitus,
    make: ({ inSchema, sql }, chance) => ({
      late: [
        `CREATE VIEW ${inSchema('window')} AS SELECT org, id FROM ${sql}`,
        `GRANT SELECT${chance.is(0.5) ? ' (org)' : ''} ON ${inSchema('window')} TO ${READER}`,
      ],
    }),
  },
  {
    name: 'view over a view',
    weight: 3,
    make: ({ inSchema, sql }) => ({
      late: [
        `CREATE VIEW ${inSchema('inner')} AS SELECT org, count(*) AS many, sum(n) AS total FROM ${sql} GROUP BY org`,
        `CREATE VIEW ${inSchema('outer')} AS SELECT org, total FROM ${inSchema('inner')} WHERE many > 1`,
        `CREATE VIEW ${inSchema('outermost')} AS SELECT max(total) AS most FROM ${inSchema('outer')}`,
      ],
    }),
  },
  {
    name: 'view that joins',
    weight: 2,
    fits: isDistributed,
    involves: (_, other) => isDistributed(other),
    make: ({ inSchema, sql, other }) => ({
      late: [
        `CREATE VIEW ${inSchema('both')} AS SELECT a.org, a.id, b.name FROM ${sql} a JOIN ${other.sql} b ON a.org = b.org AND a.id = b.id`,
      ],
    }),
  },
  {
    name: 'materialized view',
    weight: 3,
    make: ({ inSchema, name, sql }, chance) => {
      const view = inSchema('stored');
      const filled = chance.is(0.7);
      return {
        late: [
          `CREATE MATERIALIZED VIEW ${view}${chance.is(0.3) ? ' WITH (fillfactor = 80)' : ''} AS SELECT org, count(*) AS many, max(n) AS most FROM ${sql} GROUP BY org WITH ${filled ? '' : 'NO '}DATA`,
          `CREATE UNIQUE INDEX ${name('by org')} ON ${view} (org)`,
          `COMMENT ON MATERIALIZED VIEW ${view} IS 'stored'`,
          `GRANT SELECT ON ${view} TO ${READER}`,
          ...(chance.is(0.3) ? [`ALTER MATERIALIZED VIEW ${view} ALTER COLUMN many SET STATISTICS 77`] : []),
          ...(chance.is(0.3) ? [`ALTER MATERIALIZED VIEW ${view} CLUSTER ON ${name('by org')}`] : []),
          ...(chance.is(0.3)
            ? [`CREATE STATISTICS ${inSchema('of stored')} ON many, most FROM ${view}`]
            : []),
        ],
      };
    },
  },
  {
    name: 'materialized view over a view',
    weight: 2,
    make: ({ inSchema, name, sql }) => ({
      late: [
        `CREATE VIEW ${inSchema('below')} AS SELECT org, n FROM ${sql} WHERE n IS NOT NULL`,
        `CREATE MATERIALIZED VIEW ${inSchema('above')} AS SELECT n, count(*) AS many FROM ${inSchema('below')} GROUP BY n`,
        `CREATE INDEX ${name('by n')} ON ${inSchema('above')} (n) WHERE many > 1`,
        `CREATE VIEW ${inSchema('top')} AS SELECT sum(many) AS all FROM ${inSchema('above')}`,
      ],
    }),
  },
  {
    name: 'stale materialized view',
    weight: 1,
    make: ({ inSchema, sql }, chance) => ({
      late: [
        `CREATE MATERIALIZED VIEW ${inSchema('stale')} AS SELECT count(*) AS many FROM ${sql}`,
        `INSERT INTO ${sql} (org, id, at) SELECT org, ${String(1000 + chance.below(100_000))}, at FROM ${sql} LIMIT 1`,
      ],
    }),
  },
  {
    name: 'rule and trigger of a view',
    weight: 1,
    make: ({ inSchema, name, sql }, chance) => {
      const view = inSchema('written');
      return {
        late: [
          `CREATE VIEW ${view} AS SELECT org, id, n FROM ${sql}`,
          ...(chance.is(0.5)
            ? [`CREATE RULE ${name('no delete')} AS ON DELETE TO ${view} DO INSTEAD NOTHING`]
            : [
                `CREATE FUNCTION ${inSchema('instead')}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`,
                `CREATE TRIGGER ${name('instead')} INSTEAD OF INSERT ON ${view} FOR EACH ROW EXECUTE FUNCTION ${inSchema('instead')}()`,
              ]),
        ],
      };
    },
  },
  {
    name: 'function that reads the table',
    weight: 2,
    make: ({ inSchema, sql }, chance) => ({
      late: [
        `CREATE FUNCTION ${inSchema('many')}() RETURNS bigint STABLE ${chance.pick(['', 'SECURITY DEFINER SET search_path = pg_catalog'])} LANGUAGE sql AS ${text(`SELECT count(*) FROM ${sql}`)}`,
        // Citus does not quote names in a GRANT on a function.
        ...(/^"[a-z]+"\."[a-z]+_/.test(inSchema('many'))
          ? [`GRANT EXECUTE ON FUNCTION ${inSchema('many')}() TO ${READER}`]
          : []),
      ],
    }),
  },
  {
    name: 'function of the row type',
    weight: 1,
    refused: entersCitus,
    make: ({ inSchema, sql }) => ({
      late: [
        `CREATE FUNCTION ${inSchema('of a row')}(${sql}) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 1'`,
      ],
    }),
  },
];
