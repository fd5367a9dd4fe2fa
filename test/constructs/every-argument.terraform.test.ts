import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdminPassword } from '../../constructs/admin-password';
import { ClusterOrigin } from '../../constructs/cluster-origin';
import { ClusterTopology } from '../../constructs/cluster-topology';
import { DatabaseRoles } from '../../constructs/database-roles';
import { DistributedPostgresCluster } from '../../constructs/distributed-postgres-cluster';
import { FirewallAccess } from '../../constructs/firewall-access';
import { PrivateAccess } from '../../constructs/private-access';
import { RolePassword } from '../../constructs/role-password';
import { ServerParameters } from '../../constructs/server-parameters';
import { runTerraform } from '../../scripts/infra/terraform';
import { terraformDocument } from '../../scripts/infra/terraform-answers';
import type { AzureStandIn } from '../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../scripts/local/azure/http/server';
import { testEnvironment } from '../support/environment';
import { azureSuite } from '../support/lanes';
import type { StackJson } from '../support/synth';
import { addresses, synthesizeConstructs } from '../support/synth';

const TYPES = ['cluster', 'coordinator_configuration', 'firewall_rule', 'node_configuration', 'role'].map(
  (kind) => `azurerm_cosmosdb_postgresql_${kind}`,
);
const PROVIDER = 'registry.terraform.io/hashicorp/azurerm';
const PASSWORDS = { TF_VAR_admin_password: 'Rehearsal-only-7', TF_VAR_role_etl_password: 'Rehearsal-only-8' };

const group = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers';
const networkId = `${group}/Microsoft.Network/virtualNetworks/vnet`;

const stack = synthesizeConstructs((scope) => {
  scope.addOverride('terraform.backend', { local: { path: 'test.tfstate' } });
  const topology = ClusterTopology.multiNode({
    coordinator: { vCores: 4, storageGiB: 512, burstable: false, edition: 'MemoryOptimized' },
    workers: { count: 2, vCores: 8, storageGiB: 1024, edition: 'GeneralPurpose' },
    coordinatorHoldsShards: true,
  });
  const timeouts = { createMinutes: 200, readMinutes: 10, updateMinutes: 200, deleteMinutes: 200 };
  const common = {
    location: 'westus2',
    resourceGroupName: 'rg',
    topology,
    postgresVersion: 16,
    citusVersion: '12.1',
    publicAccess: true,
    timeouts,
    tags: { owner: 'data-platform' },
  };
  const reason = 'logical replication to the warehouse, until the end of the migration';

  const cluster = new DistributedPostgresCluster(scope, 'Cluster', {
    ...common,
    clusterName: 'wwi',
    administratorPassword: new AdminPassword(scope, 'AdminPassword').value,
    workerPublicAccess: { reason },
    highAvailability: true,
    preferredPrimaryZone: '1',
    maintenanceWindow: { day: 'sunday', startHour: 3, startMinute: 30 },
    protectFromDestroy: false,
  });
  const source = { sourceClusterId: cluster.clusterId, sourceLocation: 'westus2' };
  new DistributedPostgresCluster(scope, 'Restore', {
    ...common,
    clusterName: 'wwi-restore',
    origin: ClusterOrigin.pointInTime({ ...source, pointInTimeUtc: '2026-01-31T12:00:00Z' }),
  });
  new DistributedPostgresCluster(scope, 'Replica', {
    ...common,
    clusterName: 'wwi-replica',
    origin: ClusterOrigin.replica(source),
  });

  const { clusterId } = cluster;
  const way = new PrivateAccess(scope, 'Private', {
    clusterId,
    clusterName: 'wwi',
    location: 'westus2',
    resourceGroupName: 'rg',
    subnetId: `${networkId}/subnets/data`,
    virtualNetworkId: networkId,
    tags: { owner: 'data-platform' },
  });
  const firewall = new FirewallAccess(scope, 'Firewall', {
    clusterId,
    rules: [{ name: 'office', from: '203.0.113.8', to: '203.0.113.15' }],
    allowAzureServices: { reason },
    after: way.last,
    timeouts,
  });
  const roles = new DatabaseRoles(scope, 'Roles', {
    clusterId,
    roles: [{ name: 'etl', password: new RolePassword(scope, 'EtlPassword', 'etl').value }],
    after: firewall.last,
    timeouts: { createMinutes: 40, readMinutes: 10, deleteMinutes: 40 },
  });
  new ServerParameters(scope, 'Parameters', {
    clusterId,
    coordinator: { 'citus.shard_count': '64', 'pgbouncer.default_pool_size': '100' },
    workers: { work_mem: '65536', 'pgaudit.log': 'DDL,ROLE' },
    postgresVersion: 16,
    after: roles.last,
    timeouts,
  });
});

