import { judge } from '../../../scripts/audit/judge/judge';
import { isProduction } from '../../../scripts/audit/stack/production';
import { RULES } from '../../../scripts/audit/rules';
import type { Json } from '../../../scripts/audit/stack/synthesized';
import { existing, stack, TODAY } from '../builders';

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

  it.each([
    ['says that it is none', true, false, {}, false],
    ['says that it is', true, true, {}, true],
    ['says nothing', true, undefined, {}, true],
    ['takes nothing over', false, false, {}, true],
    ['has a tag that says otherwise', true, false, { production: 'true' }, true],
  ])(
    'of a stack that takes over a cluster goes by its word: %s',
    (_, adopting, production, tags, expected) => {
      const comment = { '//': { ...(production === undefined ? {} : { production }) } };
      const judged = stack('dev', existing(adopting, { cluster: { tags }, sections: comment }));
      expect(isProduction(judged)).toBe(expected);
    },
  );

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
