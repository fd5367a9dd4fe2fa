import type { DrawnTable } from '../case';
import type { Feature } from '../feature';
import { hasPrimaryKey, isDistributed, isPlain } from '../feature';

/** With a key (org, id), which the foreign keys below refer to. */
const isReferable = (table: DrawnTable): boolean =>
  isPlain(table) && table.key !== 'none' && table.key !== 'replaced';

/**
 * Of foreign keys with the tenant in them: those that would change it, which Citus takes on no distributed table, have a feature of their own,
 * or every fourth foreign key would have its case refused.
 */
const ACTIONS = ['', ' ON DELETE CASCADE', ' ON DELETE RESTRICT ON UPDATE RESTRICT'] as const;
const WHEN = ['', '', ' DEFERRABLE', ' DEFERRABLE INITIALLY DEFERRED'] as const;

/** Constraints: checks, unique ones, exclusion and foreign keys. */
export const KEYS: readonly Feature[] = [
  {
    name: 'check',
    weight: 3,
    make: ({ name, sql }, chance) => {
      const check = chance.pick([
        'CHECK (id > 0)',
        'CHECK (n IS NULL OR n < 1000)',
        "CHECK (name ~ '^name' AND length(name) < 50)",
      ]);
      return chance.is(0.5)
        ? {
            constraints: [`CONSTRAINT ${name('check')} ${check}`],
            after: [`COMMENT ON CONSTRAINT ${name('check')} ON ${sql} IS 'it''s checked'`],
          }
        : { late: [`ALTER TABLE ${sql} ADD CONSTRAINT ${name('check')} ${check} NOT VALID`] };
    },
  },
  {
    name: 'check without inheritance',
    weight: 1,
    fits: isPlain,
    make: ({ name }) => ({ constraints: [`CONSTRAINT ${name('check')} CHECK (n <> 77) NO INHERIT`] }),
  },
  {
    name: 'check by a function',
    weight: 1,
    make: ({ name, inSchema }) => ({
      before: [
        `CREATE FUNCTION ${inSchema('is fine')}(integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1 IS NULL OR $1 < 1000; END $$`,
      ],
      constraints: [`CONSTRAINT ${name('fine')} CHECK (${inSchema('is fine')}(n))`],
    }),
  },
  {
    name: 'unique constraint',
    weight: 3,
    fits: isPlain,
    make: ({ name, sql }, chance) => {
      const nulls = chance.is(0.3) ? ' NULLS NOT DISTINCT' : '';
      const when = chance.pick(WHEN);
      const include = chance.is(0.3) ? ' INCLUDE (n)' : '';
      return {
        // Of two alike in CREATE TABLE, PostgreSQL would make one.
        after: [
          `ALTER TABLE ${sql} ADD CONSTRAINT ${name('unique')} UNIQUE${nulls} (org, name, id)${include}${when}`,
          `COMMENT ON CONSTRAINT ${name('unique')} ON ${sql} IS 'one of a kind'`,
        ],
      };
    },
  },
  {
    name: 'unique constraint without the tenant',
    weight: 2,
    refused: isDistributed,
    fits: isPlain,
    make: ({ name }) => ({ constraints: [`CONSTRAINT ${name('unique')} UNIQUE (name)`] }),
  },
  {
    name: 'exclusion constraint',
    weight: 2,
    fits: isPlain,
    make: ({ name }, chance) => ({
      constraints: [
        `CONSTRAINT ${name('exclude')} EXCLUDE USING btree (org WITH =, id WITH =)${chance.pick(['', ' WHERE (n > 3)', ' DEFERRABLE INITIALLY DEFERRED'])}`,
      ],
    }),
  },
  {
    name: 'foreign key between distributed tables',
    weight: 6,
    fits: isDistributed,
    involves: (_, other) => isDistributed(other) && isReferable(other),
    make: ({ drawn, name, sql, other }, chance) => {
      const to = `FOREIGN KEY (org, ${name('parent')}) REFERENCES ${other.sql} (org, id)${chance.pick(ACTIONS)}${chance.pick(WHEN)}`;
      const late = chance.is(0.2) && isPlain(drawn);
      const add = `ALTER TABLE ${sql} ADD CONSTRAINT ${name('to parent')} ${to}${late ? ' NOT VALID' : ''}`;
      return {
        columns: [{ name: name('parent'), definition: 'integer', value: parentOf(other.drawn.rows) }],
        late: [add, `COMMENT ON CONSTRAINT ${name('to parent')} ON ${sql} IS 'the parent''s'`],
      };
    },
  },
  {
    name: 'foreign key that changes the tenant',
    // Few tables have another one that it can refer to.
    weight: 20,
    refused: isDistributed,
    fits: isDistributed,
    involves: (_, other) => isDistributed(other) && isReferable(other),
    make: ({ name, other }, chance) => ({
      columns: [{ name: name('parent'), definition: 'integer', value: parentOf(other.drawn.rows) }],
      constraints: [
        `CONSTRAINT ${name('nulls')} FOREIGN KEY (org, ${name('parent')}) REFERENCES ${other.sql} (org, id) ${chance.pick(['ON DELETE SET NULL', 'ON UPDATE SET DEFAULT', 'ON UPDATE CASCADE'])}`,
      ],
    }),
  },
  {
    name: 'foreign key to a table with a single key',
    weight: 5,
    involves: (table, other) =>
      other.placement === 'reference'
        ? isPlain(other)
        : other.placement === 'local' && table.placement === 'local' && isPlain(other),
    make: ({ drawn, name, sql, other }, chance) => {
      const actions = chance.pick([
        ...ACTIONS,
        ' ON UPDATE CASCADE',
        ' ON DELETE SET NULL',
        ' ON DELETE SET DEFAULT ON UPDATE SET NULL',
      ]);
      const unique = name('one');
      return {
        columns: [{ name: name('kind'), definition: 'integer', value: parentOf(other.drawn.rows) }],
        late: [
          `CREATE UNIQUE INDEX ${unique} ON ${other.sql} (id)`,
          `ALTER TABLE ${sql} ADD CONSTRAINT ${name('to kind')} FOREIGN KEY (${name('kind')}) REFERENCES ${other.sql} (id)${actions}${chance.pick(WHEN)}${chance.is(0.2) && isPlain(drawn) ? ' NOT VALID' : ''}`,
        ],
      };
    },
  },
  {
    name: 'foreign key to itself',
    weight: 2,
    fits: (table) => isReferable(table) && hasPrimaryKey(table),
    make: ({ name, sql, drawn }, chance) => ({
      columns: [{ name: name('boss'), definition: 'integer', value: parentOf(drawn.rows) }],
      late: [
        `ALTER TABLE ${sql} ADD CONSTRAINT ${name('to boss')} FOREIGN KEY (org, ${name('boss')}) REFERENCES ${sql} (org, id)${chance.pick(ACTIONS)}${chance.pick(WHEN)}`,
      ],
    }),
  },
];

/** A row of the parent that is of the same tenant: numbers of rows are multiples of the number of tenants. */
function parentOf(rows: number): string {
  return `1 + (i - 1) % ${String(rows)}`;
}
