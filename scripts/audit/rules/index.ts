import type { Rule } from '../rule-parts/rule';
import { alertCondition } from './alert-condition';
import { alertDimension } from './alert-dimension';
import { alertReceiver } from './alert-receiver';
import { alertScope } from './alert-scope';
import { alertThreshold } from './alert-threshold';
import { alertWindow } from './alert-window';
import { alerts } from './alerts';
import { auditParameters } from './audit-parameters';
import { availability } from './availability';
import { backendAccount } from './backend-account';
import { backendKind } from './backend-kind';
import { backendTarget } from './backend-target';
import { citusPropagation } from './citus-propagation';
import { commitSafety } from './commit-safety';
import { connectionThrottle } from './connection-throttle';
import { createMode } from './create-mode';
import { dependencies } from './dependencies';
import { destroyProtection } from './destroy-protection';
import { diagnosticSink } from './diagnostic-sink';
import { diagnosticTarget } from './diagnostic-target';
import { diagnostics } from './diagnostics';
import { entraAuthentication } from './entra-authentication';
import { firewallCount } from './firewall-count';
import { firewallOwner } from './firewall-owner';
import { firewallPrivate } from './firewall-private';
import { firewallWidth } from './firewall-width';
import { keyVault } from './key-vault';
import { knownArguments } from './known-arguments';
import { knownContents } from './known-contents';
import { lockLevel } from './lock-level';
import { lockScope } from './lock-scope';
import { loggingParameters } from './logging-parameters';
import { messageParameters } from './message-parameters';
import { noLocals } from './no-locals';
import { oneCluster } from './one-cluster';
import { oneName } from './one-name';
import { oneRegion } from './one-region';
import { outputValues } from './output-values';
import { parameterOwner } from './parameter-owner';
import { passwordHashes } from './password-hashes';
import { passwords } from './passwords';
import { plainValues } from './plain-values';
import { privateDnsLink } from './private-dns-link';
import { privateDnsZone } from './private-dns-zone';
import { privateEndpoint } from './private-endpoint';
import { privateEndpointApproval } from './private-endpoint-approval';
import { privateEndpointNetwork } from './private-endpoint-network';
import { privateEndpointTarget } from './private-endpoint-target';
import { productionAgreed } from './production-agreed';
import { productionDeclared } from './production-declared';
import { productionSize } from './production-size';
import { providerAliases } from './provider-aliases';
import { providerArguments } from './provider-arguments';
import { providerCredentials } from './provider-credentials';
import { providerFeatures } from './provider-features';
import { providerRegistrations } from './provider-registrations';
import { providerTarget } from './provider-target';
import { providerVersion } from './provider-version';
import { publicAccess } from './public-access';
import { replicationRole } from './replication-role';
import { roleAssignmentNames } from './role-assignment-names';
import { roleAssignments } from './role-assignments';
import { roleOwner } from './role-owner';
import { rowSecurity } from './row-security';
import { secretContentType } from './secret-content-type';
import { secretExpiry } from './secret-expiry';
import { secretVault } from './secret-vault';
import { sessionSettings } from './session-settings';
import { shardHosting } from './shard-hosting';
import { stateAddresses } from './state-addresses';
import { stateBackend } from './state-backend';
import { stateBypass } from './state-bypass';
import { stateContainer } from './state-container';
import { stateCors } from './state-cors';
import { stateEncryption } from './state-encryption';
import { stateGeo } from './state-geo';
import { stateProtocols } from './state-protocols';
import { stateSignatures } from './state-signatures';
import { stateStorage } from './state-storage';
import { stateTenants } from './state-tenants';
import { statementLogging } from './statement-logging';
import { supportedVersions } from './supported-versions';
import { tags } from './tags';
import { terraformSettings } from './terraform-settings';
import { terraformVersion } from './terraform-version';
import { tls } from './tls';
import { variableValues } from './variable-values';
import { vaultAccessPolicies } from './vault-access-policies';
import { vaultAddresses } from './vault-addresses';
import { vaultBypass } from './vault-bypass';
import { vaultTenant } from './vault-tenant';
import { vaultWriter } from './vault-writer';
import { workspaceAccess } from './workspace-access';
import { workspaceQuota } from './workspace-quota';

/**
 * Every rule, in the order reports name them: whether production is left, whether it can be judged at all, who gets in, what
 * survives, what it runs, where the state lies, how it is watched and kept.
 */
export const RULES: readonly Rule[] = [
  productionDeclared,
  productionAgreed,
  knownContents,
  knownArguments,
  plainValues,
  oneCluster,
  oneName,
  dependencies,
  noLocals,
  variableValues,
  outputValues,
  oneRegion,
  providerTarget,
  providerCredentials,
  providerRegistrations,
  providerFeatures,
  providerAliases,
  providerArguments,
  providerVersion,
  terraformVersion,
  terraformSettings,
  publicAccess,
  firewallWidth,
  firewallCount,
  firewallPrivate,
  firewallOwner,
  privateEndpoint,
  privateEndpointTarget,
  privateEndpointApproval,
  privateEndpointNetwork,
  privateDnsZone,
  privateDnsLink,
  tls,
  entraAuthentication,
  connectionThrottle,
  passwords,
  passwordHashes,
  roleOwner,
  keyVault,
  vaultBypass,
  vaultAddresses,
  vaultTenant,
  vaultAccessPolicies,
  vaultWriter,
  secretVault,
  secretExpiry,
  secretContentType,
  roleAssignments,
  roleAssignmentNames,
  availability,
  destroyProtection,
  lockLevel,
  lockScope,
  createMode,
  productionSize,
  shardHosting,
  sessionSettings,
  parameterOwner,
  rowSecurity,
  replicationRole,
  commitSafety,
  citusPropagation,
  supportedVersions,
  stateBackend,
  backendKind,
  backendTarget,
  backendAccount,
  stateStorage,
  stateTenants,
  stateProtocols,
  stateCors,
  stateGeo,
  stateBypass,
  stateEncryption,
  stateSignatures,
  stateAddresses,
  stateContainer,
  diagnostics,
  diagnosticSink,
  diagnosticTarget,
  workspaceQuota,
  workspaceAccess,
  loggingParameters,
  statementLogging,
  auditParameters,
  messageParameters,
  alerts,
  alertThreshold,
  alertCondition,
  alertScope,
  alertWindow,
  alertDimension,
  alertReceiver,
  tags,
];
