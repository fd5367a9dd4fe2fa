import { judge } from '../../../scripts/audit/judge/judge';
import { isProduction } from '../../../scripts/audit/stack/production';
import { RULES } from '../../../scripts/audit/rules';
import type { Json } from '../../../scripts/audit/stack/synthesized';
import { stack, TODAY } from '../builders';

const CLUSTER = 'azurerm_cosmosdb_postgresql_cluster';

describe('isProduction', () => {
  it.each([
    ['dev', { production: 'true' }, true],
    ['prod', { production: 'false' }, false],
    ['live', {}, true],
    ['dev', { production: 'no' }, true],
    ['dev', { production: '${var.production}' }, true],
    ['dev', '${local.tags}', true],
    ['dev', null, true],
  ] as [string, Json, boolean][])('of %s, tagged %j: %s', (name, tags, expected) => {
    expect(isProduction(stack(name, { cluster: { tags } }))).toBe(expected);
  });

  it('takes clusters that disagree for production', () => {
    const other = { [`${CLUSTER}.other`]: { tags: { production: 'true' } } };
    expect(isProduction(stack('dev'))).toBe(false);
    expect(isProduction(stack('dev', { resources: other }))).toBe(true);
  });

  it('takes a stack without a cluster for production', () => {
    expect(isProduction({ ...stack('dev'), resources: [] })).toBe(true);
  });

  it('decides what the rules ask for, whatever the environment is called', () => {
    const tags = { environment: 'live', workload: 'w', managedBy: 'scaleout', owner: 'o', costCentre: 'c' };
    const live = (production: string): readonly string[] =>
      judge({
        stacks: [stack('live', { cluster: { ha_enabled: false, tags: { ...tags, production } } })],
        rules: RULES,
        waivers: [],
        today: TODAY,
      }).findings.map(({ ruleId, check }) => `${ruleId}/${check}`);
    expect(live('false')).toEqual([]);
    expect(live('true')).toContain('availability/ha_enabled');
  });
});
