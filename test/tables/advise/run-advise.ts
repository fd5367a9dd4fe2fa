import { Readable, Writable } from 'node:stream';
import { run } from '../../../scripts/cli';
import type { ConnectionTarget } from '../../../scripts/lib/connection';

export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `advise` as a shell without a terminal would, on the database that libpq's variables name. */
export async function advise(target: ConnectionTarget | undefined, ...argv: string[]): Promise<Answer> {
  const written = { stdout: '', stderr: '' };
  const into = (stream: keyof typeof written): Writable =>
    new Writable({
      write(chunk: Buffer, _, done) {
        written[stream] += chunk.toString();
        done();
      },
    });
  const status = await run(['advise', ...argv], {
    stdout: into('stdout'),
    stderr: into('stderr'),
    stdin: Readable.from([]),
    environment:
      target === undefined
        ? {}
        : {
            PGHOST: target.host,
            PGPORT: String(target.port),
            PGUSER: target.user,
            PGPASSWORD: target.password,
            PGDATABASE: target.database,
          },
    signal: new AbortController().signal,
  });
  return { status, ...written };
}

/** One paragraph on stderr, nothing on stdout, exit 1. */
export function expectFault({ status, stdout, stderr }: Answer, message: RegExp): void {
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^error: /);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).not.toMatch(/\n\s+at /);
}
