import type { CosmosEnvironment } from '../../config/environment/environment';
import { addresses, environment, onlyResource, synthesizeSettings } from '../support/synth';
import { everything } from './settings';

/** A cluster that was there before Terraform came: imported as it is, and from then on an environment like any other. */

const ID =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-wwi-sensors-prod/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi-sensors-prod';
const CLUSTER = 'azurerm_cosmosdb_postgresql_cluster';
const VIRTUAL_NETWORK_PARTS = ['azurerm_private_endpoint', 'azurerm_private_dns_zone'];

const { workers } = everything.cluster;

function adopted(imported: boolean, changes: Partial<CosmosEnvironment> = {}): CosmosEnvironment {
  return {
    ...everything,
    keyVault: undefined,
    monitoring: undefined,
    ...changes,
    cluster: {
      ...everything.cluster,
      lockAgainstDeletion: false,
      origin: { adopt: ID, imported },
      ...changes.cluster,
    },
  };
}

interface Import {
  readonly id: string;
  readonly to: string;
}

const importsOf = (json: unknown): readonly Import[] => (json as { import?: Import[] }).import ?? [];

describe('a cluster that is adopted', () => {
  const adopting = synthesizeSettings(adopted(false));

  it('is imported with everything of it that the file names, each at its own address', () => {
    const imports = importsOf(adopting.json);
    expect(imports.map(({ id }) => id.slice(ID.length)).sort()).toEqual([
      '',
      '/coordinatorConfigurations/work_mem',
      '/firewallRules/allow-azure-services',
      '/firewallRules/office',
      '/firewallRules/pipeline',
      '/nodeConfigurations/work_mem',
      '/roles/app',
      '/roles/reports',
    ]);
    expect(imports.map(({ to }) => to).sort()).toEqual(addresses(adopting));
  });

  it('ignores the passwords that Azure does not tell, and asks for none of citus', () => {
    const cluster = onlyResource(adopting, CLUSTER);
    expect(cluster['lifecycle']).toEqual({
      prevent_destroy: true,
      ignore_changes: ['administrator_login_password'],
    });
    expect(Object.keys(cluster)).not.toContain('administrator_login_password');
    const roles = Object.values(adopting.json.resource?.['azurerm_cosmosdb_postgresql_role'] ?? {});
    expect(roles).toHaveLength(2);
    for (const role of roles) expect(role['lifecycle']).toMatchObject({ ignore_changes: ['password'] });
    expect(Object.keys(adopting.json.variable ?? {}).sort()).toEqual([
      'role_app_password',
      'role_reports_password',
    ]);
  });

  it('states nothing that would make another cluster of it', () => {
    const cluster = onlyResource(adopting, CLUSTER);
    for (const argument of ['source_resource_id', 'source_location', 'point_in_time_in_utc']) {
      expect(cluster).not.toHaveProperty(argument);
    }
  });

  it('leaves its resource group to those who made it', () => {
    expect(adopting.json.resource).not.toHaveProperty('azurerm_resource_group');
    expect(onlyResource(adopting, CLUSTER)['resource_group_name']).toBe(everything.resourceGroup);
  });

  it('has the tags of the file and no others', () => {
    expect(onlyResource(adopting, CLUSTER)['tags']).toEqual(everything.tags);
  });

  it('takes no tag for a template, whoever wrote it', () => {
    const tags = { note: '12 ${path.cwd} and %{ if true }', '${path.root}': '$ {}' };
    const { text } = synthesizeSettings(adopted(false, { tags }));
    expect(text).toContain('"note": "12 $${path.cwd} and %%{ if true }"');
    expect(text).toContain('"$${path.root}": "$ {}"');
    expect(text).not.toMatch(/[^$]\$\{path|[^%]%\{/);
  });

  it('has no tags where the file has none', () => {
    const bare = synthesizeSettings(adopted(false, { tags: {} }));
    expect(onlyResource(bare, CLUSTER)['tags'] ?? {}).toEqual({});
  });

  it('keeps endpoints that the file does not name out of it', () => {
    const { resource } = synthesizeSettings(adopted(false, { network: { access: 'private' } })).json;
    for (const type of VIRTUAL_NETWORK_PARTS) expect(resource).not.toHaveProperty(type);
  });

  it('may have public workers beside a coordinator that is closed', () => {
    const workerPublicAccess = { reason: 'Workers had public access when the cluster was adopted' };
    const stack = synthesizeSettings(adopted(false, { network: { access: 'private', workerPublicAccess } }));
    expect(onlyResource(stack, CLUSTER)).toMatchObject({
      coordinator_public_ip_access_enabled: false,
      node_public_ip_access_enabled: true,
    });
  });
});

describe('a cluster that is imported', () => {
  const imported = synthesizeSettings(adopted(true));

  it('is at the addresses where it was imported, with no order to import it again', () => {
    expect(importsOf(imported.json)).toEqual([]);
    expect(addresses(imported)).toEqual(addresses(synthesizeSettings(adopted(false))));
  });

  it('is tagged as ours', () => {
    expect(onlyResource(imported, CLUSTER)['tags']).toMatchObject({
      managedBy: 'scaleout',
      environment: 'prod',
    });
  });

  it('asks for the password where a vault is to keep it, and sets it nowhere else', () => {
    const { keyVault } = everything;
    const hardened = synthesizeSettings(adopted(true, { keyVault }));
    expect(Object.keys(hardened.json.variable ?? {})).toContain('admin_password');
    expect(onlyResource(hardened, CLUSTER)).not.toHaveProperty('administrator_login_password');
    expect(hardened.text).toContain('${var.admin_password}');
  });

  it('is scaled out by its number of nodes alone', () => {
    const single = synthesizeSettings(adopted(true), 'single-node');
    const { node_count: before, ...rest } = onlyResource(single, CLUSTER);
    const { node_count: after, ...same } = onlyResource(imported, CLUSTER);
    expect([before, after]).toEqual([0, workers?.count]);
    expect({ ...rest, shards_on_coordinator_enabled: true }).toEqual({
      ...same,
      shards_on_coordinator_enabled: true,
    });
  });
});

test('an environment that is not adopted imports nothing', () => {
  expect(importsOf(synthesizeSettings(environment('dev')).json)).toEqual([]);
});
