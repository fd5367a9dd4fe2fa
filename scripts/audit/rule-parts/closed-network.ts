import { addressRanges } from '../../../config/azure/address-ranges';
import { violationsOf } from '../../../config/file/violations';
import { booleanAt, stringAt } from '../stack/attributes';
import { blocksAt } from '../stack/blocks';
import { expectValue } from './expectations';
import type { Problem } from './rule';
import { problemAt } from './rule';
import type { Block, Json } from '../stack/synthesized';

const PUBLIC = 'public_network_access_enabled';

/**
 * A vault or a storage account is reached by listed addresses alone, or not at all from the internet.
 *
 * @param argument the block that holds its network rules
 */
export function closedNetwork(block: Block, argument: 'network_acls' | 'network_rules'): readonly Problem[] {
  const open = booleanAt(block.body, PUBLIC);
  if (open.state === 'value' && !open.value) return [];
  const [rules = {}] = blocksAt(block.body, argument);
  const name = `${argument}.default_action`;
  return [
    ...expectValue(
      block,
      { argument, name, reading: stringAt(rules, 'default_action') },
      (action) => action === 'Deny',
      'everybody on the internet reaches it, and a stolen login is enough. Set it to Deny and list addresses',
    ),
    ...ranges(block, argument, rules['ip_rules']),
  ];
}

function ranges(block: Block, argument: string, listed: Json | undefined): readonly Problem[] {
  const problem = (check: string, message: string): Problem =>
    problemAt(block, argument, `${argument}.ip_rules ${message}`, { check });
  if (listed === undefined || listed === null) return [];
  if (!Array.isArray(listed) || !listed.every((each) => typeof each === 'string')) {
    return [
      problem('ip_rules', `are ${JSON.stringify(listed)}, which cannot be judged: write the addresses out`),
    ];
  }
  return violationsOf(addressRanges, listed).map((each) =>
    problem(`ip_rules:${each.at.join('.')}`, `${each.at.join('.')} ${each.problem}`),
  );
}
