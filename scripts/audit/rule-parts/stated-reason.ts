import { reasonText } from '../../../config/azure/reason';
import type { Block } from '../stack/synthesized';

/**
 * The reason a construct keeps beside the resource for a risk it was asked to take. Undefined where there is none, or
 * none that the construct would have taken: whoever writes an override answers to the same rule.
 *
 * @param prop the prop that asked for the risk
 */
export function statedReason({ reasons }: Block, prop: string): string | undefined {
  const reason = reasons[prop];
  return typeof reason === 'string' && reasonText.safeParse(reason).success ? reason : undefined;
}
