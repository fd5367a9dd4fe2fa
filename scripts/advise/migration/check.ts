import type { Client } from 'pg';
import { describeServerError, isServerError } from '../../lib/errors';
import { withClient } from '../../lib/connection';
import type { ConnectionTarget } from '../../lib/connection';
import type { VerbContext, VerbResult } from '../../lib/verb';
import { readMigration } from './files';

/** Which steps of a migration are done: `advise --check`. */
export interface MigrationCheck {
  readonly formatVersion: 1;
  readonly steps: readonly {
    readonly id: string;
    readonly file: string;
    readonly done: boolean;
    /** Why it could not be told. */
    readonly problem?: string;
  }[];
  /** The file to run next; absent where all are done. */
  readonly next?: string;
}

/**
 * Asks of each step of a migration whether it is done, in transactions that change nothing.
 *
 * @returns `changes` while a step is left
 */
export async function checkMigration(
  { reporter, signal }: VerbContext,
  { target, directory }: { readonly target: ConnectionTarget; readonly directory: string },
): Promise<VerbResult<MigrationCheck>> {
  const manifest = readMigration(directory);
  const steps = await withClient(
    target,
    async (client) => {
      const asked: MigrationCheck['steps'][number][] = [];
      for (const { id, file, done } of manifest.steps) asked.push({ id, file, ...(await ask(client, done)) });
      return asked;
    },
    { purpose: 'advise', reporter, signal },
  );
  const next = steps.find(({ done }) => !done)?.file;
  const left = steps.filter(({ done }) => !done).length;
  const lines = steps.map(
    ({ id, done, problem }) =>
      `${done ? 'done' : 'to do'}  ${id}${problem === undefined ? '' : ` (${problem})`}`,
  );
  return {
    document: { formatVersion: 1, steps, ...(next === undefined ? {} : { next }) },
    text: [
      ...lines,
      next === undefined
        ? `All ${String(steps.length)} steps are done. Next: npx scaleout advise, and tables plan with what it writes.`
        : `${String(left)} of ${String(steps.length)} steps are left. Next: psql -X -v ON_ERROR_STOP=1 -f ${directory}/${next}`,
    ].join('\n'),
    outcome: next === undefined ? 'done' : 'changes',
  };
}

async function ask(
  client: Client,
  done: string,
): Promise<{ readonly done: boolean; readonly problem?: string }> {
  await client.query('BEGIN READ ONLY');
  try {
    // The extended protocol takes one statement, whatever the text holds.
    const { rows } = await client.query<{ done: boolean | null }>({
      text: `SELECT (${done}) AS done`,
      queryMode: 'extended',
    } as {
      text: string;
    });
    return { done: rows[0]?.done === true };
  } catch (error) {
    if (!isServerError(error)) throw error;
    return { done: false, problem: describeServerError(error) };
  } finally {
    await client.query('ROLLBACK');
  }
}
