import { roleName } from '../../config/azure/database-roles';
import type { FirewallRule } from '../../config/azure/firewall-rules';
import { existingFirewallViolations } from '../../config/azure/firewall-rules';
import type { ParametersOf } from '../../config/azure/server-parameters';
import { parameterViolations } from '../../config/azure/server-parameters';
import type { CoordinatorSize, RegularEdition, WorkerSize } from '../../config/azure/service-limits';
import {
  EDITIONS,
  growingCoordinatorViolations,
  regularEdition,
  workerViolations,
} from '../../config/azure/service-limits';
import { violationsOf } from '../../config/file/violations';
import type { EnvironmentSettings } from '../../config/environment/environment';
import { allOf } from '../../config/text/text';
import type { Found, FoundCluster, FoundParameter } from './found';

/** What the cluster itself does not say of an environment. */
export interface Chosen {
  readonly name: string;
  readonly workload: string;
  readonly production: boolean;
  readonly state: EnvironmentSettings['state'];
}

/** Something of the cluster that the file does not name, and why. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

/** An environment as its file is to say it. */
export interface Description extends Chosen {
  readonly cluster: FoundCluster;
  readonly coordinator: CoordinatorSize;
  /** Absent for a single node that nothing says a worker's size of. */
  readonly workers?: WorkerSize;
  readonly rules: readonly FirewallRule[];
  readonly roles: readonly string[];
  readonly parameters: Readonly<Record<ParametersOf, readonly FoundParameter[]>>;
  readonly leftOut: readonly LeftOut[];
}

/** What a file can say of a cluster, and what it has to leave out. Pure. */
export function describe(found: Found, chosen: Chosen): Description {
  const { cluster } = found;
  const leftOut: LeftOut[] = [];
  const coordinator = coordinatorOf(cluster);
  const { workers, why } = workersOf(cluster, coordinator);
  if (why !== undefined) leftOut.push({ what: 'workers', why });
  return {
    ...chosen,
    cluster,
    coordinator,
    ...(workers === undefined ? {} : { workers }),
    rules: rulesOf(found, leftOut),
    roles: rolesOf(found, leftOut),
    parameters: parametersOf(found, leftOut),
    leftOut,
  };
}

function coordinatorOf({ coordinator: { vCores, storageGiB, edition } }: FoundCluster): CoordinatorSize {
  const burstable = Object.values(EDITIONS.burstable).some((each) => each === edition);
  return {
    vCores,
    storageGiB,
    burstable,
    ...(burstable || edition === EDITIONS.coordinator ? {} : { edition: edition as RegularEdition }),
  };
}

/** Those there are, or, of a single node, two of the size that Azure says they would have. */
function workersOf(
  { workers: count, worker }: FoundCluster,
  coordinator: CoordinatorSize,
): { readonly workers?: WorkerSize; readonly why?: string } {
  const { vCores, storageGiB, edition } = worker;
  const workers: WorkerSize = {
    count: count === 0 ? 2 : count,
    vCores,
    storageGiB,
    ...(edition === EDITIONS.worker ? {} : { edition: edition as RegularEdition }),
  };
  if (count > 0) return { workers };
  const later = 'add workers when you scale out, as in workers: { count: 2, vCores: 4, storageGiB: 512 }';
  if (workerViolations(workers).length > 0 || violationsOf(regularEdition, edition).length > 0) {
    return {
      why: `Azure reports ${String(vCores)} vCores and ${String(storageGiB)} GiB for them, which no worker has: ${later}`,
    };
  }
  const [growing] = growingCoordinatorViolations(coordinator);
  if (growing === undefined) return { workers };
  return {
    why: `the coordinator could not have any as it is, since its ${growing.at.join('.')} ${growing.problem}: change that first, then ${later}`,
  };
}

function rulesOf({ cluster, rules }: Found, leftOut: LeftOut[]): FirewallRule[] {
  if (!cluster.coordinator.publicAccess) {
    if (rules.length > 0) {
      leftOut.push({
        what: `firewall ${plural(rules.length, 'rule')} ${allOf(rules.map(({ name }) => name))}`,
        why: cluster.worker.publicAccess
          ? 'the coordinator has no public access, and they let in to workers alone'
          : 'public access is off, and rules have no effect then',
      });
    }
    return [];
  }
  return rules.filter((rule) => {
    const [wrong] = existingFirewallViolations([rule]);
    if (wrong === undefined) return true;
    leftOut.push({
      what: `firewall rule ${rule.name}`,
      why: `its ${wrong.at.slice(1).join('.')} ${wrong.problem}`,
    });
    return false;
  });
}

function rolesOf({ isReplica, roles }: Found, leftOut: LeftOut[]): string[] {
  if (isReplica) {
    if (roles.length > 0) {
      leftOut.push({
        what: `${plural(roles.length, 'role')} ${allOf(roles)}`,
        why: 'the cluster is a replica, and the roles are those of its source',
      });
    }
    return [];
  }
  return roles.filter((name) => {
    const [wrong] = violationsOf(roleName, name);
    if (wrong === undefined) return true;
    leftOut.push({ what: `role ${name}`, why: `its name ${wrong.problem}` });
    return false;
  });
}

function parametersOf({ cluster, parameters }: Found, leftOut: LeftOut[]): Description['parameters'] {
  const { postgresVersion } = cluster;
  const kept = (kind: ParametersOf): FoundParameter[] =>
    parameters[kind].filter(({ name, value }) => {
      const [wrong] = parameterViolations({ [name]: value }, kind, postgresVersion);
      if (wrong === undefined) return true;
      leftOut.push({ what: `parameter ${name} of the ${kind}`, why: `it ${wrong.problem}` });
      return false;
    });
  const coordinator = kept('coordinator');
  if (cluster.workers > 0) return { coordinator, workers: kept('workers') };
  const { workers } = parameters;
  if (workers.length > 0) {
    leftOut.push({
      what: `${plural(workers.length, 'parameter')} ${allOf(workers.map(({ name }) => name))} of the workers`,
      why: 'there are no workers yet',
    });
  }
  return { coordinator, workers: [] };
}

function plural(count: number, word: string): string {
  return count === 1 ? word : `${word}s`;
}
