import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTerraform } from '../../../scripts/infra/terraform';
import type { AzureStandIn } from '../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../scripts/local/azure/http/server';
import { testEnvironment } from '../../support/environment';
import { azureSuite } from '../../support/lanes';
import type { SharedProvider } from '../../support/shared-provider';
import { startSharedProvider } from '../../support/shared-provider';
import type { Send } from './arm-client';
import {
  armClient,
  azurermVersion,
  CLUSTER,
  createCluster,
  GROUP,
  NETWORK,
  SUBNET,
  WITH_SUBNET,
} from './arm-client';

/**
 * The unmodified azurerm provider against roles, parameters, private access and locks of the stand-in. The resource
 * group and the cluster are there from the start, as watching them come costs the provider half a minute.
 *
 * It spends two minutes more on a lock it makes or deletes, and on the link of a zone it deletes, looking at them a
 * dozen times. So the lock is somebody else's and imported, and the link goes past Terraform.
 */

const LOCK = `${CLUSTER}/providers/Microsoft.Authorization/locks/keep`;
const ZONE = `${GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.postgres.cosmos.azure.com`;
const ENDPOINT = `${GROUP}/providers/Microsoft.Network/privateEndpoints/wwi-coordinator`;
const PASSWORD = 'Role-of-app-1';
const SLOW = 180_000;

/** Everything that changes the cluster waits for what changes it before. */
const configuration = (shardCount: string, owner: string): object => ({
  terraform: { required_providers: { azurerm: { source: 'hashicorp/azurerm', version: '4.55.0' } } },
  provider: { azurerm: { features: {}, resource_provider_registrations: 'none' } },
  variable: { role_password: { type: 'string', sensitive: true } },
  resource: {
    azurerm_cosmosdb_postgresql_role: {
      app: { name: 'app', cluster_id: CLUSTER, password: '${var.role_password}' },
    },
    azurerm_cosmosdb_postgresql_coordinator_configuration: {
      shards: {
        name: 'citus.shard_count',
        cluster_id: CLUSTER,
        value: shardCount,
        depends_on: ['azurerm_cosmosdb_postgresql_role.app'],
      },
    },
    azurerm_cosmosdb_postgresql_node_configuration: {
      memory: {
        name: 'work_mem',
        cluster_id: CLUSTER,
        value: '65536',
        depends_on: ['azurerm_cosmosdb_postgresql_coordinator_configuration.shards'],
      },
    },
    azurerm_private_dns_zone: {
      zone: { name: 'privatelink.postgres.cosmos.azure.com', resource_group_name: 'rg', tags: { owner } },
    },
    azurerm_private_dns_zone_virtual_network_link: {
      link: {
        name: 'wwi',
        resource_group_name: 'rg',
        private_dns_zone_name: '${azurerm_private_dns_zone.zone.name}',
        virtual_network_id: NETWORK,
      },
    },
    azurerm_private_endpoint: {
      endpoint: {
        name: 'wwi-coordinator',
        location: 'westus2',
        resource_group_name: 'rg',
        subnet_id: SUBNET,
        private_service_connection: {
          name: 'wwi',
          private_connection_resource_id: CLUSTER,
          subresource_names: ['coordinator'],
          is_manual_connection: false,
        },
        private_dns_zone_group: {
          name: 'default',
          private_dns_zone_ids: ['${azurerm_private_dns_zone.zone.id}'],
        },
        tags: { owner },
        depends_on: [
          'azurerm_cosmosdb_postgresql_node_configuration.memory',
          'azurerm_private_dns_zone_virtual_network_link.link',
        ],
      },
    },
    azurerm_management_lock: {
      keep: { name: 'keep', scope: CLUSTER, lock_level: 'CanNotDelete', notes: 'data lives here' },
    },
  },
  import: [{ to: 'azurerm_management_lock.keep', id: LOCK }],
  output: {
    address: {
      value: '${azurerm_private_endpoint.endpoint.private_service_connection[0].private_ip_address}',
    },
    records: {
      value: '${azurerm_private_endpoint.endpoint.private_dns_zone_configs[0].record_sets[0].name}',
    },
  },
});

interface Run {
  readonly exitCode: number;
  readonly output: string;
}

