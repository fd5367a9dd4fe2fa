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
