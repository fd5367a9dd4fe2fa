import type { ConnectionTarget } from '../../scripts/lib/connection';
import type { Answer } from '../support/command-line';
import { scaleout } from '../support/command-line';

/** Runs `advise` as a shell without a terminal would, on the database that libpq's variables name. */
export function advise(target: ConnectionTarget | undefined, ...argv: string[]): Promise<Answer> {
  return scaleout(
    ['advise', ...argv],
    target === undefined
      ? {}
      : {
          PGHOST: target.host,
          PGPORT: String(target.port),
          PGUSER: target.user,
          PGPASSWORD: target.password,
          PGDATABASE: target.database,
        },
  );
}

/** One paragraph on stderr, nothing on stdout, exit 1. */
export function expectFault({ status, stdout, stderr }: Answer, message: RegExp): void {
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^error: /);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).not.toMatch(/\n\s+at /);
}
