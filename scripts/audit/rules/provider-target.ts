import type { Rule } from '../rule-parts/rule';
import { verdict } from '../rule-parts/rule';
import { TARGET_ARGUMENTS, providerProblems } from '../rule-parts/settings';

export const providerTarget: Rule = {
  id: 'provider-target',
  level: 'error',
  property: 'The file names no subscription, tenant or cloud: these come from whoever deploys.',
  why: 'A file that names another subscription sends everything there, with the names of the first one.',
  remedy: 'Take it away and set ARM_SUBSCRIPTION_ID where it is deployed.',
  controls: ['MCSB PA-7', 'MCSB DS-6'],
  check: (stack) =>
    verdict(
      providerProblems(
        stack,
        (argument) => TARGET_ARGUMENTS.includes(argument),
        (argument) =>
          `the provider sets ${argument}: where things are made comes from ARM_* variables of whoever deploys. Take it away`,
      ),
    ),
};
