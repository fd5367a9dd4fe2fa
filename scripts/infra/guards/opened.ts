import { KEY_VAULT, STORAGE_ACCOUNT } from '../../audit/stack/azurerm';
import { blocksAt } from '../../audit/stack/blocks';
import type { Json, JsonObject } from '../../audit/stack/synthesized';
import type { Verdict } from './finding';
import type { ResourceChange } from './plan-json';
import { isUnknown, shownValue } from './values';

/** One way in that a resource can have. */
interface Door {
  readonly attribute: string;
  /** True where the way is open, and where the provider's default opens it. */
  readonly isOpen: (body: JsonObject) => boolean;
  /** What that means, as the rest of a sentence. */
  readonly means: string;
}

interface Kept {
  readonly guard: string;
  readonly what: string;
  readonly wayOut: string;
  readonly doors: readonly Door[];
}

const flag = (attribute: string, open: boolean, fallback: boolean, means: string): Door => ({
  attribute,
  isOpen: (body) => (body[attribute] ?? fallback) === open,
  means,
});

/** The network rules of a vault or an account: who passes them from the internet, and which services. */
const network = (attribute: string, fallback: 'Allow' | 'Deny'): readonly Door[] => [
  {
    attribute,
    isOpen: (body) =>
      body['public_network_access_enabled'] !== false &&
      word(body, attribute, 'default_action', fallback) !== 'Deny',
    means: 'every address of the internet reaches it',
  },
  {
    attribute,
    isOpen: (body) => word(body, attribute, 'bypass', 'AzureServices').includes('AzureServices'),
    means: 'services of Azure pass its network rules',
  },
];

const KEPT: Readonly<Record<string, Kept>> = {
  [KEY_VAULT]: {
    guard: 'open-vault',
    what: 'the vault',
    wayOut: 'list the addresses and subnets that deploy under keyVault, and nobody else',
    doors: [
      flag(
        'public_network_access_enabled',
        true,
        true,
        'it is reached from the internet, by the addresses it lists',
      ),
      ...network('network_acls', 'Allow'),
      flag(
        'rbac_authorization_enabled',
        false,
        false,
        'rights come from access policies, which no list of roles shows',
      ),
      flag('purge_protection_enabled', false, false, 'whoever deletes it can delete it for good'),
    ],
  },
  [STORAGE_ACCOUNT]: {
    guard: 'open-state-storage',
    what: 'the storage of the states',
    wayOut:
      'list the addresses that deploy under allow of bootstrap.yaml, and leave keys and anonymous reads off',
    doors: [
      flag(
        'public_network_access_enabled',
        true,
        true,
        'it is reached from the internet, by the addresses it lists',
      ),
      ...network('network_rules', 'Allow').slice(0, 1),
      flag('shared_access_key_enabled', true, true, 'whoever has a key of the account reads every state'),
      flag('allow_nested_items_to_be_public', true, true, 'a container can be opened to anonymous readers'),
      flag('local_user_enabled', true, true, 'it takes logins that Entra ID does not know'),
      flag('https_traffic_only_enabled', false, true, 'states travel without TLS'),
    ],
  },
};

/** A vault, or the storage of the states, that a plan opens: each way in that was shut. A new one the audit judges by its file. */
export function openedStores(change: ResourceChange): readonly Verdict[] {
  const kept = KEPT[change.type];
  const { before, after } = change;
  if (kept === undefined || before === null || after === null) return [];
  return kept.doors.flatMap((door): Verdict[] => {
    const unknown = isUnknown(change, door.attribute);
    if (!unknown && (!door.isOpen(after) || door.isOpen(before))) return [];
    return [
      {
        guard: kept.guard,
        level: 'needs-yes',
        values: [shownValue(change, door.attribute)],
        why: unknown
          ? `what ${door.attribute} of ${kept.what} becomes only the apply would tell`
          : `${kept.what} is opened: ${door.means}`,
        wayOut: kept.wayOut,
      },
    ];
  });
}

function word(body: JsonObject, block: string, argument: string, fallback: string): string {
  const value: Json | undefined = blocksAt(body, block)[0]?.[argument];
  return typeof value === 'string' ? value : fallback;
}
