import type { Rule } from '../rule-parts/rule';
import { verdict } from '../rule-parts/rule';
import { CREDENTIAL_ARGUMENTS, providerProblems } from '../rule-parts/settings';

export const providerCredentials: Rule = {
  id: 'provider-credentials',
  level: 'error',
  property: 'The provider signs in with the credentials of whoever deploys, and with none of a file.',
  why: 'A file that decides how to sign in decides as whom.',
  remedy: 'Take it away and use ARM_* variables, with workload identity in a pipeline.',
  controls: ['MCSB IM-3', 'MCSB IM-8'],
  check: (stack) =>
    verdict(
      providerProblems(
        stack,
        (argument) => CREDENTIAL_ARGUMENTS.includes(argument),
        (argument) =>
          `the provider sets ${argument}: how to sign in comes from ARM_* variables of whoever deploys. Take it away`,
      ),
    ),
};
