import { knownContents } from '../../../scripts/audit/rules/known-contents';
import { parseSynthesized } from '../../../scripts/audit/stack/synthesized';
import {
  bootstrapStack,
  CLUSTER_ID,
  CLUSTER_POINTER,
  existing,
  problems,
  stack,
  stackJson,
  status,
} from '../builders';

const AZAPI = 'azapi_update_resource.open';

describe('known-contents', () => {
  it('holds for what the constructs write', () => {
    for (const name of ['dev', 'prod']) expect(status(knownContents, stack(name))).toBe('compliant');
  });

  it('finds a stack without a cluster', () => {
    const empty = parseSynthesized(JSON.stringify({ ...stackJson('prod'), resource: {} }), 'prod', 'f');
    expect(problems(knownContents, empty).map(({ check }) => check)).toEqual(['no-cluster']);
  });

  it('holds for the stack of the states, and for no other without a cluster', () => {
    expect(status(knownContents, bootstrapStack())).toBe('compliant');
    const { document } = bootstrapStack();
    const named = parseSynthesized(JSON.stringify(document), 'prod', 'f');
    expect(problems(knownContents, named).map(({ check }) => check)).toEqual(['no-cluster']);
    const emptied = bootstrapStack({}, { 'azurerm_storage_account.states': undefined });
    expect(problems(knownContents, emptied).map(({ check }) => check)).toEqual(['no-cluster']);
  });

  const lifecycle = (ignore_changes: string | string[]): object => ({
    cluster: { lifecycle: { prevent_destroy: true, ignore_changes } },
  });
  it.each([
    ['a module', { sections: { module: { m: { source: './m' } } } }, 'section:module', '/module'],
    ['a data source', { sections: { data: { external: { x: {} } } } }, 'data:external', '/data/external'],
    ['data in a list', { sections: { data: [{ external: { x: {} } }] } }, 'section:data', '/data'],
    ['an import', { sections: { import: [{ to: 'x', id: 'y' }] } }, 'section:import', '/import'],
    ['outputs in a list', { sections: { output: [{ x: { value: 1 } }] } }, 'section:output', '/output'],
    [
      'a type no rule knows',
      { resources: { [AZAPI]: { type: 'x' } } },
      'type:azapi_update_resource',
      '/resource/azapi_update_resource/open',
    ],
    [
      'a provider no rule knows',
      { sections: { provider: { azurerm: [{ features: [{}] }], azapi: [{}] } } },
      'provider:azapi',
      '/provider/azapi',
    ],
    [
      'a provisioner',
      { cluster: { provisioner: { 'local-exec': { command: 'x' } } } },
      'provisioner',
      `${CLUSTER_POINTER}/provisioner`,
    ],
    ['a count', { cluster: { count: 2 } }, 'count', `${CLUSTER_POINTER}/count`],
    ['a for_each', { cluster: { for_each: '${var.x}' } }, 'for_each', `${CLUSTER_POINTER}/for_each`],
    ['a dynamic block', { cluster: { dynamic: { x: {} } } }, 'dynamic', `${CLUSTER_POINTER}/dynamic`],
    ['everything ignored', lifecycle('all'), 'ignored:all', `${CLUSTER_POINTER}/lifecycle`],
    ['everything in a list', lifecycle(['all']), 'ignored:all', `${CLUSTER_POINTER}/lifecycle`],
    [
      'a judged argument ignored',
      lifecycle(['ha_enabled']),
      'ignored:ha_enabled',
      `${CLUSTER_POINTER}/lifecycle`,
    ],
    [
      'a part of a judged argument ignored',
      lifecycle(['tags["owner"]']),
      'ignored:tags',
      `${CLUSTER_POINTER}/lifecycle`,
    ],
    [
      'something unreadable ignored',
      lifecycle(['${var.x}']),
      'ignored:unreadable',
      `${CLUSTER_POINTER}/lifecycle`,
    ],
  ])('finds %s', (_, parts, check, pointer) => {
    expect(problems(knownContents, stack('prod', parts))).toEqual([
      expect.objectContaining({ check, pointer }),
    ]);
  });

  it('finds another provider under the name of azurerm', () => {
    const terraform = stackJson('prod')['terraform'] as object;
    const required_providers = { azurerm: { source: 'example/azurerm', version: '4.55.0' } };
    const swapped = stack('prod', { sections: { terraform: { ...terraform, required_providers } } });
    expect(problems(knownContents, swapped).map(({ check }) => check)).toEqual(['provider:azurerm']);
  });

  it('lets Terraform ignore nothing, as a size is judged as well', () => {
    expect(
      problems(knownContents, stack('prod', lifecycle(['node_vcores']))).map(({ check }) => check),
    ).toEqual(['ignored:node_vcores']);
  });
});

describe('known-contents of a cluster that was there before', () => {
  const CLUSTER = 'azurerm_cosmosdb_postgresql_cluster.cluster';
  const ROLE = 'azurerm_cosmosdb_postgresql_role.app';
  const own = { to: CLUSTER, id: CLUSTER_ID };

  it.each([true, false])('holds for its passwords, which nobody tells (adopting: %s)', (adopting) => {
    expect(status(knownContents, stack('dev', existing(adopting)))).toBe('compliant');
  });

  it.each([
    ['of a cluster that states its password', { cluster: { administrator_login_password: '${var.p}' } }],
    ['of a role in a cluster that does not', { cluster: { lifecycle: {} } }],
  ])('finds an ignored password %s', (_, parts) => {
    const checks = problems(knownContents, stack('dev', existing(false, parts))).map(({ check }) => check);
    expect(checks).toContain('ignored:password');
  });

  it.each([
    ['another resource', [own, { to: ROLE, id: `${CLUSTER_ID}2/roles/app` }]],
    ['a resource that the stack has not', [own, { to: 'azurerm_key_vault.kv', id: `${CLUSTER_ID}/x` }]],
    ['whatever an apply finds', [{ to: CLUSTER, id: '${var.id}' }]],
    ['many', [{ ...own, for_each: ['a'] }]],
    ['no cluster', [{ to: ROLE, id: `${CLUSTER_ID}/roles/app` }]],
    ['a cluster by another id', [{ to: CLUSTER, id: '/subscriptions/s/resourceGroups/rg-dev' }]],
    ['what a killed deploy left', [own, { '//': { orphan: true }, to: ROLE, id: `${CLUSTER_ID}/roles/app` }]],
  ])('finds an import of %s', (_, blocks) => {
    const judged = stack('dev', existing(true, { sections: { import: blocks } }));
    expect(problems(knownContents, judged)).toEqual([
      expect.objectContaining({ check: 'section:import', pointer: '/import' }),
    ]);
  });
});
