import { RULES } from '../../../scripts/audit/rules';
import { facts, stack } from '../builders';

describe('the rules', () => {
  it('are these, in this order: reports and waivers name them for ever', () => {
    expect(RULES.map(({ id, level }) => `${id} (${level})`)).toMatchInlineSnapshot(`
      [
        "known-contents (error)",
        "public-access (error)",
        "firewall-width (error)",
        "tls (error)",
        "passwords (error)",
        "availability (error)",
        "destroy-protection (error)",
        "shard-hosting (error)",
        "supported-versions (error)",
        "state-backend (error)",
        "tags (error)",
      ]
    `);
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
      for (const environment of ['dev', 'prod']) {
        expect(rule.check(stack(environment), facts(environment)).status).not.toBe('findings');
      }
    },
  );

  it.each(RULES.map((rule) => [rule.id, rule] as const))(
    '%s holds at least one of dev and prod to it',
    (_, rule) => {
      const statuses = ['dev', 'prod'].map((name) => rule.check(stack(name), facts(name)).status);
      expect(statuses).toContain('compliant');
    },
  );
});
