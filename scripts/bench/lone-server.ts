import type { ConnectionTarget } from '../lib/connection';
import { silentReporter } from '../lib/reporter';
import { localEngines } from '../local/engines';
import { chooseEngine } from '../local/engines/choose-engine';

/** Starts one server without workers for `use`, and stops it: where neither side needs Citus, it is the quietest. */
export async function withLoneServer<T>(use: (target: ConnectionTarget) => Promise<T>): Promise<T> {
  const engines = localEngines(process.env).filter(({ name }) => name === 'native' || name === 'embedded');
  const { availability } = await chooseEngine(engines, undefined);
  const cluster = await availability.start(silentReporter);
  try {
    return await use(cluster.coordinator);
  } finally {
    await cluster.stop();
  }
}
