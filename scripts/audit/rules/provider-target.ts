import type { Rule } from '../rule-parts/rule';
import { verdict } from '../rule-parts/rule';
import { providerBlocks, problemOfSetting, argumentsOf } from '../rule-parts/settings';

export const providerTarget: Rule = {
  id: 'provider-target',
  level: 'error',
  property: 'The file names no subscription, tenant or cloud: these come from whoever deploys.',
  why: 'A file that names another subscription sends everything there, with the names of the first one.',
  remedy: 'Take it away and set ARM_SUBSCRIPTION_ID where it is deployed.',
  controls: ['MCSB PA-7', 'MCSB DS-6'],
  check: (stack) =>
    verdict(
      providerBlocks(stack).flatMap((block) =>
        argumentsOf(block, (argument) => NAMES.has(argument)).map((argument) =>
          problemOfSetting(
            stack,
            block,
            argument,
            `the provider sets ${argument}: where things are made comes from ARM_* variables of whoever deploys. Take it away`,
          ),
        ),
      ),
    ),
};

const NAMES = new Set([
  'subscription_id',
  'tenant_id',
  'auxiliary_tenant_ids',
  'environment',
  'metadata_host',
  'msi_endpoint',
  'msi_api_version',
  'partner_id',
  'disable_terraform_partner_id',
]);
