import type { ChangeInput } from './builders';
import { change, findings } from './builders';

const SERVER = 'azurerm_postgresql_flexible_server';
const PARAMETER = 'azurerm_postgresql_flexible_server_configuration';

/** As the provider answers a cluster. */
const BEFORE = {
  id: '/subscriptions/s/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/c',
  name: 'c',
  location: 'westus2',
  resource_group_name: 'rg',
  administrator_login: 'wwi_admin',
  version: '17',
  sku_name: 'GP_Standard_D4ds_v5',
  storage_mb: 131_072,
  backup_retention_days: 14,
  public_network_access_enabled: false,
  high_availability: [{ mode: 'ZoneRedundant', standby_availability_zone: '2' }],
  cluster: [{ size: 3, default_database_name: 'citus' }],
  tags: { owner: 'a' },
};

const ids = (changes: readonly object[], drift: readonly object[] = []): string[] =>
  findings(changes, drift).map(({ level, id }) => `${level} ${id}`);

const update = (after: object, rest: ChangeInput = {}): object =>
  change({ type: SERVER, before: BEFORE, after: { ...BEFORE, ...after }, ...rest });

/** A replacement as Terraform prints it. */
const replace = (after: object, path: readonly (string | number)[], before: object = {}): object =>
  change({
    type: SERVER,
    actions: ['delete', 'create'],
    before: { ...BEFORE, ...before },
    after: { ...BEFORE, ...after },
    replace_paths: [path.map(String)],
  });

describe('what replaces an elastic cluster', () => {
  it.each<[string, object, readonly (string | number)[], string]>([
    [
      'fewer nodes',
      { cluster: [{ size: 2, default_database_name: 'citus' }] },
      ['cluster', 0, 'size'],
      'nodes are only ever added, and 3 are to become 2',
    ],
    [
      'another database',
      { cluster: [{ size: 3, default_database_name: 'postgres' }] },
      ['cluster', 0, 'default_database_name'],
      'the database keeps the name it was created with, and citus is to become postgres',
    ],
    [
      'a block that is gone',
      { cluster: [] },
      ['cluster'],
      'the config says nothing of its nodes any more (the cluster block is gone)',
    ],
    [
      'less storage',
      { storage_mb: 65_536 },
      ['storage_mb'],
      'storage only ever grows, and 128 GiB are to become 64 GiB',
    ],
    [
      'another login',
      { administrator_login: 'other' },
      ['administrator_login'],
      'the login of the administrator changes from wwi_admin to other',
    ],
    [
      'another major version',
      { version: '16' },
      ['version'],
      'an elastic cluster has no major upgrade, and its PostgreSQL changes from 17 to 16',
    ],
    ['another region', { location: 'eastus' }, ['location'], 'its region changes from westus2 to eastus'],
    [
      'what nobody here explains',
      { geo_redundant_backup_enabled: true },
      ['geo_redundant_backup_enabled'],
      'its geo_redundant_backup_enabled changes from not set to true',
    ],
  ])('%s: refused, with the reason', (_, after, path, why) => {
    expect(findings([replace(after, path)])).toEqual([
      expect.objectContaining({
        id: 'replace-cluster:c',
        level: 'never',
        why: `the cluster is destroyed with its data and its backups, and an empty one is created, because ${why}`,
        values: [expect.objectContaining({ attribute: path[0] })],
      }),
    ]);
  });

  it('a plain server that is to become a cluster: refused, with the reason', () => {
    const [finding] = findings([replace({}, ['cluster'], { cluster: [] })]);
    expect(finding).toMatchObject({ level: 'never', guard: 'replace-cluster' });
    expect(finding!.why).toMatch(
      /a plain flexible server is to become an elastic cluster, which it never can$/,
    );
  });

  it('is read from the values, whatever Terraform names', () => {
    const [finding] = findings([
      change({
        type: SERVER,
        actions: ['create', 'delete'],
        before: BEFORE,
        after: { ...BEFORE, cluster: [{ size: 1, default_database_name: 'other' }], storage_mb: 32_768 },
      }),
    ]);
    expect(finding).toMatchObject({ level: 'never', guard: 'replace-cluster' });
    expect(finding!.why).toMatch(
      /3 are to become 1, and .*citus is to become other, and .*128 GiB .* 32 GiB/,
    );
  });

  it('is refused as an update as well, if a plan should claim that', () => {
    expect(ids([update({ cluster: [{ size: 2, default_database_name: 'citus' }] })])).toEqual([
      'never never-in-place:c',
    ]);
  });

  it('is refused where it is destroyed, or moved', () => {
    const gone = change({ type: SERVER, actions: ['delete'], before: BEFORE });
    const create = change({
      type: SERVER,
      address: `${SERVER}.other`,
      actions: ['create'],
      after: BEFORE,
    });
    expect(ids([gone])).toEqual(['never destroy-cluster:c']);
    expect(ids([gone, create])).toEqual(['never cluster-moved:c']);
  });

  it('asks before an empty one takes the place of one that is gone', () => {
    const create = change({ type: SERVER, actions: ['create'], after: BEFORE });
    const drift = change({ type: SERVER, actions: ['delete'], before: BEFORE });
    expect(ids([create])).toEqual([]);
    expect(ids([create], [drift])).toEqual(['needs-yes recreate-cluster:c', 'note drift:c']);
  });
});

