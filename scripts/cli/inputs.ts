/** What several verbs are asked for, read from the flags: a database, and how it should be. */
import { loadEnvironments } from '../../config/environment/environment';
import { oneOf } from '../../config/text/text';
import { loadDistribution } from '../../config/workload/distribution';
import type { Distribution } from '../../config/workload/distribution-types';
import type { WorkloadQuery } from '../../config/workload/workload';
import { loadWorkload } from '../../config/workload/workload';
import { loadQueries } from '../advise/queries-file';
import { environmentTarget } from '../infra/outputs';
import type { ConnectionTarget } from '../lib/connection';
import { targetFromEnvironment, targetFromUrl } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import type { CliContext } from './io';

export interface DatabaseFlags {
  readonly env?: string;
  readonly url?: string;
}

export interface DistributionFlags {
  readonly env?: string;
  readonly spec?: string;
  readonly workload?: string;
}

/** What Azure says a firewall rule takes at most. */
const FIREWALL_PATIENCE_MS = 300_000;

/** The database that a command line names: an environment's outputs, a URL, or the libpq variables. */
export async function databaseTarget(
  { environment }: CliContext,
  flags: DatabaseFlags,
): Promise<ConnectionTarget> {
  if (flags.url !== undefined) return targetFromUrl(flags.url, environment, { argument: true });
  if (flags.env === undefined) return targetFromEnvironment(environment);
  environmentNamed(flags.env);
  const target = targetFromEnvironment(environment, await environmentTarget(flags.env, environment));
  // Right after a deploy the rule that lets this address in may not be in force yet.
  return { ...target, waitForFirewallMs: FIREWALL_PATIENCE_MS };
}

/** What the database should be like: a file, a workload, or the workload of the environment. */
export function declaration(flags: DistributionFlags): {
  expected: Distribution;
  queries?: readonly WorkloadQuery[];
} {
  if (flags.spec !== undefined) return { expected: loadDistribution(flags.spec) };
  const name = flags.workload ?? (flags.env === undefined ? undefined : environmentNamed(flags.env).workload);
  if (name === undefined) {
    throw new ScaleoutError(
      'input.nothing-specified',
      'nothing says how the database should be: name a file with --spec, a workload with --workload, or an environment with --env',
    );
  }
  const workload = loadWorkload(name);
  return { expected: workload.distribution, queries: workload.queries };
}

/** Those of a file, where one is named. */
export function queriesOf({ queries }: { readonly queries?: string }): {
  queries?: readonly WorkloadQuery[];
} {
  return queries === undefined ? {} : { queries: loadQueries(queries) };
}

export function environmentNamed(name: string) {
  const environments = loadEnvironments();
  const found = environments.find((environment) => environment.name === name);
  if (found !== undefined) return found;
  throw new ScaleoutError(
    'input.unknown-environment',
    `there is no environment "${name}" in config/environments: choose ${oneOf(environments.map((each) => each.name))}`,
  );
}
