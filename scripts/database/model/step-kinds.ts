/** What a step changes, of all that a snapshot of the database holds. */
export type StepEffect =
  /** Where its table, or every table of its schema, has its rows. */
  | 'placement'
  /** Whether Citus knows its table. */
  | 'conversion'
  /** Whether Citus knows the tables that foreign keys connect with its own. */
  | 'connected-conversions'
  | 'foreign-key'
  | 'not-null-check'
  | 'not-null'
  /** The index that becomes the new primary key. */
  | 'key-index'
  | 'primary-key';

/** Everything that a run and a review have to know of a kind of step, beside its statements. */
export interface StepKind {
  /** How it copies rows, which decides how its progress is measured; FORCE is off while it does. Absent where it copies none. */
  readonly copies?: 'to every node' | 'into shards' | 'from table to table';
  /** Its locks let writers through, whatever its statements. @default false */
  readonly letsWritersThrough?: boolean;
  /**
   * It changes no more than it names, or fails, so it may run by a look from before the step before it. With a table that Citus
   * recreates goes what a newer look would name, so `of plain tables` holds for blocking copies of those alone. @default 'never'
   */
  readonly onStaleSnapshot?: 'always' | 'of plain tables' | 'never';
  /** What it changes, once it is done. */
  readonly changes: readonly StepEffect[];
  /** What it may change even if it is broken off half-way. @default [] */
  readonly changesHalfway?: readonly StepEffect[];
  /** Statements that a later plan may leave out of it, since another step has done their work by then. */
  readonly optionalStatement?: RegExp;
  /** What to do when it fails, by SQLSTATE: whole sentences. */
  readonly hints?: Readonly<Record<string, string>>;
  /** It may turn out that there is nothing to do. @default false */
  readonly mayBecomeNeedless?: boolean;
}

/** Every kind of step. A new one is one entry here: the compiler names what else it needs. */
export const STEP_KINDS = {
  'drop-leftover-index': { changes: ['key-index'] },
  'add-not-null-check': { changes: ['not-null-check'] },
  'validate-not-null-check': { letsWritersThrough: true, changes: ['not-null-check'] },
  'set-not-null': { changes: ['not-null-check', 'not-null'] },
  'build-key-index': {
    changes: ['key-index'],
    changesHalfway: ['key-index'],
    hints: { '23505': 'The columns of the new primary key are not unique: choose others.' },
  },
  'drop-foreign-key': {
    onStaleSnapshot: 'always',
    changes: ['foreign-key'],
    changesHalfway: ['connected-conversions'],
    // Where a step before has made the table known to Citus, with all that foreign keys connect with it.
    optionalStatement: /^SELECT citus_add_local_table_to_metadata\(/,
  },
  'replace-primary-key': { changes: ['primary-key', 'key-index'] },
  'record-comments': { letsWritersThrough: true, onStaleSnapshot: 'always', changes: [] },
  'restore-comments': {
    letsWritersThrough: true,
    onStaleSnapshot: 'always',
    changes: [],
    // A comment that is there all the same, for which its record is the evidence.
    optionalStatement: /^COMMENT ON /,
  },
  'convert-to-citus-local': { changes: ['placement'] },
  'lift-forced-policy': { changes: [] },
  'restore-forced-policy': { changes: [] },
  'create-reference-table': {
    copies: 'to every node',
    changes: ['placement'],
    changesHalfway: ['connected-conversions'],
  },
  distribute: {
    copies: 'into shards',
    onStaleSnapshot: 'of plain tables',
    changes: ['placement'],
    changesHalfway: ['conversion'],
    hints: {
      '42710':
        'Another database of these servers copies online, or a copy there broke off: end it, or drop that role and its subscription as an administrator. Then run this again.',
    },
  },
  'distribute-schema': { copies: 'into shards', changes: ['placement'] },
  undistribute: {
    copies: 'from table to table',
    changes: ['placement'],
    changesHalfway: ['connected-conversions'],
  },
  'undistribute-schema': {
    copies: 'from table to table',
    changes: ['placement'],
    changesHalfway: ['connected-conversions'],
  },
  'alter-distribution': { copies: 'from table to table', changes: ['placement'] },
  'change-colocation': { changes: ['placement'] },
  'restore-foreign-key': {
    onStaleSnapshot: 'always',
    changes: ['foreign-key'],
    changesHalfway: ['connected-conversions'],
  },
  'validate-foreign-key': {
    letsWritersThrough: true,
    onStaleSnapshot: 'always',
    changes: ['foreign-key'],
  },
  'forget-foreign-key': { letsWritersThrough: true, onStaleSnapshot: 'always', changes: ['foreign-key'] },
  'remove-record': {
    letsWritersThrough: true,
    changes: [],
    // Something else is in the schema by then, such as the record of the rows.
    optionalStatement: /^DROP SCHEMA scaleout$/,
  },
  // Citus takes the rows of a table along when it converts it, and then no copy of them is left behind.
  'truncate-local-copy': { onStaleSnapshot: 'always', changes: [], mayBecomeNeedless: true },
} as const satisfies Readonly<Record<string, StepKind>>;

/** What a step does, in one word for programs. */
export type StepAction = keyof typeof STEP_KINDS;

export function stepKind({ action }: { readonly action: StepAction }): StepKind {
  return STEP_KINDS[action];
}