describe('an update of an elastic cluster', () => {
  it.each([
    ['more nodes', { cluster: [{ size: 5, default_database_name: 'citus' }] }, []],
    ['more storage', { storage_mb: 262_144 }, ['note restart:c']],
    ['another machine', { sku_name: 'GP_Standard_D8ds_v5' }, ['note restart:c']],
    ['a way in', { public_network_access_enabled: true }, ['needs-yes open-cluster:c']],
    ['no standbys', { high_availability: [] }, ['note standbys-removed:c']],
    ['fewer backups', { backup_retention_days: 7 }, ['needs-yes fewer-backups:c']],
    ['more backups', { backup_retention_days: 35 }, []],
    ['a tag', { tags: { owner: 'b' } }, []],
  ])('%s', (_, after, expected) => {
    expect(ids([update(after)])).toEqual(expected);
  });

  it('lets no value pass that only an apply would tell', () => {
    const unknown = update({ cluster: undefined }, { after_unknown: { cluster: [{ size: true }] } });
    expect(ids([unknown])).toEqual(['needs-yes unknown-cluster:c']);
  });

  it('says that a parameter restarts the server, where PostgreSQL reads it when it starts', () => {
    const set = (name: string, actions = ['update'], rest: object = {}): object =>
      change({
        type: PARAMETER,
        actions,
        before: { name, value: '1' },
        after: { name, value: '2' },
        ...rest,
      });
    expect(ids([set('max_connections')])).toEqual(['note restart:max_connections']);
    expect(ids([set('max_connections', ['delete'], { after: null })])).toEqual([
      'note restart:max_connections',
    ]);
    expect(ids([set('work_mem')])).toEqual([]);
    const server = change({ type: SERVER, actions: ['create'], after: BEFORE });
    expect(ids([server, set('max_connections', ['create'], { before: null })])).toEqual([]);
  });
});

describe('around an elastic cluster', () => {
  it('refuses a rule that lets the internet in', () => {
    const rule = change({
      type: 'azurerm_postgresql_flexible_server_firewall_rule',
      actions: ['create'],
      after: { name: 'all', start_ip_address: '0.0.0.0', end_ip_address: '255.255.255.255' },
    });
    expect(ids([rule])).toEqual(['never open-to-the-internet:all']);
  });

  it('names what somebody changed past Terraform', () => {
    const drift = change({ type: SERVER, before: BEFORE, after: { ...BEFORE, storage_mb: 262_144 } });
    expect(findings([], [drift])).toEqual([
      expect.objectContaining({
        id: 'drift:c',
        why: expect.stringContaining('storage_mb from 131072 to 262144') as string,
      }),
    ]);
  });
});