azureSuite('azurerm against roles, parameters, private access and locks', () => {
  let directory = '';
  let azure: AzureStandIn;
  let provider: SharedProvider;
  let atPortal: Send;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'scaleout-resources-'));
    azure = await startAzureStandIn({ ...WITH_SUBNET, newClusters: 'accepted', operationMs: 20 });
    provider = await startSharedProvider(azure.terraformEnvironment(testEnvironment()));
    atPortal = armClient(azure, azurermVersion);
    await createCluster(atPortal, 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await atPortal('PUT', LOCK, { properties: { level: 'CanNotDelete', notes: 'data lives here' } });
    configure('64', 'sensors');
    expect(await terraform('init')).toMatchObject({ exitCode: 0 });
  }, SLOW);
  afterAll(async () => {
    await provider.end();
    await azure.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function configure(shardCount: string, owner: string): void {
    writeFileSync(join(directory, 'main.tf.json'), JSON.stringify(configuration(shardCount, owner)));
  }

  async function terraform(...args: string[]): Promise<Run> {
    const { exitCode, stdout, stderr } = await runTerraform([...args, '-no-color'], {
      cwd: directory,
      environment: {
        ...azure.terraformEnvironment(testEnvironment()),
        TF_VAR_role_password: PASSWORD,
        ...provider.variables,
      },
    });
    return { exitCode, output: stdout + stderr };
  }

  /** What was sent to change something, in short, without the login. */
  const changesSent = (since: number): string[] =>
    azure.requests
      .slice(since)
      .filter(({ method, url }) => method !== 'GET' && !url.includes('/oauth2/'))
      .map(({ method, url }) => `${method} ${url.replace(/\?.*$/, '').split('/').slice(-2).join('/')}`);

  const unchanged = async (): Promise<void> => {
    expect(await terraform('plan', '-detailed-exitcode')).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining('No changes.') as string,
    });
  };

  it(
    'makes all of them, one change of the cluster after the other',
    async () => {
      const since = azure.requests.length;
      const { exitCode, output } = await terraform('apply', '-auto-approve');
      expect(output).toContain('Apply complete! Resources: 1 imported, 6 added, 0 changed, 0 destroyed.');
      expect(exitCode).toBe(0);
      expect(changesSent(since).filter((sent) => !/privateDnsZones|virtualNetworkLinks/.test(sent))).toEqual([
        'PUT roles/app',
        'PUT coordinatorConfigurations/citus.shard_count',
        'PUT nodeConfigurations/work_mem',
        'PUT privateEndpoints/wwi-coordinator',
        'PUT privateDnsZoneGroups/default',
      ]);
      expect(output).toMatch(/^address = "10\.0\.0\.4"$/m);
      expect(output).toMatch(/^records = "c-wwi\.[0-9a-z]{14}"$/m);
      expect((await atPortal('GET', CLUSTER)).body.properties).toMatchObject({
        privateEndpointConnections: [
          {
            properties: {
              privateEndpoint: { id: ENDPOINT },
              privateLinkServiceConnectionState: { status: 'Approved' },
            },
          },
        ],
      });
    },
    SLOW,
  );

  it('has nothing to do right after', unchanged, SLOW);

  it(
    'updates in place what can be',
    async () => {
      const since = azure.requests.length;
      configure('48', 'platform');
      const { output } = await terraform('apply', '-auto-approve');
      expect(output).toContain('Apply complete! Resources: 0 added, 3 changed, 0 destroyed.');
      // The provider writes a zone's SOA record along with any change of the zone.
      expect(changesSent(since).sort()).toEqual([
        'PUT SOA/@',
        'PUT coordinatorConfigurations/citus.shard_count',
        'PUT privateDnsZones/privatelink.postgres.cosmos.azure.com',
        'PUT privateEndpoints/wwi-coordinator',
      ]);
      await unchanged();
    },
    SLOW,
  );

  it(
    'passes on that a lock holds, and the role stays',
    async () => {
      const { exitCode, output } = await terraform(
        'destroy',
        '-auto-approve',
        '-refresh=false',
        '-target=azurerm_private_endpoint.endpoint',
        '-target=azurerm_cosmosdb_postgresql_role.app',
      );
      expect(exitCode).toBe(1);
      expect(output).toContain('ScopeLocked');
      expect((await atPortal('GET', `${CLUSTER}/roles/app`)).status).toBe(200);
    },
    SLOW,
  );

  it(
    'destroys all of it once the lock is gone, and the cluster stays as it was',
    async () => {
      await atPortal('DELETE', LOCK);
      await atPortal('DELETE', `${ZONE}/virtualNetworkLinks/wwi`);
      const { output } = await terraform('destroy', '-auto-approve');
      expect(output).toContain('Destroy complete!');
      const { properties } = (await atPortal('GET', CLUSTER)).body;
      expect(properties).toMatchObject({ nodeCount: 2, state: 'Ready', privateEndpointConnections: [] });
      for (const gone of [`${CLUSTER}/roles/app`, ZONE, ENDPOINT]) {
        expect((await atPortal('GET', gone)).status).toBe(404);
      }
      const shards = await atPortal('GET', `${CLUSTER}/coordinatorConfigurations/citus.shard_count`);
      expect(shards.body.properties).toMatchObject({ value: '32', source: 'system-default' });
    },
    SLOW,
  );

  it('keeps the password of the role out of what was recorded', () => {
    expect(JSON.stringify(azure.requests)).not.toContain(PASSWORD);
  });
});
