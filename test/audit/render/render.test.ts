import { difference } from '../../../scripts/audit/difference/difference';
import { judge } from '../../../scripts/audit/judge/judge';
import { renderDifferenceMarkdown, renderDifferenceText } from '../../../scripts/audit/render/difference';
import { renderJson } from '../../../scripts/audit/render/json';
import { renderMarkdown } from '../../../scripts/audit/render/markdown';
import { renderText } from '../../../scripts/audit/render/text';
import { RULES } from '../../../scripts/audit/rules';
import { existing, firewallRule, stack, TODAY } from '../builders';

const document = judge({
  stacks: [
    stack('dev', {
      cluster: { node_public_ip_access_enabled: true, sql_version: '<b>|`' },
      resources: {
        'azurerm_cosmosdb_postgresql_firewall_rule.azure': {
          ...firewallRule('0.0.0.0', '0.0.0.0'),
          name: 'azure',
        },
      },
    }),
  ],
  rules: RULES,
  waivers: [
    {
      rule: 'public-access',
      check: 'node_public_ip_access_enabled',
      level: 'error',
      value: 'true',
      constructPath: 'dev/cluster',
      reason: 'load test',
      expires: '2026-12-31',
    },
    {
      rule: 'tags',
      check: 'owner',
      level: 'error',
      value: 'none',
      constructPath: 'dev/group',
      reason: 'nobody knows',
      expires: '2026-12-31',
    },
  ],
  today: TODAY,
});
const passed = judge({ stacks: [stack('dev')], rules: RULES, waivers: [], today: TODAY });

const adopting = judge({
  stacks: [stack('dev', existing(true, { cluster: { tags: undefined } }))],
  rules: RULES,
  waivers: [],
  today: TODAY,
});

describe('an audit of a cluster that is taken over', () => {
  it('as text lists what is for later with its way out, after all else, and passes', () => {
    const lines = renderText(adopting).split('\n');
    const at = lines.indexOf('  after the adoption: tags/tags at dev/cluster');
    expect(lines[at + 1]).toMatch(/^ {4}tags are not set: write out environment/);
    expect(lines[at + 2]).toBe(
      '    stacks/dev/cdk.tf.json#/resource/azurerm_cosmosdb_postgresql_cluster/cluster',
    );
    expect(lines).toContain('  note: supported-versions/service-ends at dev/cluster');
    expect(lines.at(-1)).toMatch(/ passed: 0 errors, 0 warnings, 0 waived, \d+ for after the adoption; /);
  });

  it('as Markdown does the same', () => {
    const text = renderMarkdown(adopting);
    expect(text).toMatch(/^## Audit: passed$/m);
    expect(text).toMatch(
      /^\| after the adoption \| tags\/tags \| `dev\/cluster` \| tags are not set: write out/m,
    );
    expect(text).toMatch(/^Note on `dev\/cluster` \(supported-versions\/service-ends\): Azure Cosmos DB/m);
  });
});

describe('an audit as text', () => {
  it('puts what refuses first, and says what held', () => {
    const lines = renderText(document).split('\n');
    expect(lines.filter((line) => /^ {2}(error|warning)/.test(line))).toEqual([
      '  error: firewall-width/azure-services at dev/azure',
      '  error: supported-versions/sql_version at dev/cluster',
      '  error, waived: public-access/node_public_ip_access_enabled at dev/cluster',
    ]);
    expect(lines).toContain('    waived until 2026-12-31: load test');
    expect(lines).toContain(
      '    stacks/dev/cdk.tf.json#/resource/azurerm_cosmosdb_postgresql_firewall_rule/azure/start_ip_address',
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}holds: production-agreed, known-contents, .*, tags$/),
    );
    expect(lines).toContain('the waiver of tags/owner for dev/group waives nothing any more: remove it');
    expect(lines.at(-1)).toMatch(
      /^audit of dev on \S+ refused: 2 errors, 0 warnings, 1 waived; \d+ checks held, \d+ did not apply$/,
    );
  });

  it('ends in a plain verdict when nothing is wrong', () => {
    expect(renderText(passed)).toMatch(/audit of dev on 2026-03-01 passed: 0 errors, 0 warnings, 0 waived/);
  });
});

describe('an audit as Markdown', () => {
  const text = renderMarkdown(document);

  it('has one row a finding, whatever a value holds', () => {
    const row =
      text.split('\n').find((line) => line.includes('| supported-versions/sql_version | `dev/cluster`')) ??
      '';
    expect(row).toContain('&lt;b>\\|');
    expect(row.replaceAll('\\|', '').split('|')).toHaveLength(7);
  });

  it('lists every rule with what must hold and how it ended', () => {
    for (const rule of RULES) expect(text).toContain(`| ${rule.id} | ${rule.property} |`);
    expect(text).toMatch(/^## Audit: refused$/m);
    expect(renderMarkdown(passed)).toMatch(/^## Audit: passed$/m);
    expect(renderMarkdown(passed)).not.toContain('| level |');
  });
});

it('an audit as JSON is the document', () => {
  expect(JSON.parse(renderJson(document))).toEqual(document);
});

describe('a difference', () => {
  const scaled = difference(
    { label: 'dev@single-node', stack: stack('dev', { cluster: { node_count: 2, name: 'a' } }) },
    {
      label: 'dev@scaled-out',
      stack: stack('dev', { cluster: { node_count: 0, name: 'b', ha_enabled: true } }),
    },
  );

  it('as text puts the gravest first and ends in one sentence', () => {
    const text = renderDifferenceText(scaled);
    expect(text.split('\n').filter((line) => /^[a-z]/.test(line))).toEqual([
      'refused by the service',
      'destroyed and created anew',
      'changed in place',
      'from dev@single-node to dev@scaled-out: 1 refused by the service, 1 destroyed and created anew, 1 changed in place',
    ]);
    expect(text).toContain('  dev/cluster: workers: 2 -> none (the service refuses');
  });

  it('as Markdown is a table', () => {
    const text = renderDifferenceMarkdown(scaled);
    expect(text).toContain('## dev@single-node -> dev@scaled-out');
    expect(text.split('\n').filter((line) => line.startsWith('| '))).toHaveLength(2 + 3);
  });

  it.each([renderDifferenceText, renderDifferenceMarkdown])('between equals says so', (render) => {
    const none = difference({ label: 'a', stack: stack('dev') }, { label: 'b', stack: stack('dev') });
    expect(render(none)).toContain('a and b synthesize to the same stack');
  });

  it('between environments counts values', () => {
    const two = difference({ label: 'dev', stack: stack('dev') }, { label: 'prod', stack: stack('prod') });
    expect(renderDifferenceText(two)).toMatch(/dev and prod differ in \d+ values$/);
  });
});
