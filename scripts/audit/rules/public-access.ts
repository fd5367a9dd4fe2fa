import { booleanAt, describeGap } from '../stack/attributes';
import { CLUSTER, NO_CLUSTER } from '../stack/azurerm';
import type { Rule } from '../rule-parts/rule';
import { problemAt, verdictOn } from '../rule-parts/rule';
import { statedReason } from '../rule-parts/stated-reason';

const COORDINATOR = 'coordinator_public_ip_access_enabled';
const WORKERS = 'node_public_ip_access_enabled';

/**
 * The provider leaves the coordinator open to the internet unless told otherwise, so an unset argument is no secure
 * default. Outside production a public coordinator is a choice, which the firewall then narrows.
 */
export const publicAccess: Rule = {
  id: 'public-access',
  level: 'error',
  property:
    'Public access is set explicitly: off for workers everywhere but for a stated reason, and off for the coordinator in production.',
  check(stack, facts) {
    return verdictOn(stack, CLUSTER, NO_CLUSTER, (clusters) =>
      clusters.flatMap((cluster) => {
        const coordinator = booleanAt(cluster.body, COORDINATOR);
        const workers = booleanAt(cluster.body, WORKERS);
        const problems = [];
        if (coordinator.state !== 'value') {
          problems.push(
            problemAt(
              cluster,
              COORDINATOR,
              `${COORDINATOR} ${describeGap(coordinator)}, and the provider's default is true: set it to false, or to true where a firewall is meant to be the only gate`,
            ),
          );
        } else if (coordinator.value && facts.production) {
          problems.push(
            problemAt(
              cluster,
              COORDINATOR,
              `${COORDINATOR} is true: a production coordinator is reached through a private endpoint only. Set network.access to private in config/environments/${stack.environment}.yaml`,
            ),
          );
        }
        if (workers.state !== 'value') {
          problems.push(
            problemAt(cluster, WORKERS, `${WORKERS} ${describeGap(workers)}: set it to false explicitly`),
          );
        } else if (workers.value) {
          const reason = statedReason(cluster, 'workerPublicAccess');
          const what = `${WORKERS} is true: clients talk to the coordinator, nobody needs to reach a worker from the internet`;
          problems.push(
            reason === undefined
              ? problemAt(
                  cluster,
                  WORKERS,
                  `${what}. Set it to false, or say in workerPublicAccess why it must be`,
                )
              : problemAt(
                  cluster,
                  WORKERS,
                  `${what}. The reason given: "${reason}". Look whether it still holds, and close them when it does not`,
                  { level: 'warning' },
                ),
          );
        }
        return problems;
      }),
    );
  },
};
