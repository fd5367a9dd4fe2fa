import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn } from '../rule-parts/rule';
import { booleanAt, describe } from '../stack/attributes';
import { PRIVATE_ENDPOINT } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import type { Block } from '../stack/synthesized';

export const privateEndpointApproval: Rule = {
  id: 'private-endpoint-approval',
  level: 'error',
  property: 'A private endpoint is approved by the rights of whoever deploys, and by nobody else.',
  why: 'A connection that somebody has to approve by hand waits for ever, or is approved by whoever owns the other side.',
  remedy: 'Set is_manual_connection to false.',
  controls: ['MCSB NS-2'],
  check: (stack) =>
    verdictOn(stack, PRIVATE_ENDPOINT, 'the stack holds no private endpoint', (endpoints) =>
      endpoints.flatMap(judge),
    ),
};

function judge(endpoint: Block): readonly Problem[] {
  return blocksAt(endpoint.body, 'private_service_connection').flatMap((connection) => {
    const manual = booleanAt(connection, 'is_manual_connection');
    if (manual.state === 'value' && !manual.value) return [];
    return [
      problemAt(
        endpoint,
        'private_service_connection',
        `is_manual_connection ${describe(manual)}: set it to false`,
        { check: 'manual' },
      ),
    ];
  });
}
