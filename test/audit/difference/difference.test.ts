import type { Change } from '../../../scripts/audit/difference/difference';
import { difference } from '../../../scripts/audit/difference/difference';
import { firewallRule, stack } from '../builders';
import type { Overrides } from '../builders';

function transition(before: Overrides, after: Overrides): readonly Change[] {
  return difference(
    { label: 'dev@single-node', stack: stack('dev', { cluster: before }) },
    { label: 'dev@scaled-out', stack: stack('dev', { cluster: after }) },
  ).changes;
}

function sentences(changes: readonly Change[]): readonly string[] {
  return changes.map(({ words }) => words);
}

describe('the difference between two stages', () => {
  it('is nothing between a stack and itself', () => {
    const document = difference({ label: 'a', stack: stack('dev') }, { label: 'b', stack: stack('dev') });
    expect(document).toMatchObject({ kind: 'transition', changes: [] });
  });

  it('says what scaling out does, and what it does not do', () => {
    expect(transition({ node_count: 0 }, { node_count: 2 })).toEqual([
      {
        address: 'azurerm_cosmosdb_postgresql_cluster.cluster',
        constructPath: 'dev/cluster',
        attribute: 'node_count',
        before: 0,
        after: 2,
        effect: 'update',
        words:
          'workers: none -> 2 (nodes are added in place without downtime; no data moves until tables are distributed or rebalanced)',
      },
    ]);
  });

  it.each([
    [{ node_count: 2 }, { node_count: 0 }, /workers: 2 -> none \(the service refuses: .* single node again/],
    [
      { node_count: 4 },
      { node_count: 2 },
      /workers: 4 -> 2 \(the service refuses: workers are only ever added/,
    ],
    [{ node_count: 0 }, { node_count: 1 }, /the service refuses: .* no cluster with a single worker/],
    [{ node_storage_quota_in_mb: 1048576 }, { node_storage_quota_in_mb: 524288 }, /storage only ever grows/],
    [{ sql_version: '16' }, { sql_version: '15' }, /PostgreSQL never goes back/],
    [{ citus_version: '12.1' }, { citus_version: '11.3' }, /Citus never goes back/],
  ])('names what the service refuses: %j -> %j', (before, after, words) => {
    const changes = transition(before, after);
    expect(changes.map(({ effect }) => effect)).toEqual(['refused']);
    expect(changes[0]?.words).toMatch(words);
  });

  it.each([
    [{ sql_version: '15' }, { sql_version: '16' }, /a major upgrade of PostgreSQL, .* plain update in place/],
    [{ citus_version: '9.5' }, { citus_version: '12.1' }, /a major upgrade of Citus/],
    [
      { coordinator_storage_quota_in_mb: 524288 },
      { coordinator_storage_quota_in_mb: 1048576 },
      /never shrinks again/,
    ],
    [{ coordinator_vcore_count: 4 }, { coordinator_vcore_count: 8 }, /fails over/],
    [{ ha_enabled: false }, { ha_enabled: true }, /cost twice as much/],
    [
      { lifecycle: { prevent_destroy: true } },
      { lifecycle: { prevent_destroy: false } },
      /its last protection/,
    ],
    [
      { maintenance_window: { day_of_week: 0 } },
      { maintenance_window: { day_of_week: 1 } },
      /maintenance_window\.day_of_week: 0 -> 1/,
    ],
    [
      { shards_on_coordinator_enabled: true },
      { shards_on_coordinator_enabled: false },
      /stay until a rebalance/,
    ],
    [{ node_count: 0 }, { node_count: '${var.n}' }, /only an apply can tell/],
  ])('says what follows from %j -> %j', (before, after, words) => {
    const changes = transition(before, after);
    expect(changes.map(({ effect }) => effect)).toEqual(['update']);
    expect(changes[0]?.words).toMatch(words);
  });

  it.each(['name', 'location', 'resource_group_name', 'source_resource_id'])(
    'names %s as a replacement',
    (name) => {
      const changes = transition({ [name]: 'a' }, { [name]: 'b' });
      expect(changes.map(({ attribute, effect }) => [attribute, effect])).toEqual([[name, 'replace']]);
      expect(changes[0]?.words).toMatch(/the resource is destroyed, with the database in it/);
    },
  );

  it('follows a reference: moving the resource group replaces the cluster as well', () => {
    const at = (location: string): ReturnType<typeof stack> =>
      stack('dev', { resources: { 'azurerm_resource_group.group': { name: 'rg', location } } });
    const { changes } = difference({ label: 'a', stack: at('westus2') }, { label: 'b', stack: at('eastus') });
    expect(changes.map(({ constructPath, attribute, effect }) => [constructPath, attribute, effect])).toEqual(
      [
        ['dev/group', 'location', 'replace'],
        ['dev/cluster', 'location', 'replace'],
      ],
    );
  });

  it('says what a resource does that comes or goes', () => {
    const rule = 'azurerm_cosmosdb_postgresql_firewall_rule.home';
    const more = stack('dev', { resources: { [rule]: firewallRule('10.0.0.1', '10.0.0.1') } });
    const none = stack('dev', { sections: { resource: {} } });
    expect(
      sentences(difference({ label: 'a', stack: stack('dev') }, { label: 'b', stack: more }).changes),
    ).toEqual([`${rule}: more addresses are let in, within 5 minutes`]);
    const gone = difference({ label: 'a', stack: stack('dev') }, { label: 'b', stack: none });
    expect(gone.counts).toMatchObject({ destroy: 3, create: 0 });
    expect(sentences(gone.changes).join('\n')).toMatch(
      /the cluster is destroyed with its data and its backups/,
    );
  });

  it.each([
    ['azurerm_cosmosdb_postgresql_role', /the role is dropped with its grants/],
    ['azurerm_management_lock', /can delete it again/],
    ['azurerm_key_vault', /its name is taken/],
    ['azurerm_monitor_metric_alert', /nobody is told of it any more/],
    ['azurerm_storage_account', /with every state in it/],
    ['azurerm_monitor_action_group', /: destroyed$/],
  ])('says what goes with a %s', (type, words) => {
    const more = stack('dev', { resources: { [`${type}.x`]: { name: 'x' } } });
    const { changes } = difference({ label: 'a', stack: more }, { label: 'b', stack: stack('dev') });
    expect(sentences(changes)).toEqual([expect.stringMatching(words)]);
  });

  it('replaces what cannot be changed: a role assignment by any word of it, a vault by its name', () => {
    const of = (description: string, name: string): ReturnType<typeof stack> =>
      stack('dev', {
        resources: {
          'azurerm_role_assignment.w': { description },
          'azurerm_key_vault.v': { name, tenant_id: name },
        },
      });
    const { changes } = difference({ label: 'a', stack: of('a', 'x') }, { label: 'b', stack: of('b', 'y') });
    expect(changes.map(({ attribute, effect }) => [attribute, effect])).toEqual(
      expect.arrayContaining([
        ['description', 'replace'],
        ['name', 'replace'],
        ['tenant_id', 'update'],
      ]),
    );
  });

  it('sees what is no resource: backend, outputs, variables', () => {
    const { changes } = difference(
      { label: 'a', stack: stack('dev') },
      { label: 'b', stack: stack('dev', { backend: { key: 'other' }, sections: { output: {} } }) },
    );
    expect(changes.map(({ address, attribute }) => `${address} ${attribute}`)).toEqual([
      'output.port ',
      'terraform backend.azurerm.key',
    ]);
    expect(sentences(changes)).toEqual([
      'output.port goes',
      'terraform backend.azurerm.key: dev.tfstate -> other (the state lies elsewhere: without terraform init -migrate-state everything is created again)',
    ]);
  });

  it('repeats no secret that somebody wrote out', () => {
    const changes = transition(
      { administrator_login_password: 'Correct-Horse-7' },
      { administrator_login_password: 'Correct-Horse-8' },
    );
    expect(changes).toHaveLength(1);
    expect(JSON.stringify(changes)).not.toContain('Correct-Horse');
  });
});

describe('the difference between two environments', () => {
  const compared = difference({ label: 'dev', stack: stack('dev') }, { label: 'prod', stack: stack('prod') });

  it('compares, and speaks of no apply', () => {
    expect(compared.kind).toBe('comparison');
    expect(new Set(compared.changes.map(({ effect }) => effect))).toEqual(new Set(['differs']));
    expect(sentences(compared.changes)).toContain(
      'workers: none -> 2 (the shards lie on another number of nodes, so plans and rebalances differ)',
    );
    expect(sentences(compared.changes)).toContain('azurerm_management_lock.lock: only prod has it');
  });

  it('is the same from the other side', () => {
    const back = difference({ label: 'prod', stack: stack('prod') }, { label: 'dev', stack: stack('dev') });
    const swapped = back.changes.map((change) => [
      change.address,
      change.attribute,
      change.after,
      change.before,
    ]);
    const straight = compared.changes.map((change) => [
      change.address,
      change.attribute,
      change.before,
      change.after,
    ]);
    expect([...swapped].sort()).toEqual([...straight].sort());
  });
});

describe('a secret somebody wrote out', () => {
  const SECRET = 'Correct-Horse-7';
  const output = (name: string, value: string): ReturnType<typeof stack> =>
    stack('dev', { sections: { output: { [name]: { value } } } });

  it.each([
    ['in an output of that name', 'admin_password', SECRET, 'Other-Horse-8'],
    ['in a text', 'connection', `host=c password=${SECRET}`, 'host=c'],
    ['in a URL', 'connection', `postgresql://citus:${SECRET}@c/citus`, 'postgresql://c/citus'],
  ])('is not written out again: %s', (_, name, before, after) => {
    const document = difference(
      { label: 'a', stack: output(name, before) },
      { label: 'b', stack: output(name, after) },
    );
    expect(document.changes).toHaveLength(1);
    expect(document.changes[0]?.before).toBe('(a secret)');
    expect(JSON.stringify(document)).not.toContain(SECRET);
  });
});
