import type { Rule } from '../rule-parts/rule';
import { verdict } from '../rule-parts/rule';
import { backendsOf } from '../rule-parts/settings';
import { pointer } from '../stack/synthesized';

export const backendKind: Rule = {
  id: 'backend-kind',
  level: 'error',
  property: 'There is one backend, in Azure storage or on this machine.',
  why: 'A second one, or one of somebody else, takes the state with its passwords elsewhere.',
  remedy: 'Configure the azurerm backend and no other.',
  controls: ['MCSB DP-8', 'MCSB AM-2'],
  check(stack) {
    const kinds = Object.keys(backendsOf(stack));
    const at = { constructPath: stack.environment, pointer: pointer('terraform', 'backend') };
    return verdict([
      ...kinds.slice(1).map((kind) => ({
        ...at,
        check: 'second',
        message: `there is a second backend, ${kind}: where the state lies is one place. Remove it`,
      })),
      ...kinds
        .filter((kind) => kind !== 'azurerm' && kind !== 'local')
        .map((kind) => ({
          ...at,
          check: `kind:${kind}`,
          message: `the backend is ${kind}: the state, with passwords in the clear, would lie with somebody else. Configure the azurerm backend`,
        })),
    ]);
  },
};
