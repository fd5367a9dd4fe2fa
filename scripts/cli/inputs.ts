/**
 * What several verbs are asked for, read from the flags: a database, and how it should be. Here as in the verbs, what only some
 * verbs need is imported where they run: `--help` and a wrong flag are answered without it.
 */
import { oneOf } from '../../config/text/text';
import type { Distribution } from '../../config/workload/distribution-types';
import type { WorkloadQuery } from '../../config/workload/workload';
import type { ConnectionTarget } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import type { CliContext } from './io';

export interface DatabaseFlags {
  readonly env?: string;
  readonly url?: string;
  /** The flag that holds the URL. @default '--url' */
  readonly flag?: string;
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
  const { targetFromEnvironment, targetFromUrl } = await import('../lib/connection.ts');
  if (flags.url !== undefined)
    return targetFromUrl(flags.url, environment, { argument: true, flag: flags.flag });
  if (flags.env === undefined) return targetFromEnvironment(environment);
  await environmentNamed(flags.env);
  const { environmentTarget } = await import('../infra/outputs.ts');
  const target = targetFromEnvironment(environment, await environmentTarget(flags.env, environment));
  // Right after a deploy the rule that lets this address in may not be in force yet.
  return { ...target, waitForFirewallMs: FIREWALL_PATIENCE_MS };
}

/** What the database should be like: a file, a workload, or the workload of the environment. */
export async function declaration(flags: DistributionFlags): Promise<{
  expected: Distribution;
  queries?: readonly WorkloadQuery[];
}> {
  if (flags.spec !== undefined) {
    const { loadDistribution } = await import('../../config/workload/distribution.ts');
    return { expected: loadDistribution(flags.spec) };
  }
  const environment = flags.env === undefined ? undefined : await environmentNamed(flags.env);
  const name = flags.workload ?? environment?.workload;
  if (name === undefined) {
    throw new ScaleoutError(
      'input.nothing-specified',
      'nothing says how the database should be: name a file with --spec, a workload with --workload, or an environment with --env',
    );
  }
  const { loadWorkload } = await import('../../config/workload/workload.ts');
  const workload = await loadWorkload(name);
  return { expected: workload.distribution, queries: workload.queries };
}

/** Findings that a command line allows by their ids. */
export async function allowed(ids: readonly string[]) {
  const { allowancesOf } = await import('../database/checks/allowances.ts');
  return allowancesOf(ids);
}

/** Those of a file, where one is named. */
export async function queriesOf({ queries }: { readonly queries?: string }): Promise<{
  queries?: readonly WorkloadQuery[];
}> {
  if (queries === undefined) return {};
  const { loadQueries } = await import('../advise/queries-file.ts');
  return { queries: await loadQueries(queries) };
}

/** An environment of config/environments. @throws ScaleoutError that lists the names there are */
export async function environmentNamed(name: string) {
  const { loadEnvironments } = await import('../../config/environment/environment.ts');
  const environments = loadEnvironments();
  const found = environments.find((environment) => environment.name === name);
  if (found !== undefined) return found;
  const { shownConfigPath } = await import('../../config/file/files.ts');
  throw new ScaleoutError(
    'input.unknown-environment',
    `there is no environment "${name}" in ${shownConfigPath('environments')}: choose ${oneOf(environments.map((each) => each.name))}`,
  );
}
