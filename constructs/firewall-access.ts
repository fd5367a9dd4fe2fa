import type { CosmosdbPostgresqlFirewallRuleConfig } from '@cdktf/provider-azurerm/lib/cosmosdb-postgresql-firewall-rule';
import { CosmosdbPostgresqlFirewallRule } from '@cdktf/provider-azurerm/lib/cosmosdb-postgresql-firewall-rule';
import { PostgresqlFlexibleServerFirewallRule } from '@cdktf/provider-azurerm/lib/postgresql-flexible-server-firewall-rule';
import type { ITerraformDependable, TerraformResource } from 'cdktf';
import { Construct } from 'constructs';
import type { FirewallRule } from '../config/azure/firewall-rules';
import {
  AZURE_SERVICES_ADDRESS,
  AZURE_SERVICES_RULE,
  ELASTIC_RULE_NAMES,
  existingFirewallViolations,
  firewallViolations,
} from '../config/azure/firewall-rules';
import type { Reason } from '../config/azure/reason';
import { reason as reasonType } from '../config/azure/reason';
import type { Service } from '../config/azure/postgres-services';
import { DEFAULT_SERVICE, SERVICE_FACTS } from '../config/azure/postgres-services';
import type { ClusterOrigin } from './cluster-origin';
import { importPart } from './import-part';
import { byName, inSequence } from './in-sequence';
import { propProblems, requireValid, unknownNames } from './invalid-props';
import type { OperationTimeouts } from './operation-timeouts';
import { operationTimeouts, timeoutsArgument } from './operation-timeouts';
import { noteReason } from './stated-reason';

export interface FirewallAccessProps {
  readonly clusterId: string;
  /**
   * The service that runs the cluster.
   *
   * @default cosmosdb-postgresql
   */
  readonly service?: Service;
  /**
   * 1 to 10 ranges, at most 256 public IPv4 addresses in all; of a cluster that was there before, what it has. A rule's name is its identity: another name replaces the
   * rule, another place in the list changes nothing.
   */
  readonly rules: readonly FirewallRule[];
  /**
   * Lets in every address of Azure, of any tenant: whoever rents a machine there is left with the password alone to
   * guess. It takes one of the ten rules. The reason is kept beside the rule in what is synthesized.
   *
   * @default - Azure services are not allowed in
   */
  readonly allowAzureServices?: Reason;
  /**
   * What the cluster comes from. One that was there before has its rules already: they are imported with it, and may be as
   * many and as wide as the service lets them be.
   *
   * @default - the rules are new
   */
  readonly origin?: ClusterOrigin | undefined;
  /**
   * What changes the cluster before.
   *
   * @default - nothing but the cluster itself
   */
  readonly after?: ITerraformDependable | undefined;
  /** @default - the provider's */
  readonly timeouts?: OperationTimeouts;
}

/**
 * Lets listed public addresses reach the cluster; everybody else is refused. A rule takes up to 5 minutes.
 *
 * @throws InvalidPropsError naming every prop that the service would refuse
 */
export class FirewallAccess extends Construct {
  /** The rule that is made last: what changes the cluster next waits for it. */
  readonly last: ITerraformDependable | undefined;

  constructor(scope: Construct, id: string, props: FirewallAccessProps) {
    super(scope, id);
    requireValid(this, problems(props));
    const { rules, allowAzureServices, after, timeouts } = props;
    const make = RULES[props.service ?? DEFAULT_SERVICE];

    const lastRange = inSequence(byName(rules), after, ({ name, from, to }, waits) => {
      const rule = make(this, {
        clusterId: props.clusterId,
        name,
        startIpAddress: from,
        endIpAddress: to,
        ...timeoutsArgument(timeouts),
        ...waits,
      });
      importPart(rule, props.origin, `firewallRules/${name}`);
      return rule;
    });
    this.last = inSequence(
      allowAzureServices === undefined ? [] : [allowAzureServices],
      lastRange,
      ({ reason }, waits) => {
        const rule = make(this, {
          clusterId: props.clusterId,
          name: AZURE_SERVICES_RULE,
          startIpAddress: AZURE_SERVICES_ADDRESS,
          endIpAddress: AZURE_SERVICES_ADDRESS,
          ...timeoutsArgument(timeouts),
          ...waits,
        });
        importPart(rule, props.origin, `firewallRules/${AZURE_SERVICES_RULE}`);
        noteReason(rule, 'allowAzureServices', reason);
        return rule;
      },
    );
  }
}

/** Makes the resource of one rule, named as the rule. */
const RULES: Readonly<Record<Service, (scope: Construct, rule: RuleArguments) => TerraformResource>> = {
  'cosmosdb-postgresql': (scope, rule) => new CosmosdbPostgresqlFirewallRule(scope, rule.name, rule),
  'elastic-cluster': (scope, { clusterId, ...rule }) =>
    new PostgresqlFlexibleServerFirewallRule(scope, rule.name, { serverId: clusterId, ...rule }),
};

type RuleArguments = CosmosdbPostgresqlFirewallRuleConfig;

function problems(props: FirewallAccessProps): string[] {
  const service = props.service ?? DEFAULT_SERVICE;
  const { clusterId } = SERVICE_FACTS[service];
  return [
    ...unknownNames(
      props.rules.map(({ name }) => name),
      (index) => `rules.${index}.name`,
    ),
    ...propProblems(props, {
      clusterId,
      rules: (rules) =>
        props.origin?.existing === true
          ? existingFirewallViolations(rules, props.allowAzureServices !== undefined)
          : firewallViolations(
              rules,
              props.allowAzureServices !== undefined,
              service === 'elastic-cluster' ? ELASTIC_RULE_NAMES : undefined,
            ),
      allowAzureServices: reasonType,
      timeouts: operationTimeouts,
    }),
  ];
}
