import { BOOTSTRAP } from '../../../config/environment/bootstrap';
import { CLUSTERS, STORAGE_ACCOUNT } from './azurerm';
import type { Synthesized } from './synthesized';
import { resourcesOf } from './synthesized';

/**
 * True for the one stack that holds no cluster but the storage account of the states. Its own state cannot lie there, and
 * it is held to the rules of production, as it keeps what production rests on.
 */
export function isBootstrap(stack: Synthesized): boolean {
  return (
    stack.environment === BOOTSTRAP &&
    resourcesOf(stack, STORAGE_ACCOUNT).length > 0 &&
    resourcesOf(stack, ...CLUSTERS).length === 0
  );
}
