import { Readable, Writable } from 'node:stream';
import type { Io } from '../../scripts/cli/io';
import { run } from '../../scripts/cli/program';

export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line as a shell without a terminal would. */
export async function scaleout(
  argv: readonly string[],
  environment: Io['environment'] = {},
): Promise<Answer> {
  const written = { stdout: '', stderr: '' };
  const into = (stream: keyof typeof written): Writable =>
    new Writable({
      write(chunk: Buffer, _, done) {
        written[stream] += chunk.toString();
        done();
      },
    });
  const status = await run(argv, {
    stdout: into('stdout'),
    stderr: into('stderr'),
    stdin: Readable.from([]),
    environment,
    signal: new AbortController().signal,
  });
  return { status, ...written };
}
