import { ref, Token } from 'cdktf';
import { ClusterOrigin } from '../../constructs/cluster-origin';
import { ClusterTopology } from '../../constructs/cluster-topology';
import type { DistributedPostgresClusterProps } from '../../constructs/distributed-postgres-cluster';
import { DistributedPostgresCluster } from '../../constructs/distributed-postgres-cluster';
import { laneSuite } from '../support/lanes';
import { onlyResource, synthesizeConstructs } from '../support/synth';

const TYPE = 'azurerm_cosmosdb_postgresql_cluster';
const coordinator = { vCores: 4, storageGiB: 512, burstable: false };
const workers = { count: 2, vCores: 8, storageGiB: 1024 };

const props: DistributedPostgresClusterProps = {
  clusterName: 'wwi-sensors',
  location: 'westus2',
  resourceGroupName: 'rg',
  topology: ClusterTopology.singleNode({ coordinator }),
  postgresVersion: 16,
  citusVersion: '12.1',
  administratorPassword: Token.asString(ref('var.admin_password')),
};

const synthesizeCluster = (changes: Partial<DistributedPostgresClusterProps> = {}) =>
  synthesizeConstructs((stack) => {
    new DistributedPostgresCluster(stack, 'Cluster', { ...props, ...changes });
  });
const clusterWith = (changes?: Partial<DistributedPostgresClusterProps>) =>
  onlyResource(synthesizeCluster(changes), TYPE);

