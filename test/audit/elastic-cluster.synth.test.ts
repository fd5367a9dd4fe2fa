import { RULES } from '../../scripts/audit/rules/index';
import { isProduction } from '../../scripts/audit/stack/production';
import type { Synthesized } from '../../scripts/audit/stack/synthesized';
import { parseSynthesized } from '../../scripts/audit/stack/synthesized';
import { laneSuite } from '../support/lanes';
import { elasticEnvironment, synthesizeSettings } from '../support/synth';

type Body = Record<string, unknown>;

/** A stack as the product writes it, with one thing of it broken. */
type Breakage = (stack: {
  /** The only resource of a type, or the one of a construct. */
  readonly one: (type: string, path?: string) => Body;
  readonly document: Body;
}) => void;

const SERVER = 'azurerm_postgresql_flexible_server';
const PARAMETER = 'azurerm_postgresql_flexible_server_configuration';

function judged(name: string, text: string): Synthesized {
  return parseSynthesized(text, name, `stacks/${name}/cdk.tf.json`);
}

/** `rule: check` of everything that the rules find. */
function found(stack: Synthesized): string[] {
  const facts = { production: isProduction(stack), today: '2026-12-01', others: [] };
  return RULES.flatMap((rule) => {
    const verdict = rule.check(stack, facts);
    return verdict.status === 'findings' ? verdict.problems.map(({ check }) => `${rule.id}: ${check}`) : [];
  });
}

