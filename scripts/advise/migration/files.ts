import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { nodeCodeOf, ScaleoutError } from '../../lib/errors';
import { markdownPage } from '../../lib/page';
import type { Change } from '../changes';
import type { MigrationStep, Phase } from './steps';
import { PHASES } from './steps';

/** A file of a migration, by its path within the migration's directory. */
export interface MigrationFile {
  readonly path: string;
  readonly text: string;
}

/** What a phase is about, at the top of its file. */
const ABOUT: Readonly<Record<Phase, string>> = {
  columns:
    'Columns to distribute by, and triggers that fill them in while the application does not know them.',
  backfill: 'Values for the rows that were there before. Not within a transaction: each batch is one.',
  'not-null': 'No row without a value. It fails where one is left, and says which table.',
  'unique-keys':
    'What the new foreign keys lead to. Not within a transaction: the indexes are built beside writes.',
  'foreign-keys': 'Foreign keys that hold the column, beside the old ones.',
  'old-foreign-keys':
    'The old foreign keys go. From here on the schema is less than it was, and the reverse is work.',
  'primary-keys': 'Primary keys that hold the column.',
  triggers:
    'The application writes the columns itself: the triggers go, as Citus takes no table that has any.',
};

const MANIFEST = 'migration.json';
const READ_ME = 'README.md';
const REVERSE = 'reverse';

const manifestSchema = z.strictObject({
  formatVersion: z.literal(1),
  steps: z.array(z.strictObject({ id: z.string(), file: z.string(), done: z.string() })),
});

/** What `--check` asks: each step, where it stands, and SQL that is true once it is done. */
export type MigrationManifest = z.output<typeof manifestSchema>;

/** The files of a migration: a phase each, what takes it back, what is done, and a page for people. Pure. */
export function migrationFiles(
  steps: readonly MigrationStep[],
  changes: readonly Change[],
): readonly MigrationFile[] {
  const phases = PHASES.flatMap((phase, index) => {
    const own = steps.filter((step) => step.phase === phase);
    return own.length === 0
      ? []
      : [{ phase, own, name: `${String(index + 1).padStart(2, '0')}-${phase}.sql` }];
  });
  const fileOf = (step: MigrationStep): string => phases.find(({ own }) => own.includes(step))?.name ?? '';
  const manifest: MigrationManifest = {
    formatVersion: 1,
    steps: steps.map((step) => ({ id: step.id, file: fileOf(step), done: step.done })),
  };
  return [
    { path: READ_ME, text: readMe(phases, changes) },
    ...phases.map(({ phase, own, name }) => ({
      path: name,
      text: fileText(ABOUT[phase], own, ({ sql }) => sql),
    })),
    ...phases.flatMap(({ phase, own, name }) =>
      own.every(({ reverse }) => reverse.length === 0)
        ? []
        : [
            {
              path: path.join(REVERSE, name),
              text: fileText(
                `Takes ${name} back, after those of higher numbers.`,
                [...own].reverse(),
                ({ reverse }) => reverse,
                phase,
              ),
            },
          ],
    ),
    { path: MANIFEST, text: `${JSON.stringify(manifest, undefined, 2)}\n` },
  ];
}

function fileText(
  about: string,
  steps: readonly MigrationStep[],
  statements: (step: MigrationStep) => readonly string[],
  back?: Phase,
): string {
  const parts = steps.flatMap((step) => {
    const sql = statements(step);
    if (sql.length === 0) return [];
    const comments =
      back === undefined
        ? [
            step.title,
            `locks: ${step.locks}`,
            ...(step.application === undefined ? [] : [`application: ${step.application}`]),
          ]
        : [`back: ${step.title}`];
    return [[...comments.map(comment), ...sql.map((statement) => `${statement};`)].join('\n')];
  });
  // A lock that somebody holds makes whoever comes after wait too.
  return `${[comment(about), "SET lock_timeout = '5s';", ...parts].join('\n\n')}\n`;
}

function comment(text: string): string {
  return `-- ${text.replace(/\s+/g, ' ')}`;
}

function readMe(
  phases: readonly { readonly phase: Phase; readonly own: readonly MigrationStep[]; readonly name: string }[],
  changes: readonly Change[],
): string {
  const left = changes.filter(({ kind, blocking }) => blocking && kind !== 'add-column' && kind !== 'nulls');
  const asks = phases.flatMap(({ own, name }) =>
    own.flatMap(({ application }) => (application === undefined ? [] : [`${name}: ${application}`])),
  );
  return markdownPage({
    title: 'From this schema to one that can be distributed',
    sections: [
      {
        title: 'Run these in order',
        blocks: [
          'Each with `psql -X -v ON_ERROR_STOP=1 -f FILE`, as the owner of the tables. The application runs meanwhile. A file that broke off can be run again, and `scaleout advise --check DIR` says what is done.',
          {
            head: ['file', 'steps', 'what'],
            rows: phases.map(({ name, own, phase }) => [`\`${name}\``, String(own.length), ABOUT[phase]]),
          },
          'Files in `reverse` take back what the file of the same name did, the highest number first.',
        ],
      },
      ...(asks.length === 0
        ? []
        : [{ title: 'What the application has to do before', blocks: [[...new Set(asks)]] }]),
      ...(left.length === 0
        ? []
        : [
            {
              title: 'What is not written here',
              blocks: ['Somebody has to decide these:', left.map(({ text }) => text)],
            },
          ]),
    ],
  });
}

/**
 * Writes a migration into a directory of its own, whole or not at all.
 *
 * @throws ScaleoutError where something is there already, or cannot be written
 */
export function writeMigration(directory: string, files: readonly MigrationFile[]): void {
  requireFree(directory);
  const unfinished = `${directory}.${String(process.pid)}.part`;
  try {
    for (const { path: name, text } of files) {
      const file = path.join(unfinished, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    renameSync(unfinished, directory);
  } catch (error) {
    throw new ScaleoutError(
      'file.unwritable',
      `${directory} cannot be written (${nodeCodeOf(error) ?? 'unknown error'}): name another directory with --migration`,
      { cause: error },
    );
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Refuses a directory in which there is something. */
export function requireFree(directory: string): void {
  if (!existsSync(directory)) return;
  let there: readonly string[] | undefined;
  try {
    there = readdirSync(directory);
  } catch {
    // A file.
  }
  if (there?.length === 0) return;
  throw new ScaleoutError(
    'file.exists',
    `${directory} is there already, and it may have been edited: name another directory with --migration, or remove that one`,
  );
}

/** Reads what `--check` asks of a migration's directory. @throws ScaleoutError where it is none */
export function readMigration(directory: string): MigrationManifest {
  const file = path.join(directory, MANIFEST);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ScaleoutError(
      'file.unreadable',
      `${file} cannot be read (${nodeCodeOf(error) ?? 'unknown error'}): name a directory that --migration wrote`,
      { cause: error },
    );
  }
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ScaleoutError(
      'file.wrong-kind',
      `${file} is not what --migration writes: name a directory of a migration`,
      { cause: error },
    );
  }
}
