import { ref, Token } from 'cdktf';
import { AdminPassword } from '../../constructs/admin-password';
import { FirewallAccess } from '../../constructs/firewall-access';
import { PrivateAccess } from '../../constructs/private-access';
import { laneSuite } from '../support/lanes';
import { addresses, onlyResource, synthesizeConstructs } from '../support/synth';

const clusterId = `/subscriptions/${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi`;
const network = `/subscriptions/${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet`;

laneSuite('synth', 'AdminPassword', () => {
  test('is a sensitive variable without default, of a name that pipelines know', () => {
    const { json } = synthesizeConstructs((stack) => {
      new AdminPassword(stack, 'AdminPassword');
    });
    expect(json.variable).toEqual({
      admin_password: {
        type: 'string',
        sensitive: true,
        nullable: false,
        description: 'Password of the login citus. Set it in the environment as TF_VAR_admin_password.',
      },
    });
  });
});

laneSuite('synth', 'FirewallAccess', () => {
  const office = { name: 'office', from: '203.0.113.8', to: '203.0.113.15' };
  const runner = { name: 'runner', from: '198.51.100.1', to: '198.51.100.1' };
  const third = { name: 'zurich', from: '198.51.100.9', to: '198.51.100.9' };
  const firewall = (...rules: (typeof office)[]) =>
    synthesizeConstructs((stack) => {
      new FirewallAccess(stack, 'Firewall', { clusterId, rules });
    });

  test('makes one rule after the other, since the service refuses two changes at a time', () => {
    const rules = Object.values(
      firewall(third, office, runner).json.resource!['azurerm_cosmosdb_postgresql_firewall_rule']!,
    );
    expect(rules.map(({ name, depends_on: after }) => [name, after])).toEqual([
      ['office', undefined],
      ['runner', [expect.stringMatching(/firewall_rule\.Firewall_office_\w+$/)]],
      ['zurich', [expect.stringMatching(/firewall_rule\.Firewall_runner_\w+$/)]],
    ]);
  });

  test('keeps the address of a rule whatever stands beside it', () => {
    const [address] = addresses(firewall(runner));
    expect(addresses(firewall(third, runner, office))).toContain(address);
  });

  test('fails with its path when Azure as a whole would get in', () => {
    expect(() => firewall({ ...office, from: '0.0.0.0', to: '0.0.0.0' })).toThrow(
      /^rules\.0\.from is "0\.0\.0\.0", which opens the database to every tenant of Azure: .* \[stack\/Firewall\]$/,
    );
  });
});

laneSuite('synth', 'PrivateAccess', () => {
  const access = (subnetId: string) =>
    synthesizeConstructs((stack) => {
      new PrivateAccess(stack, 'Private', {
        clusterId,
        clusterName: 'wwi',
        location: 'westus2',
        resourceGroupName: 'rg',
        subnetId,
        virtualNetworkId: network,
      });
    });

  test('reaches the coordinator by an endpoint, and its name by a zone of the network', () => {
    const stack = access(`${network}/subnets/data`);
    expect(onlyResource(stack, 'azurerm_private_endpoint')).toMatchObject({
      subnet_id: `${network}/subnets/data`,
      private_service_connection: {
        private_connection_resource_id: clusterId,
        subresource_names: ['coordinator'],
        is_manual_connection: false,
      },
      private_dns_zone_group: {
        private_dns_zone_ids: [expect.stringMatching(/^\$\{azurerm_private_dns_zone\..*\.id\}$/)],
      },
    });
    expect(onlyResource(stack, 'azurerm_private_dns_zone')).toMatchObject({
      name: 'privatelink.postgres.cosmos.azure.com',
    });
    expect(onlyResource(stack, 'azurerm_private_dns_zone_virtual_network_link')).toMatchObject({
      virtual_network_id: network,
      registration_enabled: false,
    });
  });

  test('fails with its path when the subnet is none', () => {
    expect(() => access(network)).toThrow(
      /^subnetId is ".*": it must be the resource id of a subnet.* \[stack\/Private\]$/,
    );
    expect(() => access(Token.asString(ref('var.subnet')))).not.toThrow();
  });
});