azureSuite('Every argument, as the azurerm provider reads it', () => {
  let directory = '';
  let azure: AzureStandIn;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'scaleout-arguments-'));
    writeFileSync(join(directory, 'cdk.tf.json'), stack.text);
    azure = await startAzureStandIn({ newClusters: 'accepted' });
    const { status, output } = await terraform('init', '-input=false', '-no-color');
    if (status !== 0) throw new Error(output);
  }, 120_000);
  afterAll(async () => {
    await azure.close();
    rmSync(directory, { recursive: true });
  });

  async function terraform(...args: string[]): Promise<{ status: number; stdout: string; output: string }> {
    const { exitCode, stdout, stderr } = await runTerraform(args, {
      cwd: directory,
      environment: {
        ...azure.terraformEnvironment(testEnvironment()),
        ...PASSWORDS,
        ARM_RESOURCE_PROVIDER_REGISTRATIONS: 'none',
      },
    });
    return { status: exitCode, stdout, output: stdout + stderr };
  }

  test("sets every argument that the provider's own schema has", async () => {
    const { stdout } = await terraform('providers', 'schema', '-json');
    const schemas = (terraformDocument(stdout) as Schemas).provider_schemas[PROVIDER]!.resource_schemas;
    for (const type of TYPES) {
      expect([type, settable(schemas[type]!.block).filter((path) => !said(stack.json, type, path))]).toEqual([
        type,
        [],
      ]);
    }
  }, 60_000);

  test('is valid, and nothing in it is deprecated', async () => {
    const { stdout } = await terraform('validate', '-json');
    expect(terraformDocument(stdout)).toMatchObject({
      valid: true,
      error_count: 0,
      warning_count: 0,
      diagnostics: [],
    });
  }, 60_000);

  test('plans to create all of it, and asks Azure to change nothing', async () => {
    const { status, output } = await terraform('plan', '-input=false', '-no-color');
    expect(output).toContain(`Plan: ${addresses(stack).length} to add, 0 to change, 0 to destroy.`);
    expect(output).not.toMatch(/Warning|deprecated/i);
    expect(status).toBe(0);
    for (const password of Object.values(PASSWORDS)) expect(output).not.toContain(password);
    expect(azure.requests.filter(({ method, url }) => method !== 'GET' && !url.includes('/oauth2/'))).toEqual(
      [],
    );
  }, 120_000);
});

/** What `terraform providers schema -json` says, as far as it is read here. */
interface Schemas {
  readonly provider_schemas: Readonly<
    Record<string, { readonly resource_schemas: Readonly<Record<string, { readonly block: Block }>> }>
  >;
}
interface Block {
  readonly attributes?: Readonly<
    Record<string, { readonly optional?: boolean; readonly required?: boolean }>
  >;
  readonly block_types?: Readonly<Record<string, { readonly block: Block }>>;
}

/** Paths of everything that can be written in a resource; `id` alone is the provider's own, whatever its schema says. */
function settable({ attributes = {}, block_types: blocks = {} }: Block): string[] {
  return [
    ...Object.entries(attributes)
      .filter(([name, { optional, required }]) => name !== 'id' && (optional === true || required === true))
      .map(([name]) => name),
    ...Object.entries(blocks).flatMap(([name, { block }]) =>
      settable(block).map((path) => `${name}.${path}`),
    ),
  ];
}

function said({ resource }: StackJson, type: string, path: string): boolean {
  return Object.values(resource?.[type] ?? {}).some(
    (each) =>
      path
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], each) !== undefined,
  );
}
