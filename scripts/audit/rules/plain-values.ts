import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, problemIn, verdict } from '../rule-parts/rule';
import {
  RESOURCE_GROUP,
  PRIVATE_DNS_ZONE,
  KEY_VAULT,
  WORKSPACE,
  ACTION_GROUP,
  STORAGE_ACCOUNT,
  CLUSTERS,
  CLIENT_CONFIG,
} from '../stack/azurerm';
import { plainReference, isDeclared } from '../stack/expressions';
import type { Block, Synthesized } from '../stack/synthesized';
import { pointer, leaves, isUnresolved } from '../stack/synthesized';

export const plainValues: Rule = {
  id: 'plain-values',
  level: 'error',
  property:
    'Every argument is written out, or refers to what the stack itself declares, where a reference belongs.',
  why: 'What only an apply works out cannot be judged before, and a function hides what it is given.',
  remedy: 'Write the value out, or refer to the resource as a whole.',
  controls: ['MCSB PV-2', 'MCSB DS-6'],
  check: (stack) =>
    verdict([...stack.resources.flatMap((block) => unplain(stack, block)), ...settings(stack)]),
};

const GROUP_NAME = [RESOURCE_GROUP, 'name'] as const;
const CLUSTER_ID = CLUSTERS.map((type) => [type, 'id'] as const);

/** Arguments that refer to another resource: the types they may name, and of each the attribute. */
const REFERRING: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  resource_group_name: [GROUP_NAME],
  location: [[RESOURCE_GROUP, 'location']],
  cluster_id: CLUSTER_ID,
  server_id: CLUSTER_ID,
  key_vault_id: [[KEY_VAULT, 'id']],
  storage_account_id: [[STORAGE_ACCOUNT, 'id']],
  log_analytics_workspace_id: [[WORKSPACE, 'id']],
  target_resource_id: [...CLUSTER_ID, [KEY_VAULT, 'id'], [STORAGE_ACCOUNT, 'id']],
  scope: [...CLUSTER_ID, [KEY_VAULT, 'id'], [STORAGE_ACCOUNT, 'id'], [RESOURCE_GROUP, 'id']],
  scopes: CLUSTER_ID,
  'action.action_group_id': [[ACTION_GROUP, 'id']],
  private_dns_zone_name: [[PRIVATE_DNS_ZONE, 'name']],
  'private_dns_zone_group.private_dns_zone_ids': [[PRIVATE_DNS_ZONE, 'id']],
  'private_service_connection.private_connection_resource_id': CLUSTER_ID,
  tenant_id: [[CLIENT_CONFIG, 'tenant_id']],
  principal_id: [[CLIENT_CONFIG, 'object_id']],
};
/** Judged by passwords, which says more of them. */
const SECRETS = new Set([
  'administrator_login_password',
  'administrator_password',
  'administrator_password_wo',
  'password',
  'value_wo',
]);
const ROLE_ID =
  /^\/subscriptions\/\$\{data\.azurerm_client_config\.[\w-]+\.subscription_id\}\/providers\/Microsoft\.Authorization\/roleDefinitions\/[0-9a-f-]+$/;

function unplain(stack: Synthesized, block: Block): readonly Problem[] {
  return leaves(block.body).flatMap(({ pointer: at, value }) => {
    if (typeof value !== 'string' || !isUnresolved(value)) return [];
    const place = placeOf(at);
    const argument = place.split('.')[0] ?? place;
    // Checks keep nothing, and what depends on what is no value.
    if (/^lifecycle\.(pre|post)condition\.condition$/.test(place) || argument === 'depends_on') return [];
    if (SECRETS.has(place) && /^\$\{var\.[\w-]+\}$/.test(value)) return [];
    if (place === 'role_definition_id' && ROLE_ID.test(value)) return [];
    const reference = plainReference(value);
    const isMeant =
      reference !== undefined &&
      (REFERRING[place] ?? []).some(
        ([type, attribute]) => reference.type === type && reference.attribute === attribute,
      );
    if (isMeant && isDeclared(stack, reference)) return [];
    const why = isMeant ? 'which the stack does not declare' : 'which only an apply resolves';
    return [
      problemAt(
        block,
        argument,
        `${place} is ${SECRETS.has(place) ? 'an expression' : value}, ${why}, so nothing can be said about it here: write it out`,
        { check: place },
      ),
    ];
  });
}

/** Provider, backend and versions are read before anything is resolved. */
function settings(stack: Synthesized): readonly Problem[] {
  return ['provider', 'terraform', 'import'].flatMap((name) =>
    leaves(stack.document[name] ?? {}, pointer(name)).flatMap((leaf) =>
      typeof leaf.value !== 'string' || !isUnresolved(leaf.value) || (name === 'import' && leaf.key === 'to')
        ? []
        : [
            problemIn(
              stack,
              leaf.pointer,
              'setting',
              `${leaf.key} is ${leaf.value}, which only an apply resolves: write it out`,
            ),
          ],
    ),
  );
}

/** `/criteria/0/threshold` is criteria.threshold. */
function placeOf(at: string): string {
  return at
    .slice(1)
    .split('/')
    .filter((part) => !/^\d+$/.test(part))
    .join('.');
}
