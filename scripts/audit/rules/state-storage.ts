import type { Reading } from '../stack/attributes';
import { booleanAt, numberAt, stringAt } from '../stack/attributes';
import { MANAGEMENT_LOCK, STORAGE_ACCOUNT, STORAGE_CONTAINER } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import { closedNetwork } from '../rule-parts/closed-network';
import { expectFlag, expectValue, expectWord } from '../rule-parts/expectations';
import { refersTo } from '../stack/references';
import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, problemOf, verdictOn } from '../rule-parts/rule';
import type { Block, Synthesized } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

/** A mistake on a Friday is still there to be undone on Monday. */
const SOFT_DELETE_DAYS = 7;

/** A state holds passwords in the clear, and losing it loses the way back to the database. */
export const stateStorage: Rule = {
  id: 'state-storage',
  level: 'error',
  property:
    'Storage of states takes Entra logins over TLS 1.2 from listed addresses alone, keeps versions and what is deleted, and cannot be destroyed or deleted by accident.',
  why: 'A state holds passwords in the clear, and losing it loses the way back to the database.',
  remedy: 'Close the account, keep versions, and lock it.',
  controls: ['MCSB DP-3', 'MCSB NS-2', 'MCSB BR-2', 'CKV_AZURE_3', 'CKV_AZURE_35', 'CKV_AZURE_44'],
  check(stack) {
    return verdictOn(stack, STORAGE_ACCOUNT, 'the stack holds no storage account', (accounts) => [
      ...accounts.flatMap((account) => [
        ...closedNetwork(account, 'network_rules'),
        ...access(account),
        ...recovery(account),
        ...copies(account),
        ...protection(stack, account),
      ]),
      ...resourcesOf(stack, STORAGE_CONTAINER).flatMap((container) =>
        expectWord(
          container,
          'container_access_type',
          ['private'],
          'a state holds passwords in the clear. Set it to private',
        ),
      ),
    ]);
  },
};

function access(account: Block): readonly Problem[] {
  return [
    ...expectWord(account, 'min_tls_version', ['TLS1_2', 'TLS1_3'], 'older TLS is broken. Set it to TLS1_2'),
    ...expectFlag(
      account,
      'https_traffic_only_enabled',
      true,
      'states would travel in the clear. Set it to true',
    ),
    ...expectFlag(
      account,
      'allow_nested_items_to_be_public',
      false,
      'one container that is opened later would be open to everybody. Set it to false',
    ),
    ...expectFlag(
      account,
      'shared_access_key_enabled',
      false,
      "the account's key opens every state and belongs to nobody. Set it to false and use Entra ID",
    ),
    ...expectFlag(account, 'local_user_enabled', false, 'local users sign in past Entra ID. Set it to false'),
  ];
}

function recovery(account: Block): readonly Problem[] {
  const [blobs = {}] = blocksAt(account.body, 'blob_properties');
  const expect = <T>(
    name: string,
    reading: Reading<T>,
    passes: (value: T) => boolean,
    why: string,
    check: string,
  ): readonly Problem[] =>
    expectValue(
      account,
      { argument: 'blob_properties', name: `blob_properties.${name}`, reading },
      passes,
      why,
      { check },
    );
  return [
    ...expect(
      'versioning_enabled',
      booleanAt(blobs, 'versioning_enabled'),
      (value) => value,
      'a state that is overwritten with a wrong one is lost. Set it to true',
      'versioning',
    ),
    ...['delete_retention_policy', 'container_delete_retention_policy'].flatMap((name) =>
      expect(
        `${name}.days`,
        numberAt(blocksAt(blobs, name)[0] ?? {}, 'days'),
        (days) => days >= SOFT_DELETE_DAYS,
        `what is deleted must be there for ${String(SOFT_DELETE_DAYS)} days or more`,
        name,
      ),
    ),
  ];
}

function copies(account: Block): readonly Problem[] {
  const argument = 'account_replication_type';
  return expectValue(
    account,
    { argument, reading: stringAt(account.body, argument) },
    (replication) => replication !== 'LRS',
    'with one data centre goes every state. Use ZRS, GRS or GZRS',
    { level: 'warning' },
  );
}

function protection(stack: Synthesized, account: Block): readonly Problem[] {
  const [lifecycle = {}] = blocksAt(account.body, 'lifecycle');
  const kept = booleanAt(lifecycle, 'prevent_destroy');
  const locked = resourcesOf(stack, MANAGEMENT_LOCK).some(
    ({ body }) => refersTo(body['scope'], account) && body['lock_level'] === 'CanNotDelete',
  );
  const unkept =
    'lifecycle.prevent_destroy is not true: a plan that replaces the account drops every state. Set it to true';
  const unlocked =
    'no CanNotDelete lock covers this account: anybody with rights on the group can delete it in the portal. Add one';
  return [
    ...(kept.state === 'value' && kept.value ? [] : [problemAt(account, 'lifecycle', unkept)]),
    ...(locked ? [] : [problemOf(account, 'lock', unlocked)]),
  ];
}
