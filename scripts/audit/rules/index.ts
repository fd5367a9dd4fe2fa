import type { Rule } from '../rule-parts/rule';
import { alerts } from './alerts';
import { availability } from './availability';
import { destroyProtection } from './destroy-protection';
import { diagnostics } from './diagnostics';
import { firewallWidth } from './firewall-width';
import { keyVault } from './key-vault';
import { knownContents } from './known-contents';
import { passwordHashes } from './password-hashes';
import { passwords } from './passwords';
import { publicAccess } from './public-access';
import { roleAssignments } from './role-assignments';
import { sessionSettings } from './session-settings';
import { shardHosting } from './shard-hosting';
import { stateBackend } from './state-backend';
import { stateStorage } from './state-storage';
import { supportedVersions } from './supported-versions';
import { tags } from './tags';
import { tls } from './tls';

/** Every rule, in the order reports name them: whether it can be judged at all, who gets in, what survives, what it runs, how it is kept. */
export const RULES: readonly Rule[] = [
  knownContents,
  publicAccess,
  firewallWidth,
  tls,
  passwords,
  passwordHashes,
  keyVault,
  roleAssignments,
  availability,
  destroyProtection,
  shardHosting,
  sessionSettings,
  supportedVersions,
  stateBackend,
  stateStorage,
  diagnostics,
  alerts,
  tags,
];
