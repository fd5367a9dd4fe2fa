import { argumentsOf } from '../rule-parts/settings';
import type { Rule } from '../rule-parts/rule';
import { verdict, valueText } from '../rule-parts/rule';
import { providerBlocks, problemOfSetting } from '../rule-parts/settings';

export const providerRegistrations: Rule = {
  id: 'provider-registrations',
  level: 'error',
  property: 'A deploy registers no resource providers.',
  why: 'To register one takes rights over the whole subscription, which a deploy should not have.',
  remedy: 'Set resource_provider_registrations to none.',
  controls: ['MCSB PA-7'],
  check: (stack) =>
    verdict(
      providerBlocks(stack).flatMap((block) => {
        const registrations = block.body['resource_provider_registrations'];
        return [
          ...(registrations === 'none'
            ? []
            : [
                problemOfSetting(
                  stack,
                  block,
                  'resource_provider_registrations',
                  `resource_provider_registrations is ${valueText('', registrations)}: a deploy would register resource providers for the whole subscription. Set it to none`,
                ),
              ]),
          ...argumentsOf(
            block,
            (argument) =>
              argument === 'resource_providers_to_register' || argument === 'skip_provider_registration',
          ).map((argument) =>
            problemOfSetting(
              stack,
              block,
              argument,
              `the provider sets ${argument}: registering is for administrators of the subscription. Take it away`,
            ),
          ),
        ];
      }),
    ),
};
