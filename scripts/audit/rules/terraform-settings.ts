import type { Rule } from '../rule-parts/rule';
import { verdict } from '../rule-parts/rule';
import { section, pointer } from '../stack/synthesized';

export const terraformSettings: Rule = {
  id: 'terraform-settings',
  level: 'error',
  property: 'Terraform is told its backend and its versions, and nothing else.',
  why: 'A cloud block beside a backend runs the plan somewhere else, and an experiment changes the language.',
  remedy: 'Remove it.',
  controls: ['MCSB DS-3'],
  check: (stack) =>
    verdict(
      Object.keys(section(stack, 'terraform'))
        .filter((name) => !['backend', 'required_providers', 'required_version', '//'].includes(name))
        .map((name) => ({
          constructPath: stack.environment,
          pointer: pointer('terraform', name),
          check: name,
          message: `terraform has ${name}, which no rule knows: where it is applied, or in which language, is then another matter. Remove it`,
        })),
    ),
};
