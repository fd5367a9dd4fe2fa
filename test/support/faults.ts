import { ConfigError } from '../../config/file/config-error';

/** The faults a reader reports, one line each; fails when it reports none. */
export function faultsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('expected faults, and everything was accepted');
}

/** The same of a reader that takes its time. */
export async function issuesOf(reading: Promise<unknown>): Promise<string[]> {
  const error = await reading.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return faultsOf(() => {
    if (error !== undefined) throw error as Error;
  });
}
