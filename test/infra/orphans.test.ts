import { importBlocks, isAdopting, ownImports } from '../../scripts/audit/stack/imports';
import type { Synthesized } from '../../scripts/audit/stack/synthesized';
import { parseSynthesized } from '../../scripts/audit/stack/synthesized';
import { parsePlan } from '../../scripts/infra/guards/plan-json';
import { requireOwn, withImports } from '../../scripts/infra/orphans';
import { EXIT } from '../../scripts/lib/errors';
import { change, CLUSTER, planText } from './guards/builders';

const GROUP = 'azurerm_resource_group';
const RULE = 'azurerm_cosmosdb_postgresql_firewall_rule';
const VAULT = 'azurerm_key_vault';
const SETTING = 'azurerm_monitor_diagnostic_setting';
const GROUP_ID = '/subscriptions/s/resourceGroups/rg';
const ID = `${GROUP_ID}/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/c`;
const OWN = { managedBy: 'scaleout', environment: 'dev' };

function stack(document: object): Synthesized {
  return parseSynthesized(JSON.stringify(document), 'dev', 'cdk.tf.json');
}
const adopting = stack({ import: [{ to: `${CLUSTER}.it`, id: ID }] });
const grouped = stack({ resource: { [GROUP]: { g: {} } } });

const imported = (address: string, id: string, before: object = {}): object =>
  change({
    address,
    type: address.split('.')[0] ?? '',
    actions: ['no-op'],
    before: { id, ...before },
    importing: { id },
  });
const idle = (address: string, before: object): object =>
  change({ address, type: address.split('.')[0] ?? '', actions: ['no-op'], before, after: before });
const refusal = (known: Synthesized, ...changes: readonly object[]): string => {
  try {
    requireOwn(parsePlan(planText(changes)), known);
  } catch (error) {
    expect(error).toMatchObject({ code: 'infra.not-taken-over', exitCode: EXIT.refused });
    return error instanceof Error ? error.message : '';
  }
  return '';
};

describe('orders to take orphans over', () => {
  const own = { to: `${CLUSTER}.it`, id: ID };
  const orphan = { address: `${RULE}.office`, id: `${ID}/firewallRules/office` };

  it.each([
    ['a list', [own]],
    ['one object', own],
  ])('follow those of the stack itself, as %s', (_, blocks) => {
    const text = withImports(JSON.stringify({ resource: {}, import: blocks }), [orphan]);
    const both = JSON.parse(text) as { import: object[] };
    expect(both).toMatchObject({ resource: {}, import: [own, { to: orphan.address, id: orphan.id }] });
    // What the next guard reads of that file is still what the config asked for.
    expect([...ownImports(stack(both))]).toEqual([[own.to, own.id]]);
  });

  it('are the only ones where the stack has none, and make no adoption', () => {
    const text = withImports('{}', [{ ...orphan, address: `${CLUSTER}.it` }]);
    expect((JSON.parse(text) as { import: object[] }).import).toHaveLength(1);
    expect(importBlocks(stack(JSON.parse(text) as object))).toEqual([]);
    expect(isAdopting(stack(JSON.parse(text) as object))).toBe(false);
    expect(isAdopting(adopting)).toBe(true);
  });
});

describe('what is taken over', () => {
  it('may be what the import blocks of the stack name, with that id and no other', () => {
    expect(refusal(adopting, imported(`${CLUSTER}.it`, ID.toUpperCase()))).toBe('');
    expect(refusal(adopting, imported(`${CLUSTER}.it`, `${ID}-other`))).toMatch(
      /-other exists in Azure and is not taken over, because it lies in no resource of "dev" and has the tags managedBy=\(none\)/,
    );
    expect(refusal(adopting, imported(`${CLUSTER}.another`, ID))).not.toBe('');
  });

  it('may lie in the tagged group of the environment, or be it', () => {
    const group = idle(`${GROUP}.g`, { id: GROUP_ID, name: 'rg', tags: OWN });
    const foreign = idle(`${GROUP}.g`, { id: GROUP_ID, name: 'rg', tags: { ...OWN, environment: 'prod' } });
    expect(refusal(grouped, group, imported(`${CLUSTER}.it`, ID))).toBe('');
    expect(refusal(grouped, imported(`${GROUP}.g`, GROUP_ID, { tags: OWN }))).toBe('');
    expect(refusal(grouped, foreign, imported(`${CLUSTER}.it`, ID))).toMatch(
      /because its resource group rg has the tags managedBy=scaleout and environment=prod where "dev" sets/,
    );
    expect(refusal(grouped, group, imported(`${CLUSTER}.it`, ID.replace('/rg/', '/other/')))).toMatch(
      /because it lies in no resource group of "dev"/,
    );
    // The tags of the thing itself say nothing where the group does.
    const elsewhere = imported(`${CLUSTER}.it`, ID.replace('/rg/', '/other/'), { tags: OWN });
    expect(refusal(grouped, group, elsewhere)).not.toBe('');
  });

  it('may lie in an adopted cluster or carry the tags, where the group is not managed', () => {
    const cluster = idle(`${CLUSTER}.it`, { id: ID, name: 'c' });
    expect(refusal(adopting, cluster, imported(`${RULE}.office`, `${ID}/firewallRules/office`))).toBe('');
    expect(refusal(adopting, cluster, imported(`${SETTING}.logs`, `${ID}|logs`))).toBe('');
    const vaultId = `${GROUP_ID}/providers/Microsoft.KeyVault/vaults/kv`;
    expect(refusal(adopting, cluster, imported(`${VAULT}.kv`, vaultId, { tags: OWN }))).toBe('');
    expect(refusal(adopting, cluster, imported(`${VAULT}.kv`, vaultId))).not.toBe('');
    expect(refusal(adopting, cluster, imported(`${CLUSTER}.twin`, `${ID}2`))).not.toBe('');
    const vault = idle(`${VAULT}.kv`, { id: vaultId, vault_uri: 'https://kv.vault.azure.net/' });
    const secret = 'https://kv.vault.azure.net/secrets/citus-password/1';
    expect(refusal(adopting, vault, imported('azurerm_key_vault_secret.it', secret))).toBe('');
    expect(refusal(adopting, cluster, imported('azurerm_key_vault_secret.it', secret))).not.toBe('');
  });
});
