import { describeGap, stringAt } from '../stack/attributes';
import { CONFIGURATIONS } from '../stack/azurerm';
import type { Synthesized } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';
import type { Problem } from './rule';
import { problemAt } from './rule';

/**
 * Server parameters of a stack that weaken what the service does without them.
 *
 * @param safe parameters in lower case, and the values that weaken nothing
 * @param harm what another value does, as in `weakens TLS`
 */
export function weakParameters(
  stack: Synthesized,
  safe: Readonly<Record<string, readonly string[]>>,
  harm: string,
): readonly Problem[] {
  return resourcesOf(stack, ...CONFIGURATIONS).flatMap((block) => {
    const name = stringAt(block.body, 'name');
    if (name.state !== 'value') {
      return [problemAt(block, 'name', `the parameter's name ${describeGap(name)}: write it out`)];
    }
    const values = safe[name.value.toLowerCase()];
    if (values === undefined) return [];
    const value = stringAt(block.body, 'value');
    if (value.state === 'value' && values.some((word) => word.toLowerCase() === value.value.toLowerCase()))
      return [];
    const what = value.state === 'value' ? `is "${value.value}"` : describeGap(value);
    return [
      problemAt(
        block,
        'value',
        `the server parameter ${name.value} ${what}, which ${harm}: leave it to the service, or set it to ${values.filter(Boolean).join(' or ')}`,
      ),
    ];
  });
}
