import { environmentFile } from '../../../config/file/files';
import { booleanAt, describe } from '../stack/attributes';
import { CLUSTERS, ELASTIC_CLUSTER, NO_CLUSTER } from '../stack/azurerm';
import { expectFlag } from '../rule-parts/expectations';
import type { Facts, Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn } from '../rule-parts/rule';
import { statedReason } from '../rule-parts/stated-reason';
import type { Block } from '../stack/synthesized';

const COORDINATOR = 'coordinator_public_ip_access_enabled';
const WORKERS = 'node_public_ip_access_enabled';
/** An elastic cluster has one host for all of its nodes. */
const NODES = 'public_network_access_enabled';

/**
 * The provider leaves the coordinator open to the internet unless told otherwise, so an unset argument is no secure
 * default. Outside production a public coordinator is a choice, which the firewall then narrows.
 */
export const publicAccess: Rule = {
  id: 'public-access',
  level: 'error',
  hardening: 'all',
  property:
    'Public access is set explicitly: off for workers everywhere but for a stated reason, and off for the coordinator in production.',
  why: 'Whoever finds the address can try passwords, from everywhere.',
  remedy: 'Set network.access to private, or keep the workers closed.',
  controls: ['MCSB NS-2', 'CKV_AZURE_68'],
  check(stack, facts) {
    return verdictOn(stack, CLUSTERS, NO_CLUSTER, (clusters) =>
      clusters.flatMap((cluster) =>
        cluster.type === ELASTIC_CLUSTER
          ? entrance(cluster, NODES, facts, stack.environment)
          : [...entrance(cluster, COORDINATOR, facts, stack.environment), ...workers(cluster)],
      ),
    );
  },
};

/** The way in that clients take, which an argument opens. */
function entrance(
  cluster: Block,
  argument: string,
  { production }: Facts,
  environment: string,
): readonly Problem[] {
  const open = booleanAt(cluster.body, argument);
  if (open.state === 'value' && !(open.value && production)) return [];
  const wanted =
    open.state === 'value'
      ? `: a production ${argument === NODES ? 'cluster' : 'coordinator'} is reached through a private endpoint only. Set network.access to private in ${environmentFile(environment)}`
      : ", and the provider's default is true: set it to false, or to true where a firewall is meant to be the only gate";
  return [problemAt(cluster, argument, `${argument} ${describe(open)}${wanted}`)];
}

function workers(cluster: Block): readonly Problem[] {
  const open = booleanAt(cluster.body, WORKERS);
  if (open.state !== 'value') return expectFlag(cluster, WORKERS, false, 'set it to false explicitly');
  if (!open.value) return [];
  const reason = statedReason(cluster, 'workerPublicAccess');
  const what = `${WORKERS} is true: clients talk to the coordinator, nobody needs to reach a worker from the internet`;
  return reason === undefined
    ? [problemAt(cluster, WORKERS, `${what}. Set it to false, or say in workerPublicAccess why it must be`)]
    : [
        problemAt(
          cluster,
          WORKERS,
          `${what}. The reason given: "${reason}". Look whether it still holds, and close them when it does not`,
          { level: 'warning' },
        ),
      ];
}
