import type { TerraformStack } from 'cdktf';
import { ref, Token } from 'cdktf';
import { DatabaseRoles } from '../../constructs/database-roles';
import { FirewallAccess } from '../../constructs/firewall-access';
import { PrivateAccess } from '../../constructs/private-access';
import { RolePassword } from '../../constructs/role-password';
import { ServerParameters } from '../../constructs/server-parameters';
import { laneSuite } from '../support/lanes';
import type { Synthesized } from '../support/synth';
import { addresses, synthesizeConstructs } from '../support/synth';

const group = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers';
const clusterId = `${group}/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi`;
const networkId = `${group}/Microsoft.Network/virtualNetworks/vnet`;
const password = Token.asString(ref('var.password'));
const office = { name: 'office', from: '203.0.113.8', to: '203.0.113.15' };
const reason = 'the nightly export of Data Factory, until it has a private endpoint';

/** Resources of a type by their `name`, and whom they wait for, by their construct's id alone. */
function waitsOf({ json }: Synthesized, type: string): unknown[] {
  return Object.values(json.resource?.[`azurerm_cosmosdb_postgresql_${type}`] ?? {}).map(
    ({ name, depends_on: after }) => [
      name,
      ((after ?? []) as string[]).map((address) => address.replace(/^azurerm_cosmosdb_postgresql_/, '')),
    ],
  );
}

laneSuite('synth', 'FirewallAccess for all of Azure', () => {
  const open = synthesizeConstructs((stack) => {
    new FirewallAccess(stack, 'Firewall', { clusterId, rules: [office], allowAzureServices: { reason } });
  });
  // Sorted by address, as cdktf writes them.
  const [azure, range] = Object.values(open.json.resource!['azurerm_cosmosdb_postgresql_firewall_rule']!);

  test('is one rule more, after the others', () => {
    expect(azure).toMatchObject({
      name: 'allow-azure-services',
      start_ip_address: '0.0.0.0',
      end_ip_address: '0.0.0.0',
      depends_on: [expect.stringMatching(/Firewall_office_\w+$/)],
    });
  });

  test('keeps its reason where an auditor finds it, and beside no other rule', () => {
    expect(azure).toMatchObject({
      '//': {
        metadata: { path: 'stack/Firewall/allow-azure-services' },
        reasons: { allowAzureServices: reason },
      },
    });
    expect(range).not.toHaveProperty(['//', 'reasons']);
  });

  test('can stand alone', () => {
    expect(
      addresses(
        synthesizeConstructs((stack) => {
          new FirewallAccess(stack, 'Firewall', { clusterId, rules: [], allowAzureServices: { reason } });
        }),
      ),
    ).toEqual([expect.stringMatching(/^azurerm_cosmosdb_postgresql_firewall_rule\.Firewall_allow-azure/)]);
  });
});

laneSuite('synth', 'DatabaseRoles', () => {
  const rolesNamed = (...names: string[]) =>
    synthesizeConstructs((stack) => {
      new DatabaseRoles(stack, 'Roles', { clusterId, roles: names.map((name) => ({ name, password })) });
    });

  test('makes one role after the other, sorted by name', () => {
    expect(waitsOf(rolesNamed('reporting', 'etl', 'web'), 'role')).toEqual([
      ['etl', []],
      ['reporting', [expect.stringMatching(/^role\.Roles_etl_\w+$/)]],
      ['web', [expect.stringMatching(/^role\.Roles_reporting_\w+$/)]],
    ]);
  });

  test('keeps the address of a role whatever stands beside it', () => {
    const [address] = addresses(rolesNamed('reporting'));
    expect(addresses(rolesNamed('web', 'reporting', 'etl'))).toContain(address);
  });

  test('has Terraform judge each password, and name the role and not the password', () => {
    const { json } = rolesNamed('etl');
    expect(Object.values(json.resource!['azurerm_cosmosdb_postgresql_role']!)).toMatchObject([
      {
        password: '${var.password}',
        lifecycle: {
          precondition: [
            { error_message: 'The password of the role etl must have 8 to 128 characters.' },
            {
              error_message:
                'The password of the role etl must have characters of 3 kinds out of small letters, capitals, digits, symbols.',
            },
          ],
        },
      },
    ]);
  });
});