laneSuite('synth', 'the audit of an elastic cluster', () => {
  const texts = { dev: '', prod: '' };

  beforeAll(() => {
    for (const name of ['dev', 'prod'] as const) {
      const settings = elasticEnvironment(name);
      const { keyVault } = settings;
      // Production whose password never expires is warned of.
      const dated =
        keyVault === undefined
          ? {}
          : { keyVault: { ...keyVault, passwordExpiresUtc: '2028-01-31T00:00:00Z' } };
      texts[name] = synthesizeSettings({ ...settings, ...dated }).text;
    }
  });

  function broken(name: 'dev' | 'prod', breaks: Breakage): Synthesized {
    const document = JSON.parse(texts[name]) as Body & { resource: Record<string, Record<string, Body>> };
    breaks({
      document,
      one: (type, path = '') => {
        const all = Object.entries(document.resource[type] ?? {}).filter(([id]) => id.includes(path));
        if (all.length !== 1) throw new Error(`expected one ${type} ${path}, found ${String(all.length)}`);
        return all[0]![1];
      },
    });
    return judged(name, JSON.stringify(document));
  }

  test.each(['dev', 'prod'] as const)('finds nothing in %s as it is', (name) => {
    const stack = judged(name, texts[name]);
    expect(isProduction(stack)).toBe(name === 'prod');
    expect(found(stack)).toEqual([]);
  });

  test('says why a rule has nothing to say', () => {
    const stack = judged('prod', texts.prod);
    const facts = { production: true, today: '2026-12-01', others: [] };
    const reasons = Object.fromEntries(
      RULES.flatMap((rule) => {
        const verdict = rule.check(stack, facts);
        return verdict.status === 'not-applicable' ? [[rule.id, verdict.reason]] : [];
      }),
    );
    expect(reasons).toMatchObject({
      'firewall-width': 'the stack holds no firewall rule, and without one nobody is let in',
      'shard-hosting': 'every node of an elastic cluster holds shards, which no argument says otherwise',
      'session-settings': 'an elastic cluster has one list of parameters for all of its nodes',
      'state-storage': expect.any(String) as string,
    });
  });

  test.each<[string, Breakage, string[]]>([
    [
      'a public endpoint',
      ({ one }) => (one(SERVER)['public_network_access_enabled'] = true),
      ['public-access: public_network_access_enabled'],
    ],
    [
      'an endpoint that nothing is said of',
      ({ one }) => delete one(SERVER)['public_network_access_enabled'],
      ['public-access: public_network_access_enabled'],
    ],
    [
      'no standbys',
      ({ one }) => delete one(SERVER)['high_availability'],
      ['availability: high_availability'],
    ],
    [
      'standbys in the same zone',
      ({ one }) => (one(SERVER)['high_availability'] = { mode: 'SameZone' }),
      ['availability: high_availability'],
    ],
    [
      'no window',
      ({ one }) => delete one(SERVER)['maintenance_window'],
      ['availability: maintenance_window'],
    ],
    [
      'backups of a week',
      ({ one }) => (one(SERVER)['backup_retention_days'] = 7),
      ['availability: backup_retention_days'],
    ],
    [
      'no word of backups',
      ({ one }) => delete one(SERVER)['backup_retention_days'],
      ['availability: backup_retention_days'],
    ],
    [
      'no protection from Terraform',
      ({ one }) => ((one(SERVER)['lifecycle'] as Body)['prevent_destroy'] = false),
      ['destroy-protection: lifecycle'],
    ],
    [
      'no lock',
      ({ document }) => delete (document['resource'] as Body)['azurerm_management_lock'],
      ['destroy-protection: lock'],
    ],
    [
      'a lock on something else',
      ({ one }) => (one('azurerm_management_lock')['scope'] = '${azurerm_key_vault.x.id}'),
      ['plain-values: scope', 'destroy-protection: lock', 'lock-scope: scope'],
    ],
    ['another major', ({ one }) => (one(SERVER)['version'] = '16'), ['supported-versions: version']],
    ['no major', ({ one }) => delete one(SERVER)['version'], ['supported-versions: version']],
    [
      'a password that is written out',
      ({ one }) => (one(SERVER)['administrator_password_wo'] = 'Written-out-7'),
      ['passwords: literal:administrator_password_wo'],
    ],
    [
      'a password that the state keeps',
      ({ one }) => {
        const server = one(SERVER);
        delete server['administrator_password_wo'];
        server['administrator_password'] = '${var.admin_password}';
      },
      ['known-arguments: administrator_password', 'passwords: not-write-only'],
    ],
    [
      'no password',
      ({ one }) => delete one(SERVER)['administrator_password_wo'],
      ['passwords: administrator_password_wo'],
    ],
    [
      'an output of the whole server',
      ({ document }) =>
        ((document['output'] as Body)['server'] = { value: `\${jsonencode(${SERVER}.Cluster_EB0386A7)}` }),
      ['output-values: composed', 'passwords: repeated'],
    ],
    [
      'connections without TLS',
      ({ one }) => Object.assign(one(PARAMETER), { name: 'require_secure_transport', value: 'off' }),
      ['tls: value'],
    ],
    [
      'an old TLS',
      ({ one }) => Object.assign(one(PARAMETER), { name: 'ssl_min_protocol_version', value: 'TLSv1' }),
      ['tls: value'],
    ],
    [
      'a kind of log that nobody keeps',
      ({ one }) =>
        (one('azurerm_monitor_diagnostic_setting', 'Diagnostics')['enabled_log'] = [
          { category: 'PostgreSQLLogs' },
          { category: 'PostgreSQLFlexSessions' },
        ]),
      ['diagnostics: PostgreSQLFlexTableStats', 'diagnostics: PostgreSQLFlexDatabaseXacts'],
    ],
    [
      'no alert on storage',
      ({ document }) =>
        delete ((document['resource'] as Body)['azurerm_monitor_metric_alert'] as Body)[
          'Alerts_Storage_79E3ED57'
        ],
      ['alerts: storage_percent'],
    ],
    [
      'an alert on the average of all nodes',
      ({ one }) => delete (one('azurerm_monitor_metric_alert', 'Cpu')['criteria'] as Body[])[0]!['dimension'],
      ['alerts: cpu_percent:per-node', 'alert-dimension: dimension'],
    ],
    ['no tags', ({ one }) => delete (one(SERVER)['tags'] as Body)['owner'], ['tags: owner']],
    [
      'a flexible server that is no cluster',
      ({ one }) => delete one(SERVER)['cluster'],
      ['known-contents: cluster'],
    ],
    [
      'a block that an override ruined',
      ({ one }) => (one(SERVER)['cluster'] = { '0': { size: 3 } }),
      ['known-contents: cluster', 'known-arguments: cluster.0.size'],
    ],
    [
      'changes of the nodes that are ignored',
      ({ one }) => (one(SERVER)['lifecycle'] as { ignore_changes: string[] }).ignore_changes.push('cluster'),
      ['known-contents: ignored:cluster'],
    ],
    [
      'standbys that are ignored',
      ({ one }) =>
        (one(SERVER)['lifecycle'] as { ignore_changes: string[] }).ignore_changes.push('high_availability'),
      ['known-contents: ignored:high_availability'],
    ],
    [
      'a vault that everybody reaches',
      ({ one }) => ((one('azurerm_key_vault')['network_acls'] as Body)['default_action'] = 'Allow'),
      ['key-vault: network_acls'],
    ],
  ])('finds %s', (_title, breaks, expected) => {
    expect(found(broken('prod', breaks))).toEqual(
      expected.map((each) => expect.stringContaining(each) as string),
    );
  });

  test.each<[string, Breakage, string[]]>([
    [
      'a rule that is too wide',
      ({ one }) =>
        (one('azurerm_postgresql_flexible_server_firewall_rule')['end_ip_address'] = '203.0.120.0'),
      ['firewall-width: width'],
    ],
    [
      'a rule for all of Azure',
      ({ one }) =>
        Object.assign(one('azurerm_postgresql_flexible_server_firewall_rule'), {
          start_ip_address: '0.0.0.0',
          end_ip_address: '0.0.0.0',
        }),
      ['firewall-width: azure-services'],
    ],
    [
      'production that nothing says it is none',
      ({ one }) => delete (one(SERVER)['tags'] as Body)['production'],
      ['public-access: public_network_access_enabled', 'tags: production'],
    ],
  ])('finds %s outside production', (_title, breaks, expected) => {
    expect(found(broken('dev', breaks))).toEqual(
      expect.arrayContaining(expected.map((each) => expect.stringContaining(each) as string)),
    );
  });
});
