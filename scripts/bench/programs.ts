import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { paragraph, withoutVariables } from '../infra/terraform';
import { InterruptedError, ScaleoutError } from '../lib/errors';
import type { ConnectionTarget } from '../lib/connection';

const run = promisify(execFile);

/** Why a peer cannot be measured here: PostgreSQL's own programs are not everywhere. Undefined where it is found. */
export async function programMissing(program: 'psql' | 'pg_dump'): Promise<string | undefined> {
  return run(program, ['--version']).then(
    () => undefined,
    () => `there is no ${program} on the PATH`,
  );
}

/**
 * Runs one of PostgreSQL's own programs on a database; what it prints is thrown away.
 *
 * @throws ScaleoutError with what it says when it fails
 */
export async function runProgram(
  program: 'psql' | 'pg_dump',
  parameters: readonly string[],
  target: ConnectionTarget,
  signal: AbortSignal,
): Promise<void> {
  try {
    await run(program, [...parameters], {
      signal,
      maxBuffer: 1024 * 1024 * 1024,
      env: {
        // What else a person has libpq do is not what is measured.
        ...withoutVariables(process.env, /^PG/),
        PGHOST: target.host,
        PGPORT: String(target.port),
        PGUSER: target.user,
        PGDATABASE: target.database,
        PGPASSWORD: target.password ?? '',
        PGSSLMODE: 'disable',
      },
    });
  } catch (error) {
    if (signal.aborted) throw new InterruptedError(`stopped as asked, in the middle of ${program}`);
    const said = (error as { stderr?: string }).stderr ?? '';
    throw new ScaleoutError(
      'bench.failed',
      `${program}, the peer of this bench, failed: ${paragraph(said === '' ? String(error) : said)}`,
      { cause: error },
    );
  }
}
