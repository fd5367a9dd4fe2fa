import type { Rule } from '../rule-parts/rule';
import { problemOf, verdict } from '../rule-parts/rule';
import type { Block } from '../stack/synthesized';

export const oneName: Rule = {
  id: 'one-name',
  level: 'error',
  hardening: 'all',
  property: 'No two resources of a stack are the same thing of Azure.',
  why: 'Each apply would undo what the other one sets, and a lock or a rule that is taken off once is off.',
  remedy: 'Remove one of the two.',
  controls: ['MCSB PV-2'],
  check: (stack) =>
    verdict(
      stack.resources.flatMap((block, index) => {
        const twin = stack.resources
          .slice(0, index)
          .find((other) => other.type === block.type && identity(other) === identity(block));
        if (twin === undefined) return [];
        return [
          problemOf(
            block,
            'twice',
            `${block.address} is the same in Azure as ${twin.address}: each apply would undo what the other sets. Remove one`,
          ),
        ];
      }),
    ),
};

/** What Azure tells resources of a type apart by; it does not tell capitals from small letters. */
function identity({ body }: Block): string {
  const of = [
    'name',
    'scope',
    'cluster_id',
    'server_id',
    'target_resource_id',
    'key_vault_id',
    'storage_account_id',
    'principal_id',
    'role_definition_id',
    'role_definition_name',
    'private_dns_zone_name',
  ];
  return JSON.stringify(of.map((argument) => body[argument] ?? null)).toLowerCase();
}
