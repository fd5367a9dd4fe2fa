import { CosmosdbPostgresqlFirewallRule } from '@cdktf/provider-azurerm/lib/cosmosdb-postgresql-firewall-rule';
import type { ITerraformDependable } from 'cdktf';
import { Token } from 'cdktf';
import { Construct } from 'constructs';
import type { FirewallRule } from '../config/firewall-rules';
import { firewallViolations } from '../config/firewall-rules';
import { clause, requireValid } from './invalid-props';

export interface FirewallAccessProps {
  readonly clusterId: string;
  /**
   * 1 to 10 ranges, at most 256 public IPv4 addresses in all. A rule's name is its identity: another name replaces the
   * rule, another place in the list changes nothing.
   */
  readonly rules: readonly FirewallRule[];
}

/** Lets listed public addresses reach the coordinator; everybody else is refused. A rule takes up to 5 minutes. */
export class FirewallAccess extends Construct {
  constructor(scope: Construct, id: string, props: FirewallAccessProps) {
    super(scope, id);
    const known = !props.rules.some(({ name, from, to }) =>
      [name, from, to].some((value) => Token.isUnresolved(value)),
    );
    requireValid(this, known ? firewallViolations(props.rules).map((each) => clause(each, 'rules')) : []);

    // The service refuses a change of a cluster while another one runs, and the provider does not wait.
    let previous: ITerraformDependable | undefined;
    for (const rule of [...props.rules].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      previous = new CosmosdbPostgresqlFirewallRule(this, rule.name, {
        clusterId: props.clusterId,
        name: rule.name,
        startIpAddress: rule.from,
        endIpAddress: rule.to,
        ...(previous === undefined ? {} : { dependsOn: [previous] }),
      });
    }
  }
}
