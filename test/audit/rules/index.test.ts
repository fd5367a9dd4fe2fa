import type { Rule } from '../../../scripts/audit/rule-parts/rule';
import { RULES } from '../../../scripts/audit/rules';
import { bootstrapStack, facts, stack } from '../builders';

const good = [stack('dev'), stack('prod'), bootstrapStack()];
const judge = (rule: Rule): string[] =>
  good.map(
    (each) =>
      rule.check(each, {
        ...facts(
          each.environment,
          good.filter((other) => other !== each),
        ),
        production: each !== good[0],
        notProduction: ['dev'],
      }).status,
  );

describe('the rules', () => {
  it('are these, in this order: reports and waivers name them for ever', () => {
    expect(RULES.map(({ id, level }) => `${id} (${level})`)).toMatchSnapshot();
  });

  it.each(RULES.map((rule) => [rule.id, rule] as const))(
    '%s says what must hold in one sentence',
    (_, rule) => {
      expect(rule.property).toMatch(/^[A-Z].+\.$/);
      expect(rule.property.slice(0, -1)).not.toMatch(/\. /);
    },
  );

  it.each(RULES.map((rule) => [rule.id, rule] as const))(
    '%s finds nothing wrong with good stacks',
    (_, rule) => {
      expect(judge(rule)).not.toContain('findings');
    },
  );

  it.each(RULES.map((rule) => [rule.id, rule] as const))('%s holds at least one of them to it', (_, rule) => {
    expect(judge(rule)).toContain('compliant');
  });
});
