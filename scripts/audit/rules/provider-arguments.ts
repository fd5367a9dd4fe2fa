import type { Rule } from '../rule-parts/rule';
import { verdict, valueText } from '../rule-parts/rule';
import {
  CREDENTIAL_ARGUMENTS,
  problemOfSetting,
  providerBlocks,
  providerProblems,
  TARGET_ARGUMENTS,
} from '../rule-parts/settings';

export const providerArguments: Rule = {
  id: 'provider-arguments',
  level: 'error',
  property: 'The provider has no argument that no rule knows, and reaches storage by Entra ID.',
  why: 'What an unknown argument changes it changes for every resource.',
  remedy: 'Remove it.',
  controls: ['MCSB PV-2', 'MCSB IM-1'],
  check: (stack) =>
    verdict([
      ...providerProblems(
        stack,
        (argument) => !JUDGED.has(argument),
        (argument) => `the provider sets ${argument}, which no rule knows: remove it`,
      ),
      ...providerBlocks(stack)
        .filter(({ body }) => body['storage_use_azuread'] !== true)
        .map((block) =>
          problemOfSetting(
            stack,
            block,
            'storage_use_azuread',
            `storage_use_azuread is ${valueText('', block.body['storage_use_azuread'])}: the provider would ask for the key of a storage account. Set it to true`,
          ),
        ),
    ]),
};

/** Judged here, or by the rules of the provider beside this one. */
const JUDGED = new Set([
  'features',
  'alias',
  'resource_provider_registrations',
  'resource_providers_to_register',
  'skip_provider_registration',
  'storage_use_azuread',
  ...TARGET_ARGUMENTS,
  ...CREDENTIAL_ARGUMENTS,
]);