laneSuite('synth', 'RolePassword', () => {
  test('is a sensitive variable without default, of a name that follows from the role', () => {
    const { json } = synthesizeConstructs((stack) => {
      new RolePassword(stack, 'EtlPassword', 'etl');
    });
    expect(json.variable).toEqual({
      role_etl_password: {
        type: 'string',
        sensitive: true,
        nullable: false,
        description:
          'Password of the role etl. Another one drops the role and creates it again. Set it in the environment as TF_VAR_role_etl_password.',
      },
    });
  });

  test('fails for a name that no role can have', () => {
    const make = () =>
      synthesizeConstructs((stack) => {
        new RolePassword(stack, 'AdminPassword', 'citus');
      });
    expect(make).toThrow(
      'roleName is "citus", a role of the service itself: choose another name [stack/AdminPassword]',
    );
  });
});

laneSuite('synth', 'ServerParameters', () => {
  const set = (props: Omit<ConstructorParameters<typeof ServerParameters>[2], 'clusterId'>) =>
    synthesizeConstructs((stack) => {
      new ServerParameters(stack, 'Parameters', { clusterId, ...props });
    });

  test('sets one after the other, the coordinator first', () => {
    const stack = set({
      workers: { work_mem: '65536' },
      coordinator: { work_mem: '32768', 'citus.shard_count': '64' },
    });
    expect(waitsOf(stack, 'coordinator_configuration')).toEqual([
      ['citus.shard_count', []],
      [
        'work_mem',
        [expect.stringMatching(/^coordinator_configuration\.Parameters_Coordinator_citus\w*shard/)],
      ],
    ]);
    expect(waitsOf(stack, 'node_configuration')).toEqual([
      ['work_mem', [expect.stringMatching(/^coordinator_configuration\.Parameters_Coordinator_work_mem/)]],
    ]);
  });

  test('keeps the address of a parameter whatever stands beside it', () => {
    const [address] = addresses(set({ workers: { work_mem: '65536' } }));
    expect(addresses(set({ workers: { autovacuum: 'on', work_mem: '1024' } }))).toContain(address);
  });

  test('warns of those that wait for a restart', () => {
    expect(set({ workers: { shared_preload_libraries: 'pgaudit', work_mem: '65536' } }).warnings).toEqual([
      'stack/Parameters/Workers: shared_preload_libraries takes effect once the nodes are restarted, which Terraform does not do',
    ]);
  });
});

laneSuite('synth', 'What changes a cluster', () => {
  test('waits for what changed it before, past what has nothing to do', () => {
    const build = (stack: TerraformStack): void => {
      const way = new PrivateAccess(stack, 'Private', {
        clusterId,
        clusterName: 'wwi',
        location: 'westus2',
        resourceGroupName: 'rg',
        subnetId: `${networkId}/subnets/data`,
        virtualNetworkId: networkId,
      });
      const none = new DatabaseRoles(stack, 'None', { clusterId, roles: [], after: way.last });
      const roles = new DatabaseRoles(stack, 'Roles', {
        clusterId,
        roles: [{ name: 'etl', password }],
        after: none.last,
      });
      const parameters = new ServerParameters(stack, 'Parameters', {
        clusterId,
        workers: { work_mem: '65536' },
        after: roles.last,
      });
      new FirewallAccess(stack, 'Firewall', { clusterId, rules: [office], after: parameters.last });
    };
    const stack = synthesizeConstructs(build);
    expect(waitsOf(stack, 'role')).toEqual([
      ['etl', [expect.stringMatching(/^azurerm_private_endpoint\.Private_Endpoint_/)]],
    ]);
    expect(waitsOf(stack, 'node_configuration')).toEqual([
      ['work_mem', [expect.stringMatching(/^role\.Roles_etl_/)]],
    ]);
    expect(waitsOf(stack, 'firewall_rule')).toEqual([
      ['office', [expect.stringMatching(/^node_configuration\.Parameters_Workers_work_mem_/)]],
    ]);
  });
});
