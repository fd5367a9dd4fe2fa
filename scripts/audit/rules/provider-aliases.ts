import type { Rule } from '../rule-parts/rule';
import { verdict } from '../rule-parts/rule';
import { providerBlocks, problemOfSetting, argumentsOf } from '../rule-parts/settings';

export const providerAliases: Rule = {
  id: 'provider-aliases',
  level: 'error',
  property: 'The provider is configured once.',
  why: 'Resources of a second configuration lie in another subscription, under the same name in every report.',
  remedy: 'Remove the other configuration.',
  controls: ['MCSB PA-7'],
  check(stack) {
    const blocks = providerBlocks(stack);
    const none = {
      constructPath: stack.environment,
      pointer: '',
      check: 'none',
      message:
        'the provider azurerm is not configured, and registers and signs in as it likes: synthesize again',
    };
    return verdict([
      ...(blocks.length === 0 ? [none] : []),
      ...blocks.slice(1).map((block) => ({
        ...problemOfSetting(
          stack,
          block,
          'alias',
          'the provider is configured a second time, which another subscription can hide behind: remove it',
        ),
        check: 'second',
      })),
      ...blocks
        .slice(0, 1)
        .flatMap((block) =>
          argumentsOf(block, (argument) => argument === 'alias').map((argument) =>
            problemOfSetting(
              stack,
              block,
              argument,
              'the provider has an alias, which another subscription can hide behind: remove it',
            ),
          ),
        ),
    ]);
  },
};
