import type { Rule } from '../rule-parts/rule';
import { verdict, valueText } from '../rule-parts/rule';
import { section, pointer } from '../stack/synthesized';

export const terraformVersion: Rule = {
  id: 'terraform-version',
  level: 'error',
  property: 'The versions of Terraform that may apply a stack are bounded, below and above.',
  why: 'An older Terraform writes passwords into its state, and the next major may read the file otherwise.',
  remedy: 'Set required_version as in >= 1.9.0, < 2.0.0.',
  controls: ['MCSB DS-2'],
  check(stack) {
    const version = section(stack, 'terraform')['required_version'];
    if (typeof version === 'string' && BOUNDED.test(version)) return verdict([]);
    return verdict([
      {
        constructPath: stack.environment,
        pointer: pointer('terraform'),
        check: 'required_version',
        message: `required_version is ${valueText('', version)}: set it as in >= 1.9.0, < 2.0.0`,
        value: valueText('', version),
      },
    ]);
  },
};

const BOUNDED = /^(>=|~>|=)? ?1\.\d+\.\d+(, ?< ?2(\.0)*)$|^= ?1\.\d+\.\d+$/;
