import { CLUSTERS, NO_CLUSTER } from '../stack/azurerm';
import { resourcesOf } from '../stack/synthesized';
import type { Rule } from './rule';
import { notApplicable, verdict } from './rule';
import { weakParameters } from './weak-parameters';

/**
 * The check of a rule about server parameters alone.
 *
 * @param safe parameters in lower case, and the values that weaken nothing
 * @param harm what another value does, as in `hides errors`
 */
export function parameterRule(
  safe: Readonly<Record<string, readonly string[]>>,
  harm: string,
): Rule['check'] {
  return (stack) => {
    if (resourcesOf(stack, ...CLUSTERS).length === 0) return notApplicable(NO_CLUSTER);
    // A parameter without a name is told by tls.
    return verdict(weakParameters(stack, safe, harm).filter(({ check }) => check !== 'name'));
  };
}