laneSuite('synth', 'DistributedPostgresCluster', () => {
  test('says everything whose default is open or depends on history', () => {
    expect(clusterWith()).toMatchObject({
      node_count: 0,
      shards_on_coordinator_enabled: true,
      coordinator_public_ip_access_enabled: false,
      node_public_ip_access_enabled: false,
      ha_enabled: false,
      coordinator_server_edition: 'GeneralPurpose',
      coordinator_vcore_count: 4,
      coordinator_storage_quota_in_mb: 524288,
      sql_version: '16',
      citus_version: '12.1',
      lifecycle: { prevent_destroy: true },
    });
  });

  test('says nothing of workers, maintenance or tags that are not there', () => {
    const keys = Object.keys(clusterWith());
    for (const absent of [
      'node_vcores',
      'node_storage_quota_in_mb',
      'node_server_edition',
      'maintenance_window',
      'tags',
    ]) {
      expect(keys).not.toContain(absent);
    }
  });

  test('carries the sizes of workers that are to come', () => {
    expect(
      clusterWith({ topology: ClusterTopology.singleNode({ coordinator, plannedWorkers: workers }) }),
    ).toMatchObject({
      node_count: 0,
      node_server_edition: 'MemoryOptimized',
      node_vcores: 8,
      node_storage_quota_in_mb: 1048576,
    });
  });

  test('scaling out changes the node count alone', () => {
    const before = clusterWith({
      topology: ClusterTopology.singleNode({ coordinator, plannedWorkers: workers }),
    });
    const after = clusterWith({
      topology: ClusterTopology.multiNode({ coordinator, workers, coordinatorHoldsShards: true }),
    });
    expect(after).toEqual({ ...before, node_count: 2 });
  });

  test('takes public access, a standby, a window, tags, and the leave to be destroyed', () => {
    expect(
      clusterWith({
        publicAccess: true,
        highAvailability: true,
        maintenanceWindow: { day: 'saturday', startHour: 23, startMinute: 30 },
        tags: { owner: 'me' },
        protectFromDestroy: false,
        topology: ClusterTopology.multiNode({ coordinator, workers, coordinatorHoldsShards: false }),
      }),
    ).toMatchObject({
      coordinator_public_ip_access_enabled: true,
      node_public_ip_access_enabled: false,
      ha_enabled: true,
      maintenance_window: { day_of_week: 6, start_hour: 23, start_minute: 30 },
      tags: { owner: 'me' },
      shards_on_coordinator_enabled: false,
      lifecycle: { prevent_destroy: false },
    });
  });

  test('warns when a coordinator may restart to get its workers', () => {
    const small = { ...coordinator, storageGiB: 256 };
    const planned = ClusterTopology.singleNode({ coordinator: small, plannedWorkers: workers });
    expect(synthesizeCluster({ topology: planned }).warnings).toEqual([
      'stack/Cluster: the coordinator has 256 GiB of storage: with 512 GiB or more, adding workers restarts nothing',
    ]);
    expect(
      synthesizeCluster({ topology: ClusterTopology.singleNode({ coordinator: small }) }).warnings,
    ).toEqual([]);
  });

  test('fails with its path and everything that is wrong', () => {
    expect(() =>
      clusterWith({
        clusterName: 'WWI',
        postgresVersion: 13,
        maintenanceWindow: { day: 'sunday', startHour: 24, startMinute: 0 },
        administratorPassword: 'Hunter2Hunter2',
      }),
    ).toThrow(
      'clusterName is "WWI": it must be the name of a cluster: 3 to 40 lowercase letters, digits and hyphens, not digits alone, with no hyphen at either end; no other cluster on Azure may have it; ' +
        'postgresVersion is 13, which Azure retired on 2025-11-13: choose 15 or 16; ' +
        'maintenanceWindow.startHour is 24: it must be a whole number from 0 to 23; ' +
        'administratorPassword is a literal, which would end up in the synthesized file: pass a reference, such as that of AdminPassword [stack/Cluster]',
    );
  });

  test('fails when a burstable node is to have a standby', () => {
    const burstable = ClusterTopology.singleNode({
      coordinator: { vCores: 1, storageGiB: 32, burstable: true },
    });
    expect(() => clusterWith({ topology: burstable, highAvailability: true })).toThrow(
      'highAvailability is true, and a burstable node cannot have a standby',
    );
  });

  test('leaves a name that only Terraform knows to the service', () => {
    expect(clusterWith({ clusterName: Token.asString(ref('var.name')) })).toMatchObject({
      name: '${var.name}',
    });
  });

  test('takes a zone, editions and timeouts', () => {
    expect(
      clusterWith({
        preferredPrimaryZone: '2',
        timeouts: { createMinutes: 240, readMinutes: 10 },
        topology: ClusterTopology.multiNode({
          coordinator: { ...coordinator, edition: 'MemoryOptimized' },
          workers: { ...workers, edition: 'GeneralPurpose' },
          coordinatorHoldsShards: false,
        }),
      }),
    ).toMatchObject({
      preferred_primary_zone: '2',
      coordinator_server_edition: 'MemoryOptimized',
      node_server_edition: 'GeneralPurpose',
      timeouts: { create: '240m', read: '10m' },
    });
  });

  test('opens workers for a reason, and keeps it where an auditor finds it', () => {
    const reason = 'logical replication to the warehouse, until the end of the migration';
    const stack = synthesizeCluster({ workerPublicAccess: { reason } });
    expect(onlyResource(stack, TYPE)).toMatchObject({ node_public_ip_access_enabled: true });
    expect(Object.values(stack.json.resource![TYPE]!)).toMatchObject([
      { '//': { reasons: { workerPublicAccess: reason } } },
    ]);
  });

  describe('with an origin', () => {
    const source = {
      sourceClusterId:
        '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi',
      sourceLocation: 'eastus',
    };
    const restore = ClusterOrigin.pointInTime({ ...source, pointInTimeUtc: '2026-01-31T12:00:00Z' });
    const { administratorPassword, ...withoutPassword } = props;
    const from = (origin: ClusterOrigin, changes: Partial<DistributedPostgresClusterProps> = {}) =>
      synthesizeConstructs((stack) => {
        new DistributedPostgresCluster(stack, 'Cluster', { ...withoutPassword, origin, ...changes });
      });

    test('a restore names source and moment, and needs no password', () => {
      const resource = onlyResource(from(restore), TYPE);
      expect(resource).toMatchObject({
        source_resource_id: source.sourceClusterId,
        source_location: 'eastus',
        point_in_time_in_utc: '2026-01-31T12:00:00Z',
        lifecycle: { prevent_destroy: true },
      });
      expect(Object.keys(resource)).not.toContain('administrator_login_password');
      expect(Object.keys(resource['lifecycle'] as object)).toEqual(['prevent_destroy']);
    });

    test('a restore can be given another password, held to the same rules', () => {
      expect(
        onlyResource(from(restore, { administratorPassword: administratorPassword! }), TYPE),
      ).toMatchObject({
        administrator_login_password: '${var.admin_password}',
        lifecycle: { precondition: [expect.anything(), expect.anything()] },
      });
    });

    test('a replica names its source alone', () => {
      const resource = onlyResource(from(ClusterOrigin.replica(source)), TYPE);
      expect(resource).toMatchObject({
        source_resource_id: source.sourceClusterId,
        source_location: 'eastus',
      });
      expect(Object.keys(resource)).not.toContain('point_in_time_in_utc');
    });

    test('a promoted replica keeps its source, and takes a password and a standby of its own', () => {
      const promoted = from(ClusterOrigin.replica({ ...source, promoted: true }), {
        administratorPassword: administratorPassword!,
        highAvailability: true,
      });
      expect(promoted.warnings).toEqual([]);
      expect(onlyResource(promoted, TYPE)).toMatchObject({
        source_resource_id: source.sourceClusterId,
        source_location: 'eastus',
        administrator_login_password: '${var.admin_password}',
        ha_enabled: true,
      });
    });

    test('warns of the plan that a closed replica never gets rid of', () => {
      const replica = ClusterOrigin.replica(source);
      expect(from(replica).warnings).toEqual([
        expect.stringMatching(/^stack\/Cluster: the service reports public access of a replica as open/),
      ]);
      expect(from(replica, { publicAccess: true }).warnings).toEqual([]);
      expect(from(restore).warnings).toEqual([]);
    });
  });

  test('finds the coordinator among the servers by its name', () => {
    const { text } = synthesizeConstructs((stack) => {
      const cluster = new DistributedPostgresCluster(stack, 'Cluster', props);
      stack.addOverride('output.fqdn.value', cluster.coordinatorFqdn);
    });
    expect(text).toMatch(
      /\$\{one\(\[for server in azurerm_cosmosdb_postgresql_cluster\.Cluster_\w+\.servers : server\.fqdn if endswith\(server\.name, \\"-c\\"\)\]\)\}/,
    );
  });
});
