import type { Rule } from '../rule-parts/rule';
import { verdict, valueText } from '../rule-parts/rule';
import { section, isObject, pointer } from '../stack/synthesized';

export const providerVersion: Rule = {
  id: 'provider-version',
  level: 'error',
  property: 'The version of the provider is one, written out.',
  why: 'Another version judges arguments otherwise, and the next init takes it without a word.',
  remedy: 'Name one version of azurerm 4.',
  controls: ['MCSB DS-2'],
  check(stack) {
    const required = section(stack, 'terraform')['required_providers'];
    const azurerm = isObject(required) ? required['azurerm'] : undefined;
    const version = isObject(azurerm) ? azurerm['version'] : undefined;
    const at = pointer('terraform', 'required_providers', 'azurerm');
    const others = isObject(azurerm)
      ? Object.keys(azurerm).filter((name) => !['source', 'version'].includes(name))
      : [];
    return verdict([
      ...(typeof version === 'string' && EXACT.test(version)
        ? []
        : [
            {
              constructPath: stack.environment,
              pointer: at,
              check: 'version',
              message: `the version of azurerm is ${valueText('', version)}: name one version of azurerm 4, whose arguments the rules know`,
              value: valueText('', version),
            },
          ]),
      ...others.map((name) => ({
        constructPath: stack.environment,
        pointer: at,
        check: name,
        message: `required_providers.azurerm has ${name}, which no rule knows: remove it`,
      })),
    ]);
  },
};

const EXACT = /^(= ?)?4\.\d+\.\d+$/;
